/* SPDX-License-Identifier: Apache-2.0 */
/* map.h — a hash map from text to a pointer: open addressing, SipHash keyed per process, so that
 * names chosen by an attacker cannot make it slow.
 *
 * The map borrows the keys' bytes: they must live as long as the entry. Values are never owned. */
#pragma once

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

struct map_entry {
	struct text key; /* ptr NULL: empty slot */
	uint64_t hash;
	void *value; /* never NULL in a used slot */
};

struct map {
	struct map_entry *slots; /* owned; count of slots is a power of two */
	size_t capacity, count;
};

void map_done(struct map *map);                        /* zero-initialised is a valid empty map */
void *map_get(const struct map *map, struct text key); /* NULL where absent */
/* Sets and returns the value that was there before, or NULL. An empty key is a key like any other.
 */
void *map_put(struct map *map, struct text key, void *value);
void *map_remove(struct map *map, struct text key); /* the value that was there, or NULL */

uint64_t hash_bytes(const void *bytes, size_t len); /* SipHash-1-3, keyed per process */

/* MAP_FOR_EACH(&map, entry) { entry->key, entry->value } — the map must not change meanwhile. */
#define MAP_FOR_EACH(map, entry)                                                                   \
	for (struct map_entry *entry = (map)->slots,                                               \
			      *end_ = (map)->slots == NULL ? NULL                                  \
							   : (map)->slots + (map)->capacity;       \
	     entry != end_; entry++)                                                               \
		if (entry->key.ptr != NULL)

#define AUTO_MAP __attribute__((cleanup(map_done)))
