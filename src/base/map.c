/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/alloc.h"
#include "base/random.h"

#include <pthread.h>

static uint64_t hash_key[2];

static void make_hash_key(void)
{
	random_bytes(hash_key, sizeof(hash_key));
}

static inline uint64_t rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[3];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[2] = rotate_left(v[2], 32);
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_hash_key);

	uint64_t v[4] = { hash_key[0] ^ 0x736f6d6570736575u, hash_key[1] ^ 0x646f72616e646f6du,
			  hash_key[0] ^ 0x6c7967656e657261u, hash_key[1] ^ 0x7465646279746573u };
	const char *next = bytes;
	uint64_t word = 0;

	for (size_t left = len; left >= 8; left -= 8, next += 8) {
		memcpy(&word, next, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	if (len % 8 > 0)
		memcpy(&word, next, len % 8);
	word |= (uint64_t)len << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_done(struct map *map)
{
	mem_free(map->slots);
	*map = (struct map){ 0 };
}

/* The slot that holds the key, or the empty one where it belongs. */
static struct map_entry *find_slot(const struct map *map, struct text key, uint64_t hash)
{
	size_t i = (size_t)hash & (map->capacity - 1);

	while (map->slots[i].key.ptr != NULL
	       && !(map->slots[i].hash == hash && text_equal(map->slots[i].key, key)))
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

void *map_get(const struct map *map, struct text key)
{
	if (map->count == 0)
		return NULL;
	return find_slot(map, key, hash_bytes(key.ptr, key.len))->value;
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->capacity = old.capacity > 0 ? old.capacity * 2 : 16;
	map->slots = mem_alloc_array(map->capacity, sizeof(*map->slots));
	MAP_FOR_EACH (&old, entry)
		*find_slot(map, entry->key, entry->hash) = *entry;
	mem_free(old.slots);
}

void *map_put(struct map *map, struct text key, void *value)
{
	if ((map->count + 1) * 4 > map->capacity * 3)
		grow(map);
	if (key.ptr == NULL)
		key.ptr = "";

	const uint64_t hash = hash_bytes(key.ptr, key.len);
	struct map_entry *slot = find_slot(map, key, hash);
	void *before = slot->value;

	if (slot->key.ptr == NULL)
		map->count++;
	*slot = (struct map_entry){ .key = key, .hash = hash, .value = value };
	return before;
}

void *map_remove(struct map *map, struct text key)
{
	if (map->count == 0)
		return NULL;

	struct map_entry *slot = find_slot(map, key, hash_bytes(key.ptr, key.len));
	void *value = slot->value;

	if (slot->key.ptr == NULL)
		return NULL;
	/* close the gap: move back every follower whose home is at or before it */
	const size_t mask = map->capacity - 1;
	size_t gap = (size_t)(slot - map->slots);

	for (size_t i = (gap + 1) & mask; map->slots[i].key.ptr != NULL; i = (i + 1) & mask) {
		const size_t home = (size_t)map->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap] = (struct map_entry){ 0 };
	map->count--;
	return value;
}
