/* SPDX-License-Identifier: Apache-2.0 */
/* plan_traffic.h — what DestinationRules say about one port of a service, as one workload sees it.
 *
 * Lookup and merging as istio:pilot/pkg/model/destination_rule.go (facts 1.5): the client's
 * namespace, the service's, the root; there the most specific host. Rules for the same host in one
 * namespace are one: the first traffic policy, all subsets. */
#pragma once

#include "proxy/plan_parts.h"

struct traffic { /* the blocks that hold; each may be NULL */
	const struct client_tls_settings *tls;
	const struct connection_pool_settings *pool;
	const struct load_balancer *balancer;
	const struct outlier_detection *outliers;
	const struct retry_budget *retry_budget;
	const struct upstream_health_check *health;
	const struct proxy_protocol *proxy; /* of the whole policy: ports have none of their own */
};

/* The subset is one that a rule declares (or none was asked for, which gives NULL). */
struct traffic_choice {
	struct traffic traffic;
	const struct destination_subset *subset;
	bool is_declared;
};

struct traffic_choice plan_traffic(const struct plan_build *build,
				   const struct local_workload *workload,
				   const struct mesh_service *service, uint32_t port,
				   struct text subset);

/* plan_outliers.c: NULL where nothing is to be detected. The cluster has its endpoints. */
const struct outlier_settings *plan_outliers(struct plan_build *build,
					     const struct cluster *cluster,
					     const struct outlier_detection *from);
