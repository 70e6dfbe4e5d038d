/* SPDX-License-Identifier: Apache-2.0 */
/* plan_egress.c — hosts that the registry does not name: outboundTrafficPolicy of the Sidecar, else
 * of MeshConfig. ALLOW_ANY lets requests through to the host they name (Istio's
 * PassthroughCluster); REGISTRY_ONLY answers 502 (BlackHoleCluster). Both are counted under these
 * names. */
#include "proxy/plan_upstreams.h"

static bool allows_any(const struct plan_build *build, const struct sidecar *sidecar)
{
	const enum outbound_traffic_mode mode =
		sidecar != NULL && sidecar->outbound_traffic_policy != NULL
			? sidecar->outbound_traffic_policy->mode
			: build->mesh->outbound_traffic_mode;

	return mode == OUTBOUND_ALLOW_ANY;
}

/* sidecar NULL: the workload has none. */
static const struct cluster *unknown_hosts_cluster(struct plan_build *build,
						   const struct local_workload *workload,
						   const struct sidecar *sidecar)
{
	const bool is_allowed = allows_any(build, sidecar);
	struct cluster *cluster = plan_named_cluster(
		build, workload, is_allowed ? "PassthroughCluster" : "BlackHoleCluster");
	const struct reach reach = plan_reach_plain(build, workload, cluster);

	cluster->is_known = true;
	cluster->is_black_hole = !is_allowed;
	cluster->is_passthrough = is_allowed;
	cluster->service_name = cluster->service_host = text_of(cluster->name);
	if (is_allowed && cluster->dynamic == NULL)
		cluster->dynamic = plan_dynamic_upstream(build, &reach, false);
	return cluster;
}

void plan_unknown_route(struct plan_build *build, const struct local_workload *workload,
			const struct sidecar *sidecar, struct route *out)
{
	const struct cluster *cluster = unknown_hosts_cluster(build, workload, sidecar);

	*out = (struct route){ .at = sidecar != NULL ? sidecar->meta.at : workload->instance->at,
			       .name = cluster->is_passthrough ? TEXT("allow_any")
							       : TEXT("block_all"),
			       .clusters = ARENA_NEW(&build->plan->arena, struct weighted_cluster),
			       .cluster_count = 1,
			       .total_weight = 1,
			       .retry = &retry_never };
	out->clusters[0] = (struct weighted_cluster){ .cluster = cluster, .weight = 1 };
}

void plan_unknown_hosts(struct plan_build *build, const struct local_workload *workload,
			const struct sidecar *sidecar, struct route_table *table)
{
	struct arena *arena = &build->plan->arena;
	struct virtual_host *host;

	if (table->any != NULL)
		return; /* a VirtualService takes all hosts */
	host = ARENA_NEW(arena, struct virtual_host);
	host->routes = ARENA_NEW(arena, struct route);
	host->route_count = 1;
	plan_unknown_route(build, workload, sidecar, &host->routes[0]);
	table->any = host;
}
