/* SPDX-License-Identifier: Apache-2.0 */
/* plan_egress.c — hosts that the registry does not name: outboundTrafficPolicy of the Sidecar, else
 * of MeshConfig. ALLOW_ANY lets requests through to the host they name (Istio's
 * PassthroughCluster); REGISTRY_ONLY answers 502 (BlackHoleCluster). Both are counted under these
 * names. */
#include "proxy/plan_upstreams.h"

static bool allows_any(const struct plan_build *build, const struct sidecar *sidecar)
{
	const enum outbound_traffic_mode mode = sidecar->outbound_traffic_policy != NULL
							? sidecar->outbound_traffic_policy->mode
							: build->mesh->outbound_traffic_mode;

	return mode == OUTBOUND_ALLOW_ANY;
}

static struct cluster *unknown_hosts_cluster(struct plan_build *build,
					     const struct local_workload *workload, bool is_allowed)
{
	struct cluster *cluster = plan_named_cluster(
		build, workload, is_allowed ? "PassthroughCluster" : "BlackHoleCluster");
	const struct reach reach = plan_reach_plain(build, workload, cluster);

	cluster->is_known = true;
	cluster->is_black_hole = !is_allowed;
	cluster->service_name = cluster->service_host = text_of(cluster->name);
	if (is_allowed && cluster->dynamic == NULL)
		cluster->dynamic = plan_dynamic_upstream(build, &reach, false);
	return cluster;
}

void plan_unknown_hosts(struct plan_build *build, const struct local_workload *workload,
			const struct sidecar *sidecar, struct route_table *table)
{
	const bool is_allowed = allows_any(build, sidecar);
	struct arena *arena = &build->plan->arena;
	struct virtual_host *host;
	struct route *route;

	if (table->any != NULL)
		return; /* a VirtualService takes all hosts */
	host = ARENA_NEW(arena, struct virtual_host);
	route = host->routes = ARENA_NEW(arena, struct route);
	host->route_count = 1;
	*route = (struct route){ .at = sidecar->meta.at,
				 .name = is_allowed ? TEXT("allow_any") : TEXT("block_all"),
				 .clusters = ARENA_NEW(arena, struct weighted_cluster),
				 .cluster_count = 1,
				 .total_weight = 1,
				 .retry = &retry_never };
	route->clusters[0] = (struct weighted_cluster){
		.cluster = unknown_hosts_cluster(build, workload, is_allowed),
		.weight = 1,
	};
	table->any = host;
}
