/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/id_map.h"

#define FIRST_CAPACITY 16

void id_map_done(struct id_map *map)
{
	mem_free(map->slots);
	*map = (struct id_map){ 0 };
}

/* Multiplication by a random odd number; the high bits are the mixed ones. */
static size_t home_of(const struct id_map *map, int64_t id)
{
	return (size_t)(((uint64_t)id * map->key) >> 32) & (map->capacity - 1);
}

/* The slot of the id, or the empty one where it belongs. */
static struct id_slot *find_slot(const struct id_map *map, int64_t id)
{
	size_t i = home_of(map, id);

	while (map->slots[i].value != NULL && map->slots[i].id != id)
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

void *id_map_get(const struct id_map *map, int64_t id)
{
	return map->count > 0 ? find_slot(map, id)->value : NULL;
}

static void grow(struct id_map *map)
{
	struct id_map larger = {
		.capacity = map->capacity > 0 ? map->capacity * 2 : FIRST_CAPACITY,
		.count = map->count,
	};

	random_bytes(&larger.key, sizeof(larger.key));
	larger.key |= 1;
	larger.slots = mem_alloc_array(larger.capacity, sizeof(*larger.slots));
	ID_MAP_FOR_EACH(map, slot)
	*find_slot(&larger, slot->id) = *slot;
	mem_free(map->slots);
	*map = larger;
}

void *id_map_put(struct id_map *map, int64_t id, void *value)
{
	struct id_slot *slot;
	void *before;

	if ((map->count + 1) * 4 > map->capacity * 3)
		grow(map);
	slot = find_slot(map, id);
	before = slot->value;
	map->count += before == NULL;
	*slot = (struct id_slot){ id, value };
	return before;
}

/* No tombstones: what stands behind the hole moves up unless it would pass its own home. */
static void close_hole(struct id_map *map, size_t hole)
{
	const size_t mask = map->capacity - 1;

	for (size_t i = (hole + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
		const size_t home = home_of(map, map->slots[i].id);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole].value = NULL;
}

void *id_map_remove(struct id_map *map, int64_t id)
{
	struct id_slot *slot = map->count > 0 ? find_slot(map, id) : NULL;
	void *before = slot != NULL ? slot->value : NULL;

	if (before == NULL)
		return NULL;
	map->count--;
	close_hole(map, (size_t)(slot - map->slots));
	return before;
}

void id_map_copy(struct id_map *to, const struct id_map *from)
{
	*to = *from;
	if (from->slots == NULL)
		return;
	to->slots = mem_alloc_array(from->capacity, sizeof(*to->slots));
	memcpy(to->slots, from->slots, from->capacity * sizeof(*to->slots));
}
