/* SPDX-License-Identifier: Apache-2.0 */
/* plan_health.c — a DestinationRule's healthCheck, with our defaults: who is asked, and how. */
#include "proxy/balance.h"
#include "proxy/cluster_state.h"
#include "proxy/health.h"
#include "proxy/plan_upstreams.h"

#define TIMEOUT_NS          (1 * NS_PER_SEC)
#define INTERVAL_NS         (5 * NS_PER_SEC)
#define UNHEALTHY_THRESHOLD 3
#define HEALTHY_THRESHOLD   2

static uint32_t threshold_of(const struct optional_int *threshold, uint32_t otherwise)
{
	return threshold->is_set ? (uint32_t)threshold->value : otherwise;
}

static struct health_settings *settings_of(struct plan_build *build, const struct cluster *cluster,
					   const struct upstream_health_check *from)
{
	struct health_settings *settings = ARENA_NEW(&build->plan->arena, struct health_settings);

	*settings = (struct health_settings){
		.kind = from->http != NULL   ? HEALTH_HTTP
			: from->grpc != NULL ? HEALTH_GRPC
					     : HEALTH_TCP,
		.timeout_ns = from->timeout.is_set ? from->timeout.ns : TIMEOUT_NS,
		.interval_ns = from->interval.is_set ? from->interval.ns : INTERVAL_NS,
		.unhealthy_threshold =
			threshold_of(&from->unhealthy_threshold, UNHEALTHY_THRESHOLD),
		.healthy_threshold = threshold_of(&from->healthy_threshold, HEALTHY_THRESHOLD),
		.authority = cluster->service_host,
	};
	if (from->http != NULL) {
		settings->path = from->http->path;
		settings->statuses = from->http->expected_statuses.items;
		settings->status_count = from->http->expected_statuses.count;
		if (from->http->host.len > 0)
			settings->authority = from->http->host;
	}
	if (from->grpc != NULL) {
		settings->grpc_service = from->grpc->service_name;
		if (from->grpc->authority.len > 0)
			settings->authority = from->grpc->authority;
	}
	return settings;
}

/* As requests go there, but never held back by what the pool allows them. */
static struct reach reach_for_checks(const struct reach *reach, enum health_kind kind)
{
	struct reach own = *reach;

	own.terms.max_connections = own.terms.max_waiting = own.terms.max_requests = UNLIMITED;
	own.terms.max_retries = UNLIMITED;
	if (kind == HEALTH_GRPC)
		own.http = HTTP_ONLY_2;
	else if (own.http == HTTP_AS_CLIENT)
		own.http = HTTP_ONLY_1;
	return own;
}

static void add_check(struct plan_build *build, const struct cluster *cluster,
		      const struct cluster_endpoint *endpoint, const struct reach *reach,
		      const struct health_settings *settings)
{
	struct health_check *check = ARENA_NEW(&build->plan->arena, struct health_check);

	check->settings = settings;
	check->cluster = cluster;
	check->host = endpoint->state;
	check->endpoint = (struct cluster_endpoint){
		.upstream = plan_upstream(build, reach, &endpoint->upstream->address,
					  endpoint->upstream->tls != NULL, reach->http),
		.state = endpoint->state,
		.weight = 1,
	};
	check->group = (struct endpoint_group){
		.endpoints = &check->endpoint, .count = 1, .total_weight = 1, .is_even = true
	};
	check->alone = (struct cluster){ .name = cluster->name,
					 .endpoints = &check->endpoint,
					 .endpoint_count = 1,
					 .groups = &check->group,
					 .group_count = 1,
					 .balancer = &balance_random,
					 .state = cluster->state,
					 .is_known = true };
	check->to.cluster = &check->alone;
	check->next = build->plan->health_checks;
	build->plan->health_checks = check;
}

/* Nobody would ever find out that they are well again. */
static void forget_failures(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		struct host_state *host = cluster->endpoints[i].state;

		atomic_store_explicit(&host->is_failing, false, memory_order_relaxed);
	}
}

void plan_health(struct plan_build *build, struct cluster *cluster, const struct reach *reach,
		 const struct upstream_health_check *from)
{
	struct reach own;

	if (from == NULL) {
		forget_failures(cluster);
		return;
	}
	if (cluster->dynamic != NULL) {
		plan_warn(build, from->at,
			  "the hosts of '%s' are known by the requests alone: they are not checked",
			  cluster->name);
		return;
	}
	cluster->health = settings_of(build, cluster, from);
	own = reach_for_checks(reach, cluster->health->kind);
	for (size_t i = 0; i < cluster->endpoint_count; i++)
		add_check(build, cluster, &cluster->endpoints[i], &own, cluster->health);
}
