/* SPDX-License-Identifier: Apache-2.0 */
/* balance_ring.c — consistentHash with ringHash: every endpoint has points on a circle, and a
 * request goes to the first point at or after its hash. When endpoints come or go, only the
 * requests next to their points move.
 *
 * Points and hashes are Envoy's (XXH64 of "address_N"), so that both send a client to the same
 * place. */
#include "proxy/balance.h"

#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

#define RING_SIZE_DEFAULT 1024
#define RING_SIZE_MAX     8388608

static int by_hash(const void *a, const void *b)
{
	const struct ring_point *one = a, *other = b;

	if (one->hash != other->hash)
		return one->hash < other->hash ? -1 : 1;
	return one->endpoint < other->endpoint ? -1 : one->endpoint > other->endpoint;
}

/* So many points a unit of weight that the lightest has a whole number of them. */
static double points_a_weight(const struct endpoint_group *group, size_t least)
{
	double lightest = 1;

	for (size_t i = 0; i < group->count; i++)
		lightest = MIN_OF(lightest,
				  (double)group->endpoints[i].weight / (double)group->total_weight);
	return MIN_OF(ceil(lightest * (double)least) / lightest, (double)RING_SIZE_MAX);
}

static void prepare(struct arena *arena, struct endpoint_group *group, size_t size)
{
	const double scale = points_a_weight(group, size > 0 ? size : RING_SIZE_DEFAULT);
	struct ring_point *ring =
		ARENA_ARRAY(arena, (size_t)ceil(scale) + group->count, struct ring_point);
	double target = 0;
	size_t count = 0;

	for (uint32_t i = 0; i < group->count; i++) {
		const struct cluster_endpoint *endpoint = &group->endpoints[i];
		char text[ADDRESS_TEXT_MAX + TEXT_NUMBER_MAX];

		target += scale * endpoint->weight / (double)group->total_weight;
		for (unsigned number = 0; (double)count < target; number++) {
			const int len = snprintf(text, sizeof(text), "%s_%u",
						 endpoint->upstream->address_text, number);

			ring[count++] = (struct ring_point){
				.hash = XXH64(text, (size_t)len, 0),
				.endpoint = i,
			};
		}
	}
	qsort(ring, count, sizeof(*ring), by_hash);
	group->ring = ring;
	group->ring_count = count;
}

static size_t first_at_or_after(const struct endpoint_group *group, uint64_t hash)
{
	size_t low = 0, high = group->ring_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (group->ring[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low == group->ring_count ? 0 : low;
}

static const struct cluster_endpoint *pick(const struct endpoint_group *group,
					   const struct choice *choice)
{
	const size_t start = first_at_or_after(group, choice->hash);

	for (size_t i = 0; i < group->ring_count; i++) {
		const struct ring_point *point = &group->ring[(start + i) % group->ring_count];
		const struct cluster_endpoint *endpoint = &group->endpoints[point->endpoint];

		if (balance_may_use(choice, endpoint))
			return endpoint;
	}
	return NULL;
}

const struct balancer balance_ring_hash = { .name = "RING_HASH", .prepare = prepare, .pick = pick };
