/* SPDX-License-Identifier: Apache-2.0 */
/* plan_gateways.c — the listeners of a gateway: a port of its servers each, certificates chosen by
 * SNI. */
#include "proxy/gateway_tls.h"
#include "proxy/plan_parts.h"

#include <errno.h>

static bool is_https(const struct gateway_server *server)
{
	return text_equal_nocase(server->port->protocol, TEXT("HTTPS"));
}

static bool is_http(const struct gateway_server *server)
{
	return text_equal_nocase(server->port->protocol, TEXT("HTTP"))
	       || text_equal_nocase(server->port->protocol, TEXT("HTTP2"))
	       || text_equal_nocase(server->port->protocol, TEXT("GRPC"))
	       || text_equal_nocase(server->port->protocol, TEXT("GRPC-WEB"));
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
					 bool tls)
{
	if (!tls && listener->server_count > 0)
		return &listener->servers[0];

	struct listener_server *server = append_server(build, listener);

	server->routes = ARENA_NEW(&build->plan->arena, struct route_table);
	return server;
}

static struct listener_plan *listener_for(struct plan_build *build,
					  const struct local_workload *workload,
					  const struct gateway_server *from, bool tls)
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
		if ((listener->tls != NULL) == tls)
			return listener;
		plan_warn(build, from->at,
			  "port %u is %s for another server; the older one keeps it",
			  from->port->number, listener->tls != NULL ? "HTTPS" : "HTTP");
		return NULL;
	}
	listener = plan_add_listener(build, &address, from->at);
	if (listener == NULL)
		return NULL;
	listener->role = LISTENER_GATEWAY;
	listener->workload = workload;
	listener->port = (uint16_t)from->port->number;
	listener->mtls = MTLS_DISABLE;
	return listener;
}

static int add_server(struct plan_build *build, const struct local_workload *workload,
		      const struct gateway *gateway, const struct gateway_server *from,
		      struct error *err)
{
	const bool tls = is_https(from);
	struct tls_context *context = NULL, *front = NULL;

	if (from->port == NULL || !(tls || is_http(from))) {
		plan_warn(build, from->at, "protocol %.*s of a gateway is not served yet",
			  TEXT_ARGS(from->port != NULL ? from->port->protocol : TEXT("")));
		return 0;
	}
	if (tls) {
		const int code =
			gateway_tls_contexts(build, workload, gateway, from, &context, &front, err);

		if (code < 0)
			return code;
	}

	struct listener_plan *listener = listener_for(build, workload, from, tls);

	if (listener == NULL) {
		tls_context_unref(context);
		tls_context_unref(front);
		return 0;
	}
	if (listener->tls == NULL)
		listener->tls = front;
	else
		tls_context_unref(front);

	struct listener_server *server = server_on(build, listener, tls);

	server->hosts = from->hosts;
	server->tls = context;
	server->redirect_to_https = from->tls != NULL && from->tls->https_redirect && !tls;
	plan_gateway_routes(build, workload, gateway, from, server->routes);
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
