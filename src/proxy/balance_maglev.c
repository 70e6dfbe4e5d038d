/* SPDX-License-Identifier: Apache-2.0 */
/* balance_maglev.c — consistentHash with maglev: endpoints fill the slots of a table in turn, each
 * in an order of its own; a request looks up the slot of its hash. Faster than a ring and more
 * even; moves a few more requests when endpoints come or go (Eisenbud et al., "Maglev", NSDI 2016).
 */
#include "proxy/balance.h"

#include <xxhash.h>

#define TABLE_SIZE_DEFAULT 65537 /* a prime, so that every skip visits every slot */
#define EMPTY              UINT32_MAX
#define REHASHES_MAX       16

struct filler { /* one endpoint, while the table is filled */
	uint64_t slot, skip;
	double target;
};

static void start_fillers(const struct endpoint_group *group, struct filler *fillers, size_t size)
{
	for (size_t i = 0; i < group->count; i++) {
		const char *name = group->endpoints[i].upstream->address_text;

		fillers[i].slot = XXH64(name, strlen(name), 0) % size;
		fillers[i].skip = XXH64(name, strlen(name), 1) % (size - 1) + 1;
	}
}

static void take_slot(uint32_t *table, size_t size, struct filler *filler, uint32_t endpoint)
{
	while (table[filler->slot] != EMPTY)
		filler->slot = (filler->slot + filler->skip) % size;
	table[filler->slot] = endpoint;
}

static uint32_t heaviest_of(const struct endpoint_group *group)
{
	uint32_t heaviest = 1;

	for (size_t i = 0; i < group->count; i++)
		heaviest = MAX_OF(heaviest, group->endpoints[i].weight);
	return heaviest;
}

static void prepare(struct arena *arena, struct endpoint_group *group, size_t size)
{
	size = size > 0 ? size : TABLE_SIZE_DEFAULT;

	struct filler *fillers = ARENA_ARRAY(arena, group->count, struct filler);
	uint32_t *table = ARENA_ARRAY(arena, size, uint32_t);
	const double heaviest = heaviest_of(group);
	size_t filled = 0;

	memset(table, 0xff, size * sizeof(*table));
	start_fillers(group, fillers, size);
	while (filled < size) /* the heaviest takes one slot a round */
		for (uint32_t i = 0; i < group->count && filled < size; i++) {
			fillers[i].target += group->endpoints[i].weight / heaviest;
			if (fillers[i].target < 1)
				continue;
			fillers[i].target -= 1;
			take_slot(table, size, &fillers[i], i);
			filled++;
		}
	group->turns = table;
	group->turn_count = size;
}

/* The slot of the hash; where its endpoint is unhealthy, of the hash of the hash, and so on. */
static const struct cluster_endpoint *pick(const struct endpoint_group *group,
					   const struct choice *choice)
{
	uint64_t hash = choice->hash;

	for (int tries = 0; tries < REHASHES_MAX; tries++) {
		const struct cluster_endpoint *endpoint =
			&group->endpoints[group->turns[hash % group->turn_count]];

		if (balance_may_use(choice, endpoint))
			return endpoint;
		hash = XXH64(&hash, sizeof(hash), 0);
	}
	return balance_draw(group, choice);
}

const struct balancer balance_maglev = { .name = "MAGLEV", .prepare = prepare, .pick = pick };
