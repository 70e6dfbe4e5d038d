/* SPDX-License-Identifier: Apache-2.0 */
/* plan_listeners.c — what is listened on: each workload's ports, its way out, and gateways.
 *
 * A workload's inbound ports are those of its Sidecar's ingress listeners or, without any, the
 * ports of the services that select it and its own; mutual TLS comes in on ADDRESS:PORT, plain text
 * goes on to 127.0.0.1:PORT or where the Sidecar says. Its way out is each Sidecar egress listener
 * with a port, on 127.0.0.1 unless `bind` says otherwise: whoever reaches it speaks as the
 * workload. */
#include "proxy/plan_parts.h"

#include <errno.h>

struct listener_plan *plan_add_listener(struct plan_build *build, const struct address *address,
					struct source_pos at)
{
	struct plan *plan = build->plan;
	char key[ADDRESS_TEXT_MAX];

	address_format(address, key);
	for (size_t i = 0; i < plan->listener_count; i++) {
		if (strcmp(plan->listeners[i].key, key) == 0) {
			plan_warn(build, at, "%s is already listened on for %s:%u; left out", key,
				  plan->listeners[i].at.file, plan->listeners[i].at.line);
			return NULL;
		}
	}
	if (plan->listener_count == plan->listener_capacity) {
		plan->listener_capacity = MAX_OF(plan->listener_capacity * 2, (size_t)8);
		plan->listeners = mem_realloc_array(plan->listeners, plan->listener_capacity,
						    sizeof(struct listener_plan));
	}

	struct listener_plan *listener = &plan->listeners[plan->listener_count++];

	*listener = (struct listener_plan){
		.key = arena_strdup(&plan->arena, key),
		.address = *address,
		.at = at,
		.detection_ns = build->mesh->protocol_detection_timeout.ns,
	};
	return listener;
}

static struct listener_server *add_single_server(struct plan_build *build,
						 struct listener_plan *listener,
						 enum app_protocol protocol)
{
	listener->servers = ARENA_NEW(&build->plan->arena, struct listener_server);
	listener->server_count = 1;
	listener->servers[0].speech = listener_speech_of(protocol);
	return &listener->servers[0];
}

enum listener_speech listener_speech_of(enum app_protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_TLS: /* the application's own TLS, which is none of our business */
	case PROTOCOL_HTTPS:
		return SPEECH_TCP;
	case PROTOCOL_UNKNOWN:
		return SPEECH_UNKNOWN;
	default:
		return SPEECH_HTTP;
	}
}

/* ---- inbound ---- */

static void set_inbound_tls(struct listener_plan *listener)
{
	const struct local_workload *workload = listener->workload;
	enum mesh_server kind = MESH_SERVER_HTTP;

	listener->mtls = policy_mtls_mode(workload->policy, listener->port);
	listener->takes_plain = listener->mtls != MTLS_STRICT;
	if (listener->mtls == MTLS_DISABLE)
		return;
	listener->tells_tls = listener->mtls == MTLS_PERMISSIVE;
	listener->reads_hello = listener->tells_tls && listener->servers[0].speech != SPEECH_HTTP;
	if (listener->servers[0].speech == SPEECH_TCP)
		kind = MESH_SERVER_TCP;
	else if (listener->tells_tls)
		kind = MESH_SERVER_SNIFFED;
	listener->tls = tls_context_ref(workload->server_tls[kind]);
}

struct inbound_port {
	uint16_t number; /* the workload's: what policies mean by a port */
	enum app_protocol protocol;
	struct address listen, application;
	struct source_pos at;
};

static void add_inbound(struct plan_build *build, const struct local_workload *workload,
			const struct inbound_port *port)
{
	if (address_equal(&port->listen, &port->application)) {
		char text[ADDRESS_TEXT_MAX];

		address_format(&port->listen, text);
		plan_warn(build, port->at,
			  "%s is where the application itself listens: give the workload another "
			  "address, or a Sidecar with an ingress listener and a defaultEndpoint",
			  text);
		return;
	}

	struct listener_plan *listener = plan_add_listener(build, &port->listen, port->at);

	if (listener == NULL)
		return;
	listener->role = LISTENER_INBOUND;
	listener->workload = workload;
	listener->port = port->number;

	struct listener_server *server = add_single_server(build, listener, port->protocol);
	struct cluster *application = plan_application_cluster(build, workload, port->number,
							       port->protocol, &port->application);

	set_inbound_tls(listener);
	server->routes = plan_inbound_routes(build, application);
	server->tcp = plan_inbound_tcp(build, application);
}

static int parse_default_endpoint(struct plan_build *build, const struct sidecar_ingress *ingress,
				  uint16_t port, struct address *out, struct error *err)
{
	struct error problem = { 0 };

	if (ingress->default_endpoint.len == 0)
		return address_parse_ip(TEXT("127.0.0.1"), port, out, err);
	if (address_parse(ingress->default_endpoint, out, &problem) < 0)
		return plan_fail(build, err, ingress->at, "defaultEndpoint: %s", problem.text);
	if (address_is_any(out)) /* Istio: "0.0.0.0:PORT" is the workload's own address */
		return address_parse_ip(TEXT("127.0.0.1"), address_port(out), out, err);
	return 0;
}

static int add_ingress(struct plan_build *build, const struct local_workload *workload,
		       const struct sidecar_ingress *ingress, struct error *err)
{
	const uint16_t port = ingress->port != NULL ? (uint16_t)ingress->port->number : 0;
	const struct text bind =
		ingress->bind.len > 0 ? ingress->bind : workload->instance->address;
	struct inbound_port inbound = { .number = port, .at = ingress->at };

	if (port == 0)
		return plan_fail(build, err, ingress->at, "an ingress listener needs a port");
	if (bind.len == 0 || address_parse_ip(bind, port, &inbound.listen, NULL) < 0)
		return plan_fail(
			build, err, ingress->at,
			"'%.*s' is no IP address to listen on: set bind, or the workload's "
			"address",
			TEXT_ARGS(bind));

	inbound.protocol =
		app_protocol_of(TEXT(""), ingress->port->name, ingress->port->protocol, port);

	const int code = parse_default_endpoint(build, ingress, port, &inbound.application, err);

	if (code == 0)
		add_inbound(build, workload, &inbound);
	return code;
}

static void add_own_port(struct plan_build *build, const struct local_workload *workload,
			 uint32_t number, enum app_protocol protocol)
{
	const struct workload_instance *instance = workload->instance;
	struct inbound_port port = { .number = (uint16_t)number,
				     .protocol = protocol,
				     .at = instance->at };

	for (size_t i = 0; i < build->plan->listener_count; i++)
		if (build->plan->listeners[i].workload == workload
		    && build->plan->listeners[i].port == number)
			return; /* two services share the port */
	if (address_parse_ip(instance->address, port.number, &port.listen, NULL) < 0
	    || address_parse_ip(TEXT("127.0.0.1"), port.number, &port.application, NULL) < 0)
		return; /* a Workload without an address is served by its Sidecar alone */
	add_inbound(build, workload, &port);
}

/* The ports on which services reach this workload, then its own. */
static void add_own_ports(struct plan_build *build, const struct local_workload *workload)
{
	const struct registry *registry = &build->plan->registry;
	const struct workload_instance *instance = workload->instance;

	for (size_t s = 0; s < registry->count; s++) {
		const struct mesh_service *service = &registry->services[s];

		for (size_t p = 0; p < service->port_count; p++)
			for (size_t e = 0; e < service->ports[p].endpoint_count; e++) {
				const struct service_endpoint *endpoint =
					&service->ports[p].endpoints[e];

				if (text_equal(endpoint->workload, instance->name)
				    && text_equal(endpoint->namespace, instance->namespace)
				    && endpoint->labels == instance->labels)
					add_own_port(build, workload,
						     address_port(&endpoint->address),
						     service->ports[p].protocol);
			}
	}
	for (size_t i = 0; i < instance->port_count; i++)
		add_own_port(build, workload, instance->ports[i].port,
			     app_protocol_of(TEXT(""), instance->ports[i].key, TEXT(""),
					     instance->ports[i].port));
}

/* ---- outbound ---- */

static int add_egress(struct plan_build *build, const struct local_workload *workload,
		      const struct sidecar *sidecar, const struct sidecar_egress *egress,
		      struct error *err)
{
	struct address listen;

	if (egress->port == NULL || egress->port->number == 0) {
		if (egress->bind.len == 0)
			return 0; /* says only what the workload may see */
		if (!text_starts_with(egress->bind, TEXT("unix://")))
			return plan_fail(build, err, egress->at, "an egress listener needs a port");
	}

	const struct text bind = egress->bind.len > 0 ? egress->bind : TEXT("127.0.0.1");
	const int code =
		text_starts_with(bind, TEXT("unix://"))
			? address_parse(bind, &listen, NULL)
			: address_parse_ip(bind, (uint16_t)egress->port->number, &listen, NULL);

	if (code < 0)
		return plan_fail(build, err, egress->at,
				 "bind: '%.*s' is neither an IP address nor unix:///path",
				 TEXT_ARGS(bind));
	if (!address_is_loopback(&listen))
		plan_warn(build, egress->at,
			  "whoever can reach %.*s can speak as %s: an egress listener belongs on "
			  "127.0.0.1 or a unix socket",
			  TEXT_ARGS(bind), workload->spiffe_id);

	const enum app_protocol protocol =
		egress->port != NULL ? app_protocol_of(TEXT(""), egress->port->name,
						       egress->port->protocol, egress->port->number)
				     : PROTOCOL_HTTP;
	struct listener_plan *listener = plan_add_listener(build, &listen, egress->at);

	if (listener == NULL)
		return 0;
	listener->role = LISTENER_OUTBOUND;
	listener->workload = workload;
	listener->port = address_port(&listen);
	listener->mtls = MTLS_DISABLE;

	struct listener_server *server = add_single_server(build, listener, protocol);

	if (server->speech != SPEECH_HTTP)
		server->tcp = plan_outbound_tcp(build, workload, sidecar, egress);
	if (server->speech != SPEECH_TCP) {
		server->routes = plan_outbound_routes(build, workload, egress);
		plan_unknown_hosts(build, workload, sidecar, server->routes);
	}
	listener->takes_plain = true;
	listener->tells_tls = listener->reads_hello = server->tcp != NULL && server->tcp->asks_name;
	return 0;
}

/* ---- a workload ---- */

/* The Sidecar of a workload: selected by labels, else its namespace's, else the root namespace's.
 */
static const struct sidecar *find_sidecar(const struct plan *plan,
					  const struct workload_instance *instance)
{
	const struct resource_list all = resource_set_list(plan->resources, KIND_SIDECAR);
	const struct text root = resource_set_root_namespace(plan->resources);
	const struct sidecar *of_namespace = NULL, *of_mesh = NULL;

	for (size_t i = 0; i < all.count; i++) {
		const struct sidecar *sidecar = sidecar_of(all.items[i]);
		const struct workload_selector *selector = sidecar->workload_selector;
		const bool selects = selector != NULL && selector->match_labels.count > 0;

		if (text_equal(sidecar->meta.namespace, instance->namespace)) {
			if (selects && resource_selector_matches(selector, instance->labels))
				return sidecar;
			if (!selects && of_namespace == NULL)
				of_namespace = sidecar;
		} else if (!selects && of_mesh == NULL
			   && text_equal(sidecar->meta.namespace, root)) {
			of_mesh = sidecar;
		}
	}
	return of_namespace != NULL ? of_namespace : of_mesh;
}

static int add_sidecar(struct plan_build *build, const struct local_workload *workload,
		       struct error *err)
{
	const struct sidecar *sidecar = find_sidecar(build->plan, workload->instance);
	int code = 0;

	if (sidecar == NULL || sidecar->ingress.count == 0)
		add_own_ports(build, workload);
	plan_capture(build, workload, sidecar);
	if (sidecar == NULL)
		return 0;
	for (size_t i = 0; code == 0 && i < sidecar->ingress.count; i++)
		code = add_ingress(build, workload, &sidecar->ingress.items[i], err);
	for (size_t i = 0; code == 0 && i < sidecar->egress.count; i++)
		code = add_egress(build, workload, sidecar, &sidecar->egress.items[i], err);
	return code;
}

int plan_listeners(struct plan_build *build, struct error *err)
{
	struct plan *plan = build->plan;
	int code = 0;

	for (size_t i = 0; code == 0 && i < plan->workload_count; i++) {
		const struct local_workload *workload = &plan->workloads[i];

		if (workload->svid == NULL)
			continue; /* without an identity it can neither be reached nor speak */
		code = workload->is_gateway ? plan_gateways(build, workload, err)
					    : add_sidecar(build, workload, err);
	}
	plan_warn_uncaptured(build);
	return code;
}
