/* SPDX-License-Identifier: Apache-2.0 */
/* plan_routes.c — a listener's table of hosts: whose requests go by which routes. */
#include "proxy/plan_match.h"
#include "proxy/route_match.h"

struct route_list { /* grows while routes are gathered; in the plan's arena */
	struct route *items;
	size_t count, capacity;
};

static struct route *next_route(struct plan_build *build, struct route_list *list)
{
	if (list->count == list->capacity) {
		const size_t capacity = MAX_OF(list->capacity * 2, (size_t)4);
		struct route *grown = ARENA_ARRAY(&build->plan->arena, capacity, struct route);

		if (list->count > 0)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
		list->capacity = capacity;
	}
	return &list->items[list->count];
}

static bool is_catch_all(const struct route *route)
{
	for (size_t i = 0; i < route->match_count; i++)
		if (route_match_is_catch_all(&route->matches[i]))
			return true;
	return route->match_count == 0;
}

/* What stands behind a route that takes everything can never be reached, also not once that has
 * been moved behind the routes of other VirtualServices. */
static void gather_routes(struct plan_build *build, const struct local_workload *workload,
			  const struct virtual_service *service, struct text gateway,
			  uint32_t listener_port, struct route_list *list)
{
	for (size_t i = 0; i < service->http.count; i++) {
		struct route *route = next_route(build, list);

		if (!plan_route(build, workload, service, &service->http.items[i], gateway,
				listener_port, route))
			continue;
		list->count++;
		if (is_catch_all(route))
			return;
	}
}

/* Several VirtualServices may share a gateway's host: what catches everything goes last, so that it
 * hides nobody's routes (istio:pilot/pkg/networking/core/route/route.go). */
static void catch_alls_last(struct plan_build *build, struct route_list *list)
{
	struct route *sorted = ARENA_ARRAY(&build->plan->arena, list->count, struct route);
	size_t count = 0;

	for (int last = 0; last < 2; last++)
		for (size_t i = 0; i < list->count; i++)
			if (is_catch_all(&list->items[i]) == (last != 0))
				sorted[count++] = list->items[i];
	list->items = sorted;
}

static struct virtual_host *make_host(struct plan_build *build, const struct route_list *list)
{
	struct virtual_host *host = ARENA_NEW(&build->plan->arena, struct virtual_host);

	host->routes = list->items;
	host->route_count = list->count;
	return host;
}

/* Hosts: "*" for all, "*.suffix", or a name. The first to claim a name keeps it. */
static void add_host(struct plan_build *build, struct route_table *table, struct text name,
		     struct virtual_host *host)
{
	size_t place = 0;

	name = plan_lower(build, name);
	if (text_is(name, "*")) {
		if (table->any == NULL)
			table->any = host;
		return;
	}
	if (name.ptr[0] != '*') {
		if (map_get(&table->exact, name) == NULL)
			map_put(&table->exact, name, host);
		return;
	}

	const struct text suffix = text_from(name, 1);
	struct wildcard_host *grown =
		ARENA_ARRAY(&build->plan->arena, table->wildcard_count + 1, struct wildcard_host);

	while (place < table->wildcard_count && table->wildcards[place].suffix.len >= suffix.len)
		place++;
	if (table->wildcard_count > 0) {
		memcpy(grown, table->wildcards, place * sizeof(*grown));
		memcpy(grown + place + 1, table->wildcards + place,
		       (table->wildcard_count - place) * sizeof(*grown));
	}
	grown[place] = (struct wildcard_host){ suffix, host };
	table->wildcards = grown;
	table->wildcard_count++;
}

struct route_table *plan_inbound_routes(struct plan_build *build, struct cluster *application)
{
	struct arena *arena = &build->plan->arena;
	struct route_table *table = ARENA_NEW(arena, struct route_table);
	struct route_list list = { 0 };
	struct route *route = next_route(build, &list);

	*route = (struct route){ .name = TEXT("default"),
				 .clusters = ARENA_NEW(arena, struct weighted_cluster),
				 .cluster_count = 1,
				 .total_weight = 1,
				 .retry = plan_inbound_retry() };
	route->clusters[0] = (struct weighted_cluster){ .cluster = application, .weight = 1 };
	list.count = 1;
	table->any = make_host(build, &list);
	return table;
}

/* ---- outbound ---- */

static bool is_visible_to(const struct text_list *export_to, struct text owner,
			  struct text namespace)
{
	return export_to->count == 0 || text_list_has(export_to, TEXT("*"))
	       || text_list_has(export_to, namespace)
	       || (text_list_has(export_to, TEXT(".")) && text_equal(owner, namespace));
}

static bool is_for_mesh(const struct virtual_service *service)
{
	return service->gateways.count == 0 || text_list_has(&service->gateways, TEXT("mesh"));
}

static bool covers_host(struct text pattern, struct text host)
{
	if (text_is(pattern, "*"))
		return true;
	if (pattern.len > 0 && pattern.ptr[0] == '*')
		return text_ends_with_nocase(host, text_from(pattern, 1));
	return text_equal_nocase(pattern, host);
}

/* Is `written`, in a VirtualService of `namespace`, this service? Short names are of the namespace.
 */
static bool means_service(const struct plan_build *build, struct text written,
			  struct text namespace, const struct mesh_service *service)
{
	if (written.len > 0 && written.ptr[0] == '*')
		return covers_host(written, service->host);
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
		    || !is_visible_to(&candidate->export_to, candidate->meta.namespace,
				      workload->instance->namespace))
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
		gather_routes(build, workload, rules, (struct text){ NULL, 0 }, port->number,
			      &list);
		return make_host(build, &list);
	}

	struct route *route = next_route(build, &list);

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
	return make_host(build, &list);
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
		add_host(build, table, text_of(name), host);
	if (name[0] != '*') /* a wildcard is matched without the port */
		add_host(build, table,
			 text_of(arena_printf(&build->plan->arena, "%s:%u", name, port->number)),
			 host);
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

		if (in_namespace && covers_host(host, service->host))
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
		    || !is_visible_to(&rules->export_to, rules->meta.namespace,
				      workload->instance->namespace))
			continue;
		for (size_t h = 0; h < rules->hosts.count; h++) {
			const struct text host = rules->hosts.items[h];

			if (registry_find(&build->plan->registry, host, rules->meta.namespace)
			    != NULL)
				continue;
			if (list.count == 0)
				gather_routes(build, workload, rules, (struct text){ NULL, 0 }, 80,
					      &list);
			add_host(build, table, host, make_host(build, &list));
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

/* ---- gateways ---- */

/* What two host patterns have in common: the narrower one. False where nothing is. */
static bool intersect(struct text a, struct text b, struct text *out)
{
	if (covers_host(a, b)) {
		*out = b;
		return true;
	}
	*out = a;
	return covers_host(b, a);
}

/* "[namespace/]host" of a gateway's server, for a VirtualService of `namespace`. */
static bool server_takes(struct text written, struct text gateway_namespace, struct text namespace,
			 struct text *host)
{
	if (text_find_char(written, '/') == TEXT_NONE) {
		*host = written;
		return true;
	}
	*host = written;

	const struct text wanted = text_split(host, '/');

	if (text_is(wanted, "."))
		return text_equal(namespace, gateway_namespace);
	return text_is(wanted, "*") || text_equal(wanted, namespace);
}

static bool binds(const struct virtual_service *rules, struct text gateway)
{
	for (size_t i = 0; i < rules->gateways.count; i++)
		if (plan_names_gateway(rules->gateways.items[i], rules->meta.namespace, gateway))
			return true;
	return false;
}

bool plan_serves(const struct gateway *gateway, const struct gateway_server *server,
		 const struct virtual_service *rules, struct text name)
{
	struct text of_server, shared;

	if (!binds(rules, name))
		return false;
	for (size_t s = 0; s < server->hosts.count; s++)
		for (size_t h = 0; h < rules->hosts.count; h++)
			if (server_takes(server->hosts.items[s], gateway->meta.namespace,
					 rules->meta.namespace, &of_server)
			    && intersect(of_server, rules->hosts.items[h], &shared))
				return true;
	return false;
}

struct gateway_scope {
	const struct local_workload *workload;
	const struct gateway *gateway;
	const struct gateway_server *server;
	struct text name; /* "ns/name" */
};

/* The hosts that a VirtualService and the server share, appended to `out`. */
static size_t shared_hosts(const struct gateway_scope *scope, const struct virtual_service *rules,
			   struct text *out)
{
	size_t count = 0;

	for (size_t s = 0; s < scope->server->hosts.count; s++)
		for (size_t h = 0; h < rules->hosts.count; h++) {
			struct text of_server;

			if (server_takes(scope->server->hosts.items[s],
					 scope->gateway->meta.namespace, rules->meta.namespace,
					 &of_server)
			    && intersect(of_server, rules->hosts.items[h], &out[count]))
				count++;
		}
	return count;
}

/* All routes for one host, of every VirtualService that has it, oldest first. */
static struct virtual_host *gateway_host(struct plan_build *build,
					 const struct gateway_scope *scope, struct text host)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	struct route_list list = { 0 };

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);
		struct text *shared = ARENA_ARRAY(
			&build->plan->arena, scope->server->hosts.count * rules->hosts.count + 1,
			struct text);

		if (!binds(rules, scope->name))
			continue;

		const size_t count = shared_hosts(scope, rules, shared);

		for (size_t k = 0; k < count; k++) {
			if (text_equal_nocase(shared[k], host)) {
				gather_routes(build, scope->workload, rules, scope->name,
					      scope->server->port->number, &list);
				break;
			}
		}
	}
	catch_alls_last(build, &list);
	return make_host(build, &list);
}

void plan_gateway_routes(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 struct route_table *table)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	const struct gateway_scope scope = {
		.workload = workload,
		.gateway = gateway,
		.server = server,
		.name = text_of(arena_printf(&build->plan->arena, "%.*s/%.*s",
					     TEXT_ARGS(gateway->meta.namespace),
					     TEXT_ARGS(gateway->meta.name))),
	};

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);
		struct text *shared =
			ARENA_ARRAY(&build->plan->arena,
				    server->hosts.count * rules->hosts.count + 1, struct text);

		if (!binds(rules, scope.name))
			continue;

		const size_t count = shared_hosts(&scope, rules, shared);

		for (size_t k = 0; k < count; k++)
			add_host(build, table, shared[k], gateway_host(build, &scope, shared[k]));
	}
}
