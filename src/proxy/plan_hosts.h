/* SPDX-License-Identifier: Apache-2.0 */
/* plan_hosts.h — how virtual hosts are made from VirtualServices, for plan_routes.c and
 * plan_gateway_routes.c. */
#pragma once

#include "proxy/plan_match.h"

struct route_list { /* grows while routes are gathered; in the plan's arena */
	struct route *items;
	size_t count, capacity;
};

/* Room for one more, which counts once list->count does. */
struct route *plan_next_route(struct plan_build *build, struct route_list *list);
/* The routes of a VirtualService that apply there; `gateway` is "ns/name", or absent for the mesh.
 */
void plan_gather_routes(struct plan_build *build, const struct local_workload *workload,
			const struct virtual_service *service, struct text gateway,
			uint32_t listener_port, struct route_list *list);
void plan_catch_alls_last(struct plan_build *build, struct route_list *list);

struct virtual_host *plan_make_host(struct plan_build *build, const struct route_list *list);
/* Hosts: "*" for all, "*.suffix", or a name. The first to claim a name keeps it. */
void plan_add_host(struct plan_build *build, struct route_table *table, struct text name,
		   struct virtual_host *host);
/* "*", "*.suffix" or a name; is `host`, which may be such a pattern too, among them? */
bool plan_covers_host(struct text pattern, struct text host);
