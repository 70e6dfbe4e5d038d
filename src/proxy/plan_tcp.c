/* SPDX-License-Identifier: Apache-2.0 */
/* plan_tcp.c — compiles where connections go whose bytes are passed on unread.
 *
 * A VirtualService's `tls` routes are tried before its `tcp` routes, and what none of them takes
 * goes to the service itself (istio:pilot/pkg/networking/core/tls.go). */
#include "proxy/plan_match.h"
#include "proxy/tcp_route.h"

struct table_scope { /* where a table is compiled for */
	const struct local_workload *workload;
	struct text gateway; /* "ns/name"; absent: the mesh */
	struct tcp_route *routes;
	size_t count, capacity;
};

static struct tcp_route *add_route(struct plan_build *build, struct table_scope *scope)
{
	if (scope->count == scope->capacity) {
		const size_t capacity = MAX_OF(scope->capacity * 2, (size_t)4);
		struct tcp_route *grown =
			ARENA_ARRAY(&build->plan->arena, capacity, struct tcp_route);

		if (scope->count > 0)
			memcpy(grown, scope->routes, scope->count * sizeof(*grown));
		scope->routes = grown;
		scope->capacity = capacity;
	}
	scope->routes[scope->count] = (struct tcp_route){ .name_count = 0 };
	return &scope->routes[scope->count++];
}

static const struct tcp_table *finish_table(struct plan_build *build,
					    const struct table_scope *scope)
{
	struct tcp_table *table = ARENA_NEW(&build->plan->arena, struct tcp_table);

	table->routes = scope->routes;
	table->count = scope->count;
	for (size_t i = 0; i < scope->count; i++)
		table->asks_name |= scope->routes[i].name_count > 0;
	return table;
}

static void set_destination(struct plan_build *build, struct route *route,
			    const struct cluster *cluster)
{
	route->clusters = ARENA_NEW(&build->plan->arena, struct weighted_cluster);
	route->clusters[0] = (struct weighted_cluster){ .cluster = cluster, .weight = 1 };
	route->cluster_count = 1;
	route->total_weight = 1;
}

/* ---- routes of a VirtualService ---- */

static bool applies(const struct l4_match *match, const struct table_scope *scope,
		    struct text namespace, uint32_t port)
{
	const struct workload_instance *client = scope->workload->instance;

	if (match->port != 0 && match->port != port)
		return false;
	if (match->gateways.count > 0) {
		for (size_t i = 0; i < match->gateways.count; i++)
			if (plan_names_gateway(match->gateways.items[i], namespace, scope->gateway))
				return true;
		return false;
	}
	if (scope->gateway.len > 0)
		return true; /* who asks is known of workloads of the mesh alone */
	if (match->source_namespace.len > 0
	    && !text_equal(match->source_namespace, client->namespace))
		return false;
	return resource_labels_match(client->labels, &match->source_labels);
}

static void compile_destinations(struct plan_build *build, const struct table_scope *scope,
				 const struct virtual_service *rules, const struct l4_route *from,
				 uint32_t port, struct route *out)
{
	*out = (struct route){
		.at = from->at,
		.service = rules->meta.name,
		.clusters = ARENA_ARRAY(&build->plan->arena, from->route.count,
					struct weighted_cluster),
	};
	for (size_t i = 0; i < from->route.count; i++) {
		const struct virtual_destination *to = from->route.items[i].destination;
		struct weighted_cluster *cluster = &out->clusters[out->cluster_count++];

		cluster->cluster = plan_cluster(build, scope->workload, to->host,
						rules->meta.namespace, to->port, to->subset, port);
		if (!cluster->cluster->is_known)
			plan_warn(build, to->at,
				  "there is no such service, port or subset ('%.*s'); connections "
				  "that come here are closed",
				  TEXT_ARGS(to->host));
		cluster->weight = (uint32_t)from->route.items[i].weight.value;
		out->total_weight += cluster->weight;
	}
}

static void compile_subnets(struct plan_build *build, const struct l4_match *match,
			    struct tcp_route *out)
{
	const struct text_list *written = &match->destination_subnets;
	struct ip_range *subnets =
		ARENA_ARRAY(&build->plan->arena, written->count, struct ip_range);

	out->subnets = subnets;
	out->subnet_count = written->count;
	for (size_t i = 0; i < written->count; i++)
		if (!ip_range_parse(written->items[i], &subnets[i])) /* zeroed: contains nothing */
			plan_warn(build, match->at,
				  "destinationSubnets: '%.*s' is neither an IP address nor a block "
				  "of them (10.0.0.0/8); it matches nothing",
				  TEXT_ARGS(written->items[i]));
}

static void add_match(struct plan_build *build, struct table_scope *scope,
		      const struct l4_match *match, const struct route *route)
{
	struct tcp_route *out = add_route(build, scope);

	out->route = *route;
	out->names = match->sni_hosts.items;
	out->name_count = match->sni_hosts.count;
	compile_subnets(build, match, out);
	if (match->source_subnet.len > 0)
		plan_warn(build, match->at,
			  "'sourceSubnet' is not acted upon, as in Istio: name the callers by "
			  "sourceLabels or sourceNamespace");
}

static void add_rule(struct plan_build *build, struct table_scope *scope,
		     const struct virtual_service *rules, const struct l4_route *from,
		     uint32_t port)
{
	static const struct l4_match always;
	struct route route;

	compile_destinations(build, scope, rules, from, port, &route);
	if (from->match.count == 0)
		add_match(build, scope, &always, &route);
	for (size_t i = 0; i < from->match.count; i++)
		if (applies(&from->match.items[i], scope, rules->meta.namespace, port))
			add_match(build, scope, &from->match.items[i], &route);
}

static void add_rules(struct plan_build *build, struct table_scope *scope,
		      const struct virtual_service *rules, uint32_t port)
{
	for (size_t i = 0; i < rules->tls.count; i++)
		add_rule(build, scope, rules, &rules->tls.items[i], port);
	for (size_t i = 0; i < rules->tcp.count; i++)
		add_rule(build, scope, rules, &rules->tcp.items[i], port);
}

/* ---- inbound ---- */

const struct tcp_table *plan_inbound_tcp(struct plan_build *build,
					 const struct cluster *application)
{
	struct table_scope scope = { .count = 0 };
	struct tcp_route *route = add_route(build, &scope);

	route->route.name = TEXT("default");
	set_destination(build, &route->route, application);
	return finish_table(build, &scope);
}

/* ---- outbound ---- */

static bool is_tls(const struct mesh_service_port *port)
{
	return port->protocol == PROTOCOL_TLS || port->protocol == PROTOCOL_HTTPS;
}

/* The names a client may ask for when it means this service. */
static void set_names(struct plan_build *build, const struct mesh_service *service,
		      struct tcp_route *route)
{
	struct arena *arena = &build->plan->arena;
	struct text *names = ARENA_ARRAY(arena, 3, struct text);
	const int name = (int)service->name.len, namespace = (int)service->namespace.len;

	names[route->name_count++] = service->host;
	if (service->is_kubernetes) {
		names[route->name_count++] =
			text_of(arena_printf(arena, "%.*s.%.*s.svc", name, service->name.ptr,
					     namespace, service->namespace.ptr));
		names[route->name_count++] =
			text_of(arena_printf(arena, "%.*s.%.*s", name, service->name.ptr, namespace,
					     service->namespace.ptr));
	}
	route->names = names;
}

static void set_addresses(struct plan_build *build, const struct mesh_service *service,
			  struct tcp_route *route)
{
	struct ip_range *subnets =
		ARENA_ARRAY(&build->plan->arena, service->address_count, struct ip_range);

	for (size_t i = 0; i < service->address_count; i++)
		if (ip_range_parse(service->addresses[i], &subnets[route->subnet_count]))
			route->subnet_count++;
	route->subnets = subnets;
}

static struct route *add_service_route(struct plan_build *build, struct table_scope *scope,
				       const struct mesh_service *service,
				       const struct mesh_service_port *port)
{
	struct tcp_route *added = add_route(build, scope);

	added->route.at = service->at;
	added->route.name = TEXT("default");
	set_destination(build, &added->route,
			plan_service_cluster(build, scope->workload, service, port, TEXT("")));
	return &added->route;
}

/* What a VirtualService says of the port; then by name where it speaks TLS, by the service's own
 * addresses where it has some. */
static void add_service_port(struct plan_build *build, struct table_scope *scope,
			     const struct mesh_service *service,
			     const struct mesh_service_port *port)
{
	const struct virtual_service *rules = plan_service_rules(build, scope->workload, service);

	if (rules != NULL)
		add_rules(build, scope, rules, port->number);
	if (is_tls(port)) {
		add_service_route(build, scope, service, port);
		set_names(build, service, &scope->routes[scope->count - 1]);
	} else if (service->address_count > 0) {
		add_service_route(build, scope, service, port);
		set_addresses(build, service, &scope->routes[scope->count - 1]);
	}
}

struct candidates { /* service ports that a way out may mean */
	const struct mesh_service *service;
	const struct mesh_service_port *port; /* the first that is known by nothing but the way */
	size_t count;
};

static bool is_meant(const struct mesh_service_port *port, uint32_t number, bool by_number)
{
	if (by_number)
		return port->number == number;
	return port->protocol != PROTOCOL_HTTP && port->protocol != PROTOCOL_HTTP2;
}

static bool some_port_is(struct plan_build *build, const struct table_scope *scope,
			 const struct sidecar_egress *egress, uint32_t number)
{
	const struct registry *registry = &build->plan->registry;

	for (size_t i = 0; i < registry->count; i++)
		if (plan_may_see(egress, scope->workload, &registry->services[i]) && number != 0
		    && mesh_service_port(&registry->services[i], number) != NULL)
			return true;
	return false;
}

static void add_candidate(struct plan_build *build, struct table_scope *scope,
			  const struct mesh_service *service, const struct mesh_service_port *port,
			  struct candidates *candidates)
{
	add_service_port(build, scope, service, port);
	if (is_tls(port))
		return; /* told apart by name */
	if (candidates->count++ == 0) {
		candidates->service = service;
		candidates->port = port;
	}
}

/* Names that no service has. Who names none could mean any host: his connection is closed. */
static void add_unknown_names(struct plan_build *build, struct table_scope *scope,
			      const struct sidecar *sidecar)
{
	static const struct text any = { "*", 1 };
	struct tcp_route *added = add_route(build, scope);

	added->names = &any;
	added->name_count = 1;
	plan_unknown_route(build, scope->workload, sidecar, &added->route);
}

const struct tcp_table *plan_outbound_tcp(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct sidecar *sidecar,
					  const struct sidecar_egress *egress)
{
	const struct registry *registry = &build->plan->registry;
	const uint32_t number = egress->port != NULL ? egress->port->number : 0;
	struct table_scope scope = { .workload = workload };
	struct candidates candidates = { .count = 0 };
	const bool by_number = some_port_is(build, &scope, egress, number);

	for (size_t i = 0; i < registry->count; i++) {
		const struct mesh_service *service = &registry->services[i];

		if (!plan_may_see(egress, workload, service))
			continue;
		for (size_t p = 0; p < service->port_count; p++)
			if (is_meant(&service->ports[p], number, by_number))
				add_candidate(build, &scope, service, &service->ports[p],
					      &candidates);
	}
	if (candidates.count > 1)
		plan_warn(build, egress->at,
			  "%zu services could be meant by this port; what no route or address "
			  "tells apart goes to %.*s: name one service in hosts",
			  candidates.count, TEXT_ARGS(candidates.service->host));
	if (candidates.count > 0)
		add_service_route(build, &scope, candidates.service, candidates.port);
	else
		add_unknown_names(build, &scope, sidecar);
	return finish_table(build, &scope);
}

/* ---- captured ---- */

/* A service without addresses of its own is where its endpoints are. */
static void add_endpoints(struct plan_build *build, struct table_scope *scope,
			  const struct mesh_service *service, const struct mesh_service_port *port)
{
	for (size_t i = 0; i < port->endpoint_count; i++) {
		const struct address *address = &port->endpoints[i].address;
		struct ip_range *only = ARENA_NEW(&build->plan->arena, struct ip_range);
		struct tcp_route *added;

		only->base = ip_from_sockaddr(&address->any, NULL);
		if (only->base.family == IP_NONE)
			continue; /* a name that is not known yet */
		only->prefix_bits = only->base.family == IP_V4 ? 32 : 128;
		add_service_route(build, scope, service, port);
		added = &scope->routes[scope->count - 1];
		added->subnets = only;
		added->subnet_count = 1;
		added->port = address_port(address);
	}
}

static void add_captured_port(struct plan_build *build, struct table_scope *scope,
			      const struct mesh_service *service,
			      const struct mesh_service_port *port)
{
	const size_t first = scope->count;

	add_service_port(build, scope, service, port);
	for (size_t i = first; i < scope->count; i++)
		scope->routes[i].port = (uint16_t)port->number;
	if (service->address_count == 0 && !is_tls(port))
		add_endpoints(build, scope, service, port);
}

const struct tcp_table *plan_captured_tcp(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct sidecar *sidecar,
					  const struct sidecar_egress *egress)
{
	const struct registry *registry = &build->plan->registry;
	struct table_scope scope = { .workload = workload };

	for (size_t i = 0; i < registry->count; i++) {
		const struct mesh_service *service = &registry->services[i];

		if (!plan_may_see(egress, workload, service))
			continue;
		for (size_t p = 0; p < service->port_count; p++)
			if (is_meant(&service->ports[p], 0, false))
				add_captured_port(build, &scope, service, &service->ports[p]);
	}
	plan_unknown_route(build, workload, sidecar, &add_route(build, &scope)->route);
	return finish_table(build, &scope);
}

/* ---- gateways ---- */

const struct tcp_table *plan_gateway_tcp(struct plan_build *build,
					 const struct local_workload *workload,
					 const struct gateway *gateway,
					 const struct gateway_server *server)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	struct table_scope scope = {
		.workload = workload,
		.gateway = text_of(arena_printf(&build->plan->arena, "%.*s/%.*s",
						TEXT_ARGS(gateway->meta.namespace),
						TEXT_ARGS(gateway->meta.name))),
	};

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);

		if (plan_serves(gateway, server, rules, scope.gateway))
			add_rules(build, &scope, rules, server->port->number);
	}
	return finish_table(build, &scope);
}
