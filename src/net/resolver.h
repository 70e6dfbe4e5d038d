/* SPDX-License-Identifier: Apache-2.0 */
/* resolver.h — addresses of host names (c-ares), kept fresh.
 *
 * A name that is asked for is looked up, in both address families, and again when its TTL is over.
 * Who asked is told when an answer changed, and asks again; a lookup that fails leaves the last
 * good answer. All on the loop's thread, which never waits. */
#pragma once

#include "net/loop.h"

struct resolver;

/* Some answer is not what it was. Called at the end of a round; must ask again for every name that
 * is still of interest. */
typedef void (*resolver_changed_fn)(void *owner);

/* servers: "127.0.0.1:5353,[::1]:53"; NULL: those of /etc/resolv.conf. /etc/hosts counts always. */
int resolver_new(struct loop *loop, const char *servers, resolver_changed_fn changed, void *owner,
		 struct resolver **out, struct error *err);
void resolver_free(struct resolver *resolver); /* NULL is fine */

struct resolver_answer {
	const struct ip_address *addresses; /* sorted; until the next round */
	size_t count;
	struct ip_address first; /* of the newest answer, as the server ordered it */
	bool is_final;           /* there was an answer, if only a failure */
};

/* What is known of the name now. in_order: a new order of the same addresses is a change, too. */
struct resolver_answer resolver_ask(struct resolver *resolver, struct text name, bool in_order);

/* Once, for a name that nobody follows. The callback comes once, perhaps at once, with count 0
 * where it failed; its TTL is how long the answer is good. */
typedef void (*resolver_looked_up_fn)(void *owner, const struct ip_address *addresses, size_t count,
				      uint64_t ttl_ns);
void resolver_look_up(struct resolver *resolver, const char *name, resolver_looked_up_fn done,
		      void *owner);

/* Names that were not asked for since the last call of this are forgotten. */
void resolver_forget_others(struct resolver *resolver);

DEFINE_AUTO(struct resolver, resolver_free)
