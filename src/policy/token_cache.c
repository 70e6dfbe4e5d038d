/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/token_cache.h"

#define WAYS 4 /* places of a token; the least recently used one is given up */
#define SETS (TOKEN_CACHE_ENTRIES / WAYS)

struct entry {
	uint64_t hash, used; /* of the token; when, in lookups */
	uint64_t rule, keys;
	struct jwt *jwt; /* a reference; NULL: free */
};

struct token_cache {
	uint64_t lookups;
	struct entry entries[SETS][WAYS];
};

struct token_cache *token_cache_new(void)
{
	return MEM_NEW(struct token_cache);
}

void token_cache_free(struct token_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t k = 0; k < WAYS; k++)
			jwt_free(cache->entries[i][k].jwt);
	mem_free(cache);
}

static bool is_entry(const struct entry *entry, uint64_t hash, uint64_t rule, struct text token)
{
	return entry->jwt != NULL && entry->hash == hash && entry->rule == rule
	       && text_equal(jwt_text(entry->jwt), token);
}

struct jwt *token_cache_find(struct token_cache *cache, uint64_t rule, struct text token,
			     uint64_t *keys)
{
	if (cache == NULL || token.len > TOKEN_CACHE_SIZE_MAX)
		return NULL;

	const uint64_t hash = hash_bytes(token.ptr, token.len);
	struct entry *set = cache->entries[hash % SETS];

	cache->lookups++;
	for (size_t i = 0; i < WAYS; i++) {
		if (is_entry(&set[i], hash, rule, token)) {
			set[i].used = cache->lookups;
			*keys = set[i].keys;
			return set[i].jwt;
		}
	}
	return NULL;
}

void token_cache_keep(struct token_cache *cache, uint64_t rule, struct jwt *jwt, uint64_t keys)
{
	const struct text token = jwt_text(jwt);

	if (cache == NULL || token.len > TOKEN_CACHE_SIZE_MAX)
		return;

	const uint64_t hash = hash_bytes(token.ptr, token.len);
	struct entry *set = cache->entries[hash % SETS], *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (is_entry(&set[i], hash, rule, token)) { /* other keys vouch for it now */
			oldest = &set[i];
			break;
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	jwt_ref(jwt); /* it may be the one that is there */
	jwt_free(oldest->jwt);
	*oldest = (struct entry){
		.hash = hash,
		.used = cache->lookups,
		.rule = rule,
		.keys = keys,
		.jwt = jwt,
	};
}
