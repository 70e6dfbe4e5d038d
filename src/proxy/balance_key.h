/* SPDX-License-Identifier: Apache-2.0 */
/* balance_key.h — what tells clients apart, where a destination wants each to stay at its endpoint:
 * a header, a cookie, a query parameter or the client's address. Hashes as Envoy's (XXH64). */
#pragma once

#include "proxy/exchange.h"

/* False: the request has none of what is asked for. A cookie that is missing is made up if it has a
 * lifetime, and set with the answer (balance_key_set_cookie). */
bool balance_key(struct exchange *exchange, const struct consistent_hash *by, uint64_t *hash);
void balance_key_set_cookie(struct exchange *exchange);
