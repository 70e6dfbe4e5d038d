/* SPDX-License-Identifier: Apache-2.0 */
/* id_map.h — a hash map from a number (a thread's, a descriptor's) to a pointer: open addressing,
 * keyed per map, since a program chooses its descriptors' numbers.
 *
 * Values are never owned and never NULL. */
#pragma once

#include "base/base.h"

struct id_slot {
	int64_t id;
	void *value; /* NULL: empty */
};

struct id_map {
	struct id_slot *slots; /* owned; how many is a power of two */
	size_t capacity, count;
	uint64_t key;
};

void id_map_done(struct id_map *map);                   /* zero-initialised is a valid empty map */
void *id_map_get(const struct id_map *map, int64_t id); /* NULL where absent */
void *id_map_put(struct id_map *map, int64_t id, void *value);  /* what was there before, or NULL */
void *id_map_remove(struct id_map *map, int64_t id);            /* what was there, or NULL */
void id_map_copy(struct id_map *to, const struct id_map *from); /* `to` is empty */

/* ID_MAP_FOR_EACH(&map, slot) { slot->id, slot->value } — the map must not change meanwhile. */
#define ID_MAP_FOR_EACH(map, slot)                                                                 \
	for (struct id_slot *slot = (map)->slots,                                                  \
			    *end_ = (map)->slots == NULL ? NULL : (map)->slots + (map)->capacity;  \
	     slot != end_; slot++)                                                                 \
		if (slot->value != NULL)
