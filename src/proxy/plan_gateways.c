/* SPDX-License-Identifier: Apache-2.0 */
/* plan_gateways.c — the listeners of a gateway: a port of its servers each, certificates chosen by
 * SNI. */
#include "proxy/gateway_tls.h"
#include "proxy/plan_parts.h"

#include <errno.h>

/* What the protocols of a server's port mean (facts 1.6). */
static const struct gateway_protocol {
	struct text name;
	bool tls;
	enum listener_speech speech; /* inside TLS, if there is */
} protocols[] = {
	{ { "HTTP", 4 }, false, SPEECH_HTTP }, { { "HTTP2", 5 }, false, SPEECH_HTTP },
	{ { "GRPC", 4 }, false, SPEECH_HTTP }, { { "GRPC-WEB", 8 }, false, SPEECH_HTTP },
	{ { "HTTPS", 5 }, true, SPEECH_HTTP }, { { "TLS", 3 }, true, SPEECH_TCP },
	{ { "TCP", 3 }, false, SPEECH_TCP },   { { "MONGO", 5 }, false, SPEECH_TCP },
	{ { "MYSQL", 5 }, false, SPEECH_TCP }, { { "REDIS", 5 }, false, SPEECH_TCP },
};

static const struct gateway_protocol *find_protocol(const struct gateway_server *server)
{
	for (size_t i = 0; server->port != NULL && i < COUNT_OF(protocols); i++)
		if (text_equal_nocase(server->port->protocol, protocols[i].name))
			return &protocols[i];
	return NULL;
}

static struct listener_plan *find_listener(struct plan *plan, const struct address *address)
{
	for (size_t i = 0; i < plan->listener_count; i++)
		if (plan->listeners[i].role == LISTENER_GATEWAY
		    && address_equal(&plan->listeners[i].address, address))
			return &plan->listeners[i];
	return NULL;
}

static struct listener_server *append_server(struct plan_build *build,
					     struct listener_plan *listener)
{
	struct listener_server *grown = ARENA_ARRAY(&build->plan->arena, listener->server_count + 1,
						    struct listener_server);

	if (listener->server_count > 0)
		memcpy(grown, listener->servers, listener->server_count * sizeof(*grown));
	listener->servers = grown;
	return &grown[listener->server_count++];
}

/* Plain servers of one port share their hosts; each TLS server has its own, behind its certificate.
 */
static struct listener_server *server_on(struct plan_build *build, struct listener_plan *listener,
					 const struct gateway_protocol *protocol)
{
	if (!protocol->tls && listener->server_count > 0)
		return &listener->servers[0];

	struct listener_server *server = append_server(build, listener);

	server->speech = protocol->speech;
	server->routes = ARENA_NEW(&build->plan->arena, struct route_table);
	return server;
}

static const char *what_it_speaks(const struct listener_plan *listener)
{
	if (listener->servers[0].speech == SPEECH_TCP)
		return listener->by_name ? "TLS" : "TCP";
	return listener->by_name ? "HTTPS" : "HTTP";
}

static bool wants_proxy_header(const struct mesh_config *mesh)
{
	const struct proxy_config *config = mesh->default_config;

	return config != NULL && config->gateway_topology != NULL
	       && config->gateway_topology->has_proxy_protocol;
}

static struct listener_plan *listener_for(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct gateway_server *from,
					  const struct gateway_protocol *protocol)
{
	const struct text bind = from->bind.len > 0 ? from->bind : TEXT("0.0.0.0");
	struct address address;

	if (address_parse_ip(bind, (uint16_t)from->port->number, &address, NULL) < 0) {
		plan_warn(build, from->at, "bind: '%.*s' is no IP address; this server is left out",
			  TEXT_ARGS(bind));
		return NULL;
	}

	struct listener_plan *listener = find_listener(build->plan, &address);

	if (listener != NULL) {
		if (listener->by_name == protocol->tls
		    && (protocol->tls || listener->servers[0].speech == protocol->speech))
			return listener;
		plan_warn(build, from->at,
			  "port %u is %s for another server; the older one keeps it",
			  from->port->number, what_it_speaks(listener));
		return NULL;
	}
	listener = plan_add_listener(build, &address, from->at);
	if (listener == NULL)
		return NULL;
	listener->role = LISTENER_GATEWAY;
	listener->workload = workload;
	listener->port = (uint16_t)from->port->number;
	listener->mtls = MTLS_DISABLE;
	listener->takes_plain = !protocol->tls;
	listener->by_name = protocol->tls;
	listener->wants_proxy_header = wants_proxy_header(build->mesh);
	return listener;
}

static bool is_passthrough(const struct gateway_server *server)
{
	return server->tls != NULL && server->tls->mode == SERVER_TLS_PASSTHROUGH;
}

static int add_server(struct plan_build *build, const struct local_workload *workload,
		      const struct gateway *gateway, const struct gateway_server *from,
		      struct error *err)
{
	const struct gateway_protocol *protocol = find_protocol(from);
	struct gateway_tls tls = { 0 };

	if (protocol == NULL) {
		plan_warn(build, from->at,
			  "protocol '%.*s' is none a gateway speaks (HTTP, HTTPS, HTTP2, GRPC, "
			  "GRPC-WEB, TLS, TCP, MONGO, MYSQL, REDIS); this server is left out",
			  TEXT_ARGS(from->port != NULL ? from->port->protocol : TEXT("")));
		return 0;
	}
	if (protocol->tls && is_passthrough(from) && from->tls->credential_name.len > 0)
		plan_warn(build, from->tls->at,
			  "this server has a certificate, but its mode is PASSTHROUGH (as it is "
			  "where "
			  "none is written): its TLS is passed on unopened");
	if (protocol->tls && !is_passthrough(from)) {
		const int code = gateway_tls_contexts(build, workload, gateway, from, &tls, err);

		if (code < 0)
			return code;
	}

	struct listener_plan *listener = listener_for(build, workload, from, protocol);

	if (listener == NULL) {
		tls_context_unref(tls.own);
		tls_context_unref(tls.front);
		return 0;
	}
	if (listener->tls == NULL)
		listener->tls = tls.front;
	else
		tls_context_unref(tls.front);

	struct listener_server *server = server_on(build, listener, protocol);

	server->hosts = from->hosts;
	server->tls = tls.own;
	server->demand = tls.demand;
	server->is_passthrough = protocol->tls && is_passthrough(from);
	if (server->is_passthrough) {
		server->speech = SPEECH_TCP;
		listener->tells_tls = listener->reads_hello = true;
	}
	if (server->speech == SPEECH_TCP)
		server->tcp = plan_gateway_tcp(build, workload, gateway, from);
	else
		plan_gateway_routes(build, workload, gateway, from,
				    !protocol->tls && from->tls != NULL
					    && from->tls->https_redirect,
				    server->routes);
	return 0;
}

int plan_gateways(struct plan_build *build, const struct local_workload *workload,
		  struct error *err)
{
	const struct resource_list all = resource_set_list(build->plan->resources, KIND_GATEWAY);
	int code = 0;

	for (size_t i = 0; code == 0 && i < all.count; i++) {
		const struct gateway *gateway = gateway_of(all.items[i]);

		if (!resource_labels_match(workload->instance->labels, &gateway->selector))
			continue;
		for (size_t s = 0; code == 0 && s < gateway->servers.count; s++)
			code = add_server(build, workload, gateway, &gateway->servers.items[s],
					  err);
	}
	return code;
}
