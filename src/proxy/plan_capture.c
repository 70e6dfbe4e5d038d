/* SPDX-License-Identifier: Apache-2.0 */
/* plan_capture.c — the listener to which the kernel brings a workload's connections (capture.h).
 *
 * It is what Istio calls virtualOutbound: HTTP goes by its Host, TLS by the name it asks for, other
 * bytes by the address they were sent to; what no resource names is left to outboundTrafficPolicy.
 * Which services there are for the workload says its Sidecar's egress listener without a port. */
#include "proxy/plan_parts.h"

#include "proxy/capture.h"

/* Without a protocolDetectionTimeout: a server that speaks first has to be asked some time. */
#define SILENCE_NS NS_PER_SEC

static bool is_of(const struct captured_workload *captured, const struct local_workload *workload)
{
	struct text rest = text_of(captured->workload);
	const struct text namespace = text_split(&rest, '/');

	return text_equal(namespace, workload->instance->namespace)
	       && text_equal(rest, workload->instance->name);
}

static const struct sidecar_egress *visible_to(const struct sidecar *sidecar)
{
	static const struct sidecar_egress everything;

	for (size_t i = 0; sidecar != NULL && i < sidecar->egress.count; i++)
		if (sidecar->egress.items[i].port == NULL)
			return &sidecar->egress.items[i];
	return &everything;
}

static void add_listener(struct plan_build *build, const struct local_workload *workload,
			 const struct sidecar *sidecar, const struct captured_workload *captured)
{
	const struct sidecar_egress *visible = visible_to(sidecar);
	struct listener_plan *listener =
		plan_add_listener(build, &captured->proxy, workload->instance->at);
	struct listener_server *server;

	if (listener == NULL)
		return;
	listener->role = LISTENER_OUTBOUND;
	listener->workload = workload;
	listener->port = address_port(&captured->proxy);
	listener->mtls = MTLS_DISABLE;
	listener->capture = captured->capture;
	listener->takes_plain = listener->tells_tls = listener->reads_hello = true;
	if (listener->detection_ns == 0)
		listener->detection_ns = SILENCE_NS;
	server = listener->servers = ARENA_NEW(&build->plan->arena, struct listener_server);
	listener->server_count = 1;
	server->speech = SPEECH_UNKNOWN;
	server->tcp = plan_captured_tcp(build, workload, sidecar, visible);
	server->routes = plan_outbound_routes(build, workload, visible);
	plan_unknown_hosts(build, workload, sidecar, server->routes);
}

void plan_capture(struct plan_build *build, const struct local_workload *workload,
		  const struct sidecar *sidecar)
{
	for (size_t i = 0; i < build->options->captured_count; i++)
		if (is_of(&build->options->captured[i], workload))
			add_listener(build, workload, sidecar, &build->options->captured[i]);
}

static bool is_local(const struct plan *plan, const struct captured_workload *captured)
{
	for (size_t i = 0; i < plan->workload_count; i++)
		if (!plan->workloads[i].is_gateway && is_of(captured, &plan->workloads[i]))
			return true;
	return false;
}

void plan_warn_uncaptured(struct plan_build *build)
{
	for (size_t i = 0; i < build->options->captured_count; i++)
		if (!is_local(build->plan, &build->options->captured[i]))
			plan_warn(build, (struct source_pos){ 0 },
				  "--capture: this proxy stands for no workload %s; the cgroup's "
				  "connections are refused",
				  build->options->captured[i].workload);
}
