/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_locality.h"

#include <stdlib.h>

#define SHARE_UNIT 10000 /* a weight of 1 in `distribute`, before localities divide it */

struct locality {
	struct text region, zone, subzone;
};

static struct locality split_locality(struct text text)
{
	struct locality locality = { .region = text_split(&text, '/') };

	if (text.ptr != NULL)
		locality.zone = text_split(&text, '/');
	if (text.ptr != NULL)
		locality.subzone = text;
	return locality;
}

/* ---- failover: near ones first ---- */

static uint32_t distance(const struct locality *a, const struct locality *b)
{
	if (!text_equal(a->region, b->region))
		return 3;
	if (!text_equal(a->zone, b->zone))
		return 2;
	return text_equal(a->subzone, b->subzone) ? 0 : 1;
}

/* Another region: the one that is written for ours comes before all others. */
static uint32_t failover_priority(const struct locality_lb_setting *setting,
				  const struct locality *own, const struct locality *other)
{
	const uint32_t far = distance(own, other);

	for (size_t i = 0; far == 3 && i < setting->failover.count; i++)
		if (text_equal(setting->failover.items[i].from, own->region))
			return text_equal(setting->failover.items[i].to, other->region) ? 3 : 4;
	return far;
}

static struct text label_of(const struct text_map *labels, struct text locality, struct text name)
{
	const struct locality parts = split_locality(locality);
	const struct text written = text_map_get(labels, name);

	if (written.ptr != NULL)
		return written;
	if (text_is(name, "topology.kubernetes.io/region"))
		return parts.region;
	if (text_is(name, "topology.kubernetes.io/zone"))
		return parts.zone;
	if (text_is(name, "topology.istio.io/subzone"))
		return parts.subzone;
	return written;
}

/* One level lower for each label that is not the client's, counted from the first such. */
static uint32_t label_priority(const struct text_list *names,
			       const struct workload_instance *client,
			       const struct cluster_endpoint *endpoint)
{
	for (size_t i = 0; i < names->count; i++) {
		struct text wanted = names->items[i];
		const struct text name = text_split(&wanted, '=');

		if (wanted.ptr == NULL) /* "name=value" wants that value, "name" the client's */
			wanted = label_of(client->labels, client->locality, name);
		if (!text_equal(wanted, label_of(endpoint->labels, endpoint->locality, name)))
			return (uint32_t)(names->count - i);
	}
	return 0;
}

static void set_priorities(struct cluster *cluster, const struct locality_lb_setting *setting,
			   const struct workload_instance *client)
{
	const struct locality own = split_locality(client->locality);

	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		struct cluster_endpoint *endpoint = &cluster->endpoints[i];
		const struct locality other = split_locality(endpoint->locality);

		endpoint->priority =
			setting->failover_priority.count > 0
				? label_priority(&setting->failover_priority, client, endpoint)
				: failover_priority(setting, &own, &other);
	}
}

/* ---- distribute: each locality its share ---- */

/* "region/zone/subzone", where "*" stands for all that follows. */
static bool covers(struct text pattern, struct text locality)
{
	const struct locality want = split_locality(pattern), have = split_locality(locality);
	const struct text wants[] = { want.region, want.zone, want.subzone };
	const struct text haves[] = { have.region, have.zone, have.subzone };

	for (size_t i = 0; i < COUNT_OF(wants); i++) {
		if (wants[i].len == 0 || text_is(wants[i], "*"))
			return true;
		if (!text_equal(wants[i], haves[i]))
			return false;
	}
	return true;
}

static const struct locality_distribute *find_distribute(const struct locality_lb_setting *setting,
							 struct text from)
{
	for (size_t i = 0; i < setting->distribute.count; i++)
		if (covers(setting->distribute.items[i].from, from))
			return &setting->distribute.items[i];
	return NULL;
}

static const struct locality_weight *find_weight(const struct locality_distribute *distribute,
						 struct text to)
{
	for (size_t i = 0; i < distribute->to.count; i++)
		if (covers(distribute->to.items[i].key, to))
			return &distribute->to.items[i];
	return NULL;
}

/* What the endpoints under one weight weigh together. */
static uint64_t weight_under(const struct cluster *cluster,
			     const struct locality_distribute *distribute,
			     const struct locality_weight *weight)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < cluster->endpoint_count; i++)
		if (find_weight(distribute, cluster->endpoints[i].locality) == weight)
			sum += cluster->endpoints[i].weight;
	return sum;
}

/* ---- groups ---- */

static int by_priority(const void *a, const void *b)
{
	const struct cluster_endpoint *one = a, *other = b;

	if (one->priority != other->priority)
		return one->priority < other->priority ? -1 : 1;
	return one->upstream->index < other->upstream->index ? -1 : 1;
}

/* Endpoints of equal priority become a group. */
static void group_endpoints(struct plan_build *build, struct cluster *cluster)
{
	struct endpoint_group *group = NULL;

	cluster->groups =
		ARENA_ARRAY(&build->plan->arena, cluster->endpoint_count, struct endpoint_group);
	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		const struct cluster_endpoint *endpoint = &cluster->endpoints[i];

		if (group == NULL || group->endpoints->priority != endpoint->priority) {
			group = &cluster->groups[cluster->group_count++];
			group->endpoints = endpoint;
		}
		group->count++;
	}
}

/* Localities without a share are not sent to at all. Each other one is a group. */
static void distribute(struct plan_build *build, struct cluster *cluster,
		       const struct locality_distribute *shares)
{
	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		struct cluster_endpoint *endpoint = &cluster->endpoints[i];

		endpoint->priority = (uint32_t)i;
		for (size_t k = 0; k < i; k++)
			if (text_equal(cluster->endpoints[k].locality, endpoint->locality)) {
				endpoint->priority = cluster->endpoints[k].priority;
				break;
			}
	}
	qsort(cluster->endpoints, cluster->endpoint_count, sizeof(*cluster->endpoints),
	      by_priority);
	group_endpoints(build, cluster);
	cluster->has_shares = true;
	for (size_t g = 0; g < cluster->group_count; g++) {
		struct endpoint_group *group = &cluster->groups[g];
		const struct locality_weight *weight =
			find_weight(shares, group->endpoints->locality);
		uint64_t own = 0;

		for (size_t i = 0; i < group->count; i++)
			own += group->endpoints[i].weight;
		if (weight != NULL)
			group->share = (uint32_t)(weight->weight * own * SHARE_UNIT
						  / MAX_OF(weight_under(cluster, shares, weight),
							   UINT64_C(1)));
	}
}

static const struct locality_lb_setting *setting_of(const struct plan_build *build,
						    const struct traffic *traffic)
{
	static const struct locality_lb_setting defaults;
	const struct locality_lb_setting *setting = build->mesh->locality_lb_setting;

	if (traffic->balancer != NULL && traffic->balancer->locality_lb_setting != NULL)
		setting = traffic->balancer->locality_lb_setting;
	if (setting == NULL)
		setting = &defaults;
	return setting->enabled.is_set && !setting->enabled.value ? NULL : setting;
}

void plan_locality_groups(struct plan_build *build, struct cluster *cluster,
			  const struct workload_instance *client, const struct traffic *traffic)
{
	const struct locality_lb_setting *setting = setting_of(build, traffic);
	const struct locality_distribute *shares = NULL;

	if (setting != NULL && client->locality.len > 0)
		shares = find_distribute(setting, client->locality);
	if (shares != NULL) {
		distribute(build, cluster, shares);
		return;
	}
	/* who never leaves a failing endpoint would never fail over: as Istio, only with
	 * outlierDetection, or a healthCheck of ours */
	if (setting != NULL && (traffic->outliers != NULL || traffic->health != NULL)
	    && (client->locality.len > 0 || setting->failover_priority.count > 0)) {
		set_priorities(cluster, setting, client);
		qsort(cluster->endpoints, cluster->endpoint_count, sizeof(*cluster->endpoints),
		      by_priority);
	}
	group_endpoints(build, cluster);
}
