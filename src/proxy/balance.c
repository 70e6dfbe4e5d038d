/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/balance.h"

#include "proxy/cluster_state.h"
#include "proxy/outlier.h"

#include <math.h>

#define TRIES_MAX                                                                                  \
	5 /* to draw another endpoint than one that is cold, or just failed (Istio's 5)            \
	   */

bool balance_may_use(const struct choice *choice, const struct cluster_endpoint *endpoint)
{
	return !choice->healthy_only || host_is_usable(endpoint->state);
}

/* Envoy's slow start: (age / duration) ^ (1 / aggression) of the weight, but not below `least`. */
static double warmth_of(const struct choice *choice, const struct cluster_endpoint *endpoint)
{
	const struct warm_up *warm_up = &choice->cluster->warm_up;
	const uint64_t added = endpoint->state->added_ns;

	if (warm_up->duration_ns == 0 || added == 0
	    || choice->now_ns >= added + warm_up->duration_ns)
		return 1;

	const double age = (double)(choice->now_ns - MIN_OF(added, choice->now_ns));

	return MAX_OF(pow(age / (double)warm_up->duration_ns, 1 / warm_up->aggression),
		      warm_up->least);
}

bool balance_is_avoided(const struct choice *choice, const struct cluster_endpoint *endpoint)
{
	return choice->avoids != NULL && choice->avoids(choice->owner, endpoint);
}

bool balance_is_good(const struct choice *choice, const struct cluster_endpoint *endpoint)
{
	const double warmth = warmth_of(choice, endpoint);

	if (balance_is_avoided(choice, endpoint))
		return false;
	return warmth >= 1 || (double)random_below(1 << 20) < warmth * (1 << 20);
}

/* ---- by weight ---- */

static bool may_draw(const struct choice *choice, const struct cluster_endpoint *endpoint,
		     const struct cluster_endpoint *except)
{
	return endpoint != except && balance_may_use(choice, endpoint);
}

static uint64_t usable_weight(const struct endpoint_group *group, const struct choice *choice,
			      const struct cluster_endpoint *except)
{
	uint64_t sum = 0;

	if (!choice->healthy_only)
		return group->total_weight - (except != NULL ? except->weight : 0);
	for (size_t i = 0; i < group->count; i++)
		if (may_draw(choice, &group->endpoints[i], except))
			sum += group->endpoints[i].weight;
	return sum;
}

static const struct cluster_endpoint *at_point(const struct endpoint_group *group,
					       const struct choice *choice, uint64_t point,
					       const struct cluster_endpoint *except)
{
	if (group->is_even && !choice->healthy_only) {
		const struct cluster_endpoint *endpoint =
			&group->endpoints[point / group->endpoints[0].weight];

		return except != NULL && endpoint >= except ? endpoint + 1 : endpoint;
	}
	for (size_t i = 0; i < group->count; i++) {
		const struct cluster_endpoint *endpoint = &group->endpoints[i];

		if (!may_draw(choice, endpoint, except))
			continue;
		if (point < endpoint->weight)
			return endpoint;
		point -= endpoint->weight;
	}
	return NULL; /* others became unhealthy meanwhile */
}

const struct cluster_endpoint *balance_draw_other(const struct endpoint_group *group,
						  const struct choice *choice,
						  const struct cluster_endpoint *except)
{
	const uint64_t weight = usable_weight(group, choice, except);
	const struct cluster_endpoint *endpoint = NULL;

	for (int tries = 0; weight > 0 && tries < TRIES_MAX; tries++) {
		endpoint = at_point(group, choice, random_below(weight), except);
		if (endpoint != NULL && balance_is_good(choice, endpoint))
			break;
	}
	return endpoint;
}

const struct cluster_endpoint *balance_draw(const struct endpoint_group *group,
					    const struct choice *choice)
{
	return balance_draw_other(group, choice, NULL);
}

const struct balancer balance_random = { .name = "RANDOM", .pick = balance_draw };

/* ---- groups ---- */

static const struct cluster_endpoint *pick_in(const struct endpoint_group *group,
					      const struct choice *choice)
{
	const struct cluster *cluster = choice->cluster;
	const struct balancer *balancer =
		cluster->hash != NULL && !choice->has_hash ? &balance_random : cluster->balancer;

	return balancer->pick(group, choice);
}

/* How much of its work a group can do: one that lost some of its endpoints sends the rest
 * elsewhere only when the others could not carry it (Envoy's overprovisioning of 1.4). */
#define OVERPROVISION_PERCENT 140

static uint64_t ability_of(const struct endpoint_group *group, const struct choice *choice)
{
	uint64_t usable = 0;

	if (!choice->healthy_only || group->count == 0)
		return 100;
	for (size_t i = 0; i < group->count; i++)
		usable += balance_may_use(choice, &group->endpoints[i]);
	return MIN_OF(usable * OVERPROVISION_PERCENT / group->count, UINT64_C(100));
}

/* Localities with shares each get theirs, as far as they are able; else the nearest gets what it is
 * able to, and the next what is left. */
static uint64_t load_of(const struct choice *choice, size_t number, uint64_t before)
{
	const struct endpoint_group *group = &choice->cluster->groups[number];
	const uint64_t ability = ability_of(group, choice);

	if (choice->cluster->has_shares)
		return ability * group->share;
	return MIN_OF(ability, 100 - before);
}

static const struct endpoint_group *choose_group(const struct choice *choice)
{
	const struct cluster *cluster = choice->cluster;
	uint64_t total = 0, point;

	for (size_t i = 0; i < cluster->group_count; i++)
		total += load_of(choice, i, total);
	if (total == 0)
		return NULL;
	point = random_below(total);
	for (size_t i = 0, before = 0; i < cluster->group_count; i++) {
		const uint64_t load = load_of(choice, i, before);

		if (point < before + load)
			return &cluster->groups[i];
		before += load;
	}
	return NULL; /* others became unhealthy meanwhile */
}

/* With too few left that are healthy, the healthy ones would break down next: nobody is left out
 * (Envoy's panic, Istio's minHealthPercent). */
static bool leaves_some_out(const struct choice *choice)
{
	const struct cluster *cluster = choice->cluster;
	const unsigned least =
		cluster->outliers != NULL ? cluster->outliers->min_healthy_percent : 0;
	size_t usable = 0;

	if (atomic_load_explicit(&cluster->state->unusable, memory_order_relaxed) == 0
	    || (cluster->outliers == NULL && cluster->health == NULL))
		return false;
	outlier_release_due(cluster, choice->now_ns);
	for (size_t i = 0; i < cluster->endpoint_count; i++)
		usable += host_is_usable(cluster->endpoints[i].state);
	return usable < cluster->endpoint_count && usable * 100 >= least * cluster->endpoint_count;
}

const struct cluster_endpoint *balance_pick(struct choice *choice)
{
	const struct cluster *cluster = choice->cluster;
	const struct endpoint_group *group = cluster->groups;

	if (cluster->group_count == 0)
		return NULL;
	choice->healthy_only = leaves_some_out(choice);
	if (cluster->group_count > 1 || choice->healthy_only)
		group = choose_group(choice);
	return group != NULL ? pick_in(group, choice) : NULL;
}
