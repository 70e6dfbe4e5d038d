/* SPDX-License-Identifier: Apache-2.0 */
/* token_cache.h — tokens whose signature was verified a moment ago: a client sends the same one
 * with each request, and the signature is what costs.
 *
 * Only that is remembered, and only for the very same bytes, key set and rule: time, issuer and
 * audience are judged anew each time, so that no token lives beyond its expiry, and a set of keys
 * that was fetched again forgets what the old one vouched for. What was refused is not remembered.
 * Bounded; a new token takes the place of an older one. One thread's. */
#pragma once

#include "policy/jwt.h"

#define TOKEN_CACHE_ENTRIES  512
#define TOKEN_CACHE_SIZE_MAX 4096 /* bytes of a token; longer ones are verified each time */

struct token_cache;

struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache); /* NULL is fine */
DEFINE_AUTO(struct token_cache, token_cache_free)

/* What was verified for the rule of this number (no other rule of this process ever has it), and by
 * which key set. Borrowed, until the next call. NULL: unknown. `cache` may be NULL. */
struct jwt *token_cache_find(struct token_cache *cache, uint64_t rule, struct text token,
			     uint64_t *keys);
void token_cache_keep(struct token_cache *cache, uint64_t rule, struct jwt *jwt, uint64_t keys);
