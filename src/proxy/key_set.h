/* SPDX-License-Identifier: Apache-2.0 */
/* key_set.h — the public keys that were fetched for RequestAuthentications, as they stood at one
 * moment: shared by workers, counted, replaced whole. All that changes in one is a wish. */
#pragma once

#include "policy/policy.h"

#include <stdatomic.h>

struct fetched_keys {
	const char *uri, *issuer;  /* of the source; owned; either may be NULL */
	struct jwks *keys;         /* a reference; NULL: none could be had */
	bool is_pending;           /* the first fetch has not ended */
	atomic_bool wants_refresh; /* a worker saw a token of a key that is not there */
};

struct key_set {
	atomic_int references;
	size_t count;
	struct fetched_keys items[];
};

struct key_set *key_set_new(size_t count);
struct key_set *key_set_ref(struct key_set *set);
void key_set_unref(struct key_set *set); /* NULL is fine */
DEFINE_AUTO(struct key_set, key_set_unref)

/* NULL where the source is not in the set, as is one that was named a moment ago; `set` may be
 * NULL. */
struct fetched_keys *key_set_find(struct key_set *set, const struct key_source *source);
bool key_source_is(const struct key_source *source, const char *uri, const char *issuer);
