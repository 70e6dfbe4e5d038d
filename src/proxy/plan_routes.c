/* SPDX-License-Identifier: Apache-2.0 */
/* plan_routes.c — a listener's table of hosts: whose requests go by which routes. */
#include "proxy/plan_hosts.h"

struct route_table *plan_inbound_routes(struct plan_build *build, struct cluster *application)
{
	struct arena *arena = &build->plan->arena;
	struct route_table *table = ARENA_NEW(arena, struct route_table);
	struct route_list list = { 0 };
	struct route *route = plan_next_route(build, &list);

	*route = (struct route){ .name = TEXT("default"),
				 .clusters = ARENA_NEW(arena, struct weighted_cluster),
				 .cluster_count = 1,
				 .total_weight = 1,
				 .retry = plan_inbound_retry() };
	route->clusters[0] = (struct weighted_cluster){ .cluster = application, .weight = 1 };
	list.count = 1;
	table->any = plan_make_host(build, &list);
	return table;
}

/* ---- outbound ---- */

static bool is_for_mesh(const struct virtual_service *service)
{
	return service->gateways.count == 0 || text_list_has(&service->gateways, TEXT("mesh"));
}

/* Is `written`, in a VirtualService of `namespace`, this service? Short names are of the namespace.
 */
static bool means_service(const struct plan_build *build, struct text written,
			  struct text namespace, const struct mesh_service *service)
{
	if (written.len > 0 && written.ptr[0] == '*')
		return plan_covers_host(written, service->host);
	return registry_find(&build->plan->registry, written, namespace) == service;
}

/* The most specific VirtualService of the mesh for a service; of equals the oldest. */
const struct virtual_service *plan_service_rules(const struct plan_build *build,
						 const struct local_workload *workload,
						 const struct mesh_service *service)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	const struct virtual_service *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *candidate = virtual_service_of(all.items[i]);

		if (!is_for_mesh(candidate)
		    || !plan_exports_to(build, candidate, workload->instance->namespace))
			continue;
		for (size_t h = 0; h < candidate->hosts.count; h++) {
			const struct text written = candidate->hosts.items[h];
			const bool wildcard = written.ptr[0] == '*';
			const size_t length = wildcard ? written.len : SIZE_MAX;

			if (length > best_length
			    && means_service(build, written, candidate->meta.namespace, service)) {
				best = candidate;
				best_length = length;
			}
		}
	}
	return best;
}

static struct virtual_host *service_host(struct plan_build *build,
					 const struct local_workload *workload,
					 const struct mesh_service *service,
					 const struct mesh_service_port *port,
					 const struct virtual_service *rules)
{
	struct route_list list = { 0 };

	if (rules != NULL && rules->http.count > 0) {
		plan_gather_routes(build, workload, rules, (struct text){ NULL, 0 }, port->number,
				   &list);
		return plan_make_host(build, &list);
	}

	struct route *route = plan_next_route(build, &list);

	*route =
		(struct route){ .at = service->at,
				.name = TEXT("default"),
				.clusters = ARENA_NEW(&build->plan->arena, struct weighted_cluster),
				.cluster_count = 1,
				.total_weight = 1,
				.retry = plan_retry(build, NULL) };
	route->clusters[0] = (struct weighted_cluster){
		.cluster = plan_service_cluster(build, workload, service, port, TEXT("")),
		.weight = 1,
	};
	list.count = 1;
	return plan_make_host(build, &list);
}

/* The port of a request that names none: 80, or the first one (facts 1.4, destination.port). */
static const struct mesh_service_port *default_port(const struct mesh_service *service)
{
	const struct mesh_service_port *port = mesh_service_port(service, 80);

	return port != NULL ? port : &service->ports[0];
}

static void add_name(struct plan_build *build, struct route_table *table,
		     const struct mesh_service_port *port, bool is_default,
		     struct virtual_host *host, const char *name)
{
	if (is_default)
		plan_add_host(build, table, text_of(name), host);
	if (name[0] != '*') /* a wildcard is matched without the port */
		plan_add_host(
			build, table,
			text_of(arena_printf(&build->plan->arena, "%s:%u", name, port->number)),
			host);
}

/* A service's own addresses name it, too, where they are no blocks. */
static void add_own_addresses(struct plan_build *build, struct route_table *table,
			      const struct mesh_service *service,
			      const struct mesh_service_port *port, bool is_default,
			      struct virtual_host *host)
{
	struct ip_address ip;
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < service->address_count; i++)
		if (ip_parse(service->addresses[i], &ip))
			add_name(build, table, port, is_default, host,
				 arena_printf(&build->plan->arena,
					      ip.family == IP_V6 ? "[%s]" : "%s",
					      ip_format(text, ip)));
}

static void add_service(struct plan_build *build, const struct local_workload *workload,
			const struct mesh_service *service, struct route_table *table)
{
	struct arena *arena = &build->plan->arena;
	const struct virtual_service *rules = plan_service_rules(build, workload, service);

	for (size_t i = 0; i < service->port_count; i++) {
		const struct mesh_service_port *port = &service->ports[i];
		const bool is_default = port == default_port(service);
		struct virtual_host *host = service_host(build, workload, service, port, rules);
		const struct text name = service->name, namespace = service->namespace;

		add_name(build, table, port, is_default, host, service->host.ptr);
		add_own_addresses(build, table, service, port, is_default, host);
		if (!service->is_kubernetes)
			continue;
		/* Kubernetes' search path */
		add_name(build, table, port, is_default, host,
			 arena_printf(arena, "%.*s.%.*s.svc", TEXT_ARGS(name),
				      TEXT_ARGS(namespace)));
		add_name(build, table, port, is_default, host,
			 arena_printf(arena, "%.*s.%.*s", TEXT_ARGS(name), TEXT_ARGS(namespace)));
		if (text_equal(namespace, workload->instance->namespace))
			add_name(build, table, port, is_default, host, name.ptr);
	}
}

/* Sidecar egress: "namespace/host", with "." for the own namespace, "*" for any, "~" for none. */
bool plan_may_see(const struct sidecar_egress *egress, const struct local_workload *workload,
		  const struct mesh_service *service)
{
	for (size_t i = 0; i < egress->hosts.count; i++) {
		struct text host = egress->hosts.items[i];
		const struct text namespace = text_split(&host, '/');
		const bool in_namespace =
			text_is(namespace, "*")
			|| (text_is(namespace, ".")
			    && text_equal(service->namespace, workload->instance->namespace))
			|| text_equal(namespace, service->namespace);

		if (in_namespace && plan_covers_host(host, service->host))
			return true;
	}
	return egress->hosts.count == 0;
}

/* VirtualServices of the mesh for names that no service has. */
static void add_free_hosts(struct plan_build *build, const struct local_workload *workload,
			   struct route_table *table)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);
		struct route_list list = { 0 };

		if (!is_for_mesh(rules)
		    || !plan_exports_to(build, rules, workload->instance->namespace))
			continue;
		for (size_t h = 0; h < rules->hosts.count; h++) {
			const struct text host = rules->hosts.items[h];

			if (registry_find(&build->plan->registry, host, rules->meta.namespace)
			    != NULL)
				continue;
			if (list.count == 0)
				plan_gather_routes(build, workload, rules, (struct text){ NULL, 0 },
						   80, &list);
			plan_add_host(build, table, host, plan_make_host(build, &list));
		}
	}
}

struct route_table *plan_outbound_routes(struct plan_build *build,
					 const struct local_workload *workload,
					 const struct sidecar_egress *egress)
{
	const struct registry *registry = &build->plan->registry;
	struct route_table *table = ARENA_NEW(&build->plan->arena, struct route_table);

	table->port_matters = true;
	for (size_t i = 0; i < registry->count; i++)
		if (plan_may_see(egress, workload, &registry->services[i]))
			add_service(build, workload, &registry->services[i], table);
	add_free_hosts(build, workload, table);
	return table;
}
