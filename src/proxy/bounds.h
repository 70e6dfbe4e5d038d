/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.h — how long and how much the proxy takes from those it does not know. */
#pragma once

#include "base/base.h"

#define HANDSHAKE_TIMEOUT_NS (10 * NS_PER_SEC)
#define FIRST_HEAD_NS        (60 * NS_PER_SEC)   /* until a new connection says something */
#define HEAD_TIMEOUT_NS      (15 * NS_PER_SEC)   /* from a head's first byte to its last */
#define IDLE_TIMEOUT_NS      (3600 * NS_PER_SEC) /* between requests; Envoy's and Istio's hour */
#define BODY_TIMEOUT_NS      (300 * NS_PER_SEC) /* between two pieces of a body, either way; Envoy's */
#define DRAIN_BYTES_MAX      (64 * 1024)        /* of a body nobody wants; beyond it we hang up */
#define POOL_IDLE_NS         (3600 * NS_PER_SEC) /* of a connection to an upstream */
#define HEAD_BYTES_MAX       (64 * 1024) /* memory for one head; its limit is http_limits_default */
