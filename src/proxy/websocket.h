/* SPDX-License-Identifier: Apache-2.0 */
/* websocket.h — requests that ask for a WebSocket, the one protocol that is switched to (Istio's
 * default): by Upgrade in HTTP/1.1 (RFC 6455), by extended CONNECT in HTTP/2 (RFC 8441).
 *
 * Between filters, routes and upstream both are the same: a GET with an `upgrade`. They are judged
 * and routed as that; once the upstream has answered 101, the exchange is a tunnel. */
#pragma once

#include "net/net.h"

struct exchange;

#define WEBSOCKET TEXT("websocket")

bool websocket_is_wanted(const struct http_head *request);
/* Brings the request into its common form. */
void websocket_prepare(struct exchange *exchange);
