/* SPDX-License-Identifier: Apache-2.0 */
/* names.h — addresses of hosts that no resource names: where requests to hosts outside the registry
 * go (ALLOW_ANY), and to patterns of hosts ("*.example.com").
 *
 * A worker keeps what it knows for the answer's TTL; what it does not know it asks the control
 * thread, whose resolver it is, by a posted task, and the exchange waits. */
#pragma once

#include "net/net.h"

struct exchange;
struct name_cache;

struct name_service { /* the control thread's side; outlives the workers' loops */
	struct loop *loop;
	struct resolver *resolver;
};

struct name_cache *name_cache_new(struct loop *loop, const struct name_service *service);
void name_cache_free(struct name_cache *cache); /* both loops have ended; NULL is fine */

enum name_state {
	NAME_FAILED = 0, /* nobody knows it, or too many others are asked for */
	NAME_KNOWN,
	NAME_ASKED, /* the exchange waits: names_resume is called with it (dynamic.c) */
};

/* NAME_KNOWN: *out is one of its addresses, another each time. */
enum name_state name_cache_find(struct name_cache *cache, struct exchange *exchange,
				struct text host, struct ip_address *out);

void names_resume(struct exchange *exchange);
