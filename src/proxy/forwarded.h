/* SPDX-License-Identifier: Apache-2.0 */
/* forwarded.h — who the client is behind the proxies in front of us, and what the next hop is told
 * of that: X-Forwarded-For, -Proto, -Client-Cert, X-Envoy-External-Address.
 *
 * At a gateway only so many proxies are believed as MeshConfig's gatewayTopology says; a sidecar
 * believes its mesh (envoy: docs/root/configuration/http/http_conn_man/headers.rst). */
#pragma once

struct exchange;

void forwarded_apply(struct exchange *exchange);
