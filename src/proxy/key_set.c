/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/key_set.h"

struct key_set *key_set_new(size_t count)
{
	struct key_set *set = mem_alloc(sizeof(*set) + count * sizeof(set->items[0]));

	atomic_init(&set->references, 1);
	set->count = count;
	return set;
}

struct key_set *key_set_ref(struct key_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void key_set_unref(struct key_set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < set->count; i++) {
		mem_free((void *)set->items[i].uri);
		mem_free((void *)set->items[i].issuer);
		jwks_unref(set->items[i].keys);
	}
	mem_free(set);
}

bool key_source_is(const struct key_source *source, const char *uri, const char *issuer)
{
	/* whose keys they are matters only where the issuer has to be asked for the URI */
	if (source->uri != NULL)
		return uri != NULL && strcmp(source->uri, uri) == 0;
	return uri == NULL && text_equal(text_of(source->issuer), text_of(issuer));
}

struct fetched_keys *key_set_find(struct key_set *set, const struct key_source *source)
{
	for (size_t i = 0; set != NULL && i < set->count; i++)
		if (key_source_is(source, set->items[i].uri, set->items[i].issuer))
			return &set->items[i];
	return NULL;
}
