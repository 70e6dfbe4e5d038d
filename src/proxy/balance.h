/* SPDX-License-Identifier: Apache-2.0 */
/* balance.h — which endpoint of a cluster gets the next request.
 *
 * First the group: the nearest one that is healthy (localities fail over), or one by share
 * (localities distribute); then an endpoint of it, by the cluster's balancer. A balancer is a const
 * table; what it walks along is prepared when the plan is made, so a pick allocates nothing.
 * Semantics: facts 1.5; envoy: "Supported load balancers". */
#pragma once

#include "proxy/cluster.h"

/* Everything one pick goes by. */
struct choice {
	const struct cluster *cluster;
	uint64_t now_ns;
	uint64_t hash; /* of what tells clients apart (balance_key.h) */
	bool has_hash; /* false: none was sent; then any endpoint will do */
	/* not if there is another: it was tried in vain. NULL: none is avoided */
	bool (*avoids)(const void *owner, const struct cluster_endpoint *endpoint);
	/* requests in progress there */
	size_t (*load)(const void *owner, const struct cluster_endpoint *endpoint);
	const void *owner;
	bool healthy_only; /* some are not; set by balance_pick */
};

/* NULL: there is none that could take it. */
const struct cluster_endpoint *balance_pick(struct choice *choice);

struct balancer {
	const char *name; /* as a DestinationRule has it */
	/* Fills turns or ring of the group; size: as a DestinationRule asks for it, 0: default.
	 * May be NULL. */
	void (*prepare)(struct arena *arena, struct endpoint_group *group, size_t size);
	/* NULL: none of the group. */
	const struct cluster_endpoint *(*pick)(const struct endpoint_group *group,
					       const struct choice *choice);
};

extern const struct balancer balance_least_request, balance_round_robin, balance_random;
extern const struct balancer balance_ring_hash, balance_maglev;

/* ---- for balancers ---- */

/* May be chosen now: healthy (where that matters). */
bool balance_may_use(const struct choice *choice, const struct cluster_endpoint *endpoint);
/* Not avoided, and warm enough, which is drawn: else another is better. */
bool balance_is_good(const struct choice *choice, const struct cluster_endpoint *endpoint);
bool balance_is_avoided(const struct choice *choice, const struct cluster_endpoint *endpoint);
/* One that may be used, by weight; of the others than `except`. NULL: none. */
const struct cluster_endpoint *balance_draw(const struct endpoint_group *group,
					    const struct choice *choice);
const struct cluster_endpoint *balance_draw_other(const struct endpoint_group *group,
						  const struct choice *choice,
						  const struct cluster_endpoint *except);
