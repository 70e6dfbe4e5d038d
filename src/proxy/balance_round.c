/* SPDX-License-Identifier: Apache-2.0 */
/* balance_round.c — ROUND_ROBIN: endpoints take turns in an order that is fixed when the plan is
 * made. Who weighs more has more turns, spread evenly (smooth weighted round robin). Whose turn it
 * is, is counted for the whole process. */
#include "proxy/balance.h"

#include "proxy/cluster_state.h"

#define TURNS_MAX 4096 /* of a round; finer differences of weight are rounded */

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		const uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Turns of each endpoint in one round; returns their sum. */
static size_t count_turns(const struct endpoint_group *group, uint32_t *turns)
{
	const size_t limit = MAX_OF((size_t)TURNS_MAX, group->count);
	uint32_t divisor = 0;
	size_t sum = 0;

	for (size_t i = 0; i < group->count; i++)
		divisor = common_divisor(divisor, group->endpoints[i].weight);
	divisor = MAX_OF(divisor, 1u);
	for (size_t i = 0; i < group->count; i++) {
		const uint64_t weight = group->endpoints[i].weight;

		turns[i] = group->total_weight / divisor <= limit
				   ? (uint32_t)(weight / divisor)
				   : (uint32_t)MAX_OF(weight * limit / group->total_weight,
						      UINT64_C(1));
		sum += turns[i];
	}
	return sum;
}

/* Each turn all gain what they are due, and the one with most pays the whole. */
static void prepare(struct arena *arena, struct endpoint_group *group, size_t size)
{
	uint32_t *due = ARENA_ARRAY(arena, group->count, uint32_t);
	const size_t sum = count_turns(group, due);
	int64_t *credit = ARENA_ARRAY(arena, group->count, int64_t);
	uint32_t *turns = ARENA_ARRAY(arena, sum, uint32_t);

	(void)size;
	for (size_t turn = 0; turn < sum; turn++) {
		size_t best = 0;

		for (size_t i = 0; i < group->count; i++) {
			credit[i] += due[i];
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= (int64_t)sum;
		turns[turn] = (uint32_t)best;
	}
	group->turns = turns;
	group->turn_count = sum;
}

static size_t usable_turns(const struct endpoint_group *group, const struct choice *choice)
{
	size_t count = 0;

	if (!choice->healthy_only)
		return group->turn_count;
	for (size_t i = 0; i < group->turn_count; i++)
		count += balance_may_use(choice, &group->endpoints[group->turns[i]]);
	return count;
}

/* The turn of that number among those whose endpoint may be used. */
static const struct cluster_endpoint *at_turn(const struct endpoint_group *group,
					      const struct choice *choice, size_t number)
{
	if (!choice->healthy_only)
		return &group->endpoints[group->turns[number]];
	for (size_t i = 0; i < group->turn_count; i++) {
		const struct cluster_endpoint *endpoint = &group->endpoints[group->turns[i]];

		if (balance_may_use(choice, endpoint) && number-- == 0)
			return endpoint;
	}
	return NULL;
}

static const struct cluster_endpoint *pick(const struct endpoint_group *group,
					   const struct choice *choice)
{
	const size_t count = usable_turns(group, choice);
	const struct cluster_endpoint *endpoint = NULL;

	for (size_t tries = 0; tries < count; tries++) {
		const uint64_t turn = atomic_fetch_add_explicit(&choice->cluster->state->turn, 1,
								memory_order_relaxed);

		endpoint = at_turn(group, choice, turn % count);
		if (endpoint != NULL && balance_is_good(choice, endpoint))
			break;
	}
	return endpoint;
}

const struct balancer balance_round_robin = { .name = "ROUND_ROBIN",
					      .prepare = prepare,
					      .pick = pick };
