/* SPDX-License-Identifier: Apache-2.0 */
/* plan_locality.h — endpoints near and far: which are tried first, or which share each locality
 * gets. Source: istio:pilot/pkg/networking/core/loadbalancer/loadbalancer.go (facts 1.5). */
#pragma once

#include "proxy/plan_traffic.h"

/* Sorts the cluster's endpoints and fills its groups. `client` is who asks. */
void plan_locality_groups(struct plan_build *build, struct cluster *cluster,
			  const struct workload_instance *client, const struct traffic *traffic);
