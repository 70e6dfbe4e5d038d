/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_upstreams.h"

#include "proxy/client_tls.h"
#include "proxy/mesh_tls.h"
#include "proxy/plan_tls.h"

#include <errno.h>

/* What is offered (ALPN): inside the mesh nothing means what its context has. */
static const struct text offers[2][HTTP_AS_CLIENT] = {
	[false] = { [HTTP_ONLY_1] = { "\x0eistio-http/1.1"
				      "\x0eistio-http/1.0"
				      "\x05istio"
				      "\x08http/1.1",
				      45 },
		    [HTTP_ONLY_2] = { "\x08istio-h2"
				      "\x02h2",
				      12 } },
	[true] = { [HTTP_AS_AGREED] = { "\x02h2"
					"\x08http/1.1",
					12 },
		   [HTTP_ONLY_1] = { "\x08http/1.1", 9 },
		   [HTTP_ONLY_2] = { "\x02h2", 3 } },
};

/* All that makes connections of one upstream unfit for another. */
static const char *upstream_key(struct plan_build *build, const struct reach *reach,
				const struct upstream *upstream)
{
	const struct connection_terms *terms = &upstream->terms;
	AUTO_BUFFER struct buffer key = { 0 };

	buffer_printf(&key, "%s|%s|%s|%.*s|%d%u", upstream->address_text,
		      reach->workload->spiffe_id, reach->cluster_name, TEXT_ARGS(upstream->offers),
		      upstream->plain_http2, upstream->proxy_version);
	buffer_printf(&key, "|%llu,%llu,%llu", (unsigned long long)terms->connect_timeout_ns,
		      (unsigned long long)terms->idle_ns, (unsigned long long)terms->duration_ns);
	buffer_printf(&key, "|%u,%u,%u,%u,%u", terms->keepalive_s, terms->keepalive_interval_s,
		      terms->keepalive_probes, terms->requests_each, terms->streams_each);
	buffer_printf(&key, "|%u,%u,%u", terms->max_connections, terms->max_waiting,
		      terms->max_requests);
	if (upstream->tls != NULL) {
		buffer_printf(&key, "|%s|%s", reach->tls_key,
			      upstream->server_name != NULL ? upstream->server_name : "");
		for (size_t i = 0; i < upstream->server_id_count; i++)
			buffer_printf(&key, "|%s", upstream->server_ids[i]);
	}
	return arena_strndup(&build->plan->arena, key.data, key.len);
}

static void add_upstream(struct plan *plan, struct upstream *upstream)
{
	if (plan->upstream_count == plan->upstream_capacity) {
		plan->upstream_capacity = MAX_OF(plan->upstream_capacity * 2, (size_t)16);
		plan->upstreams = mem_realloc_array(plan->upstreams, plan->upstream_capacity,
						    sizeof(struct upstream *));
	}
	upstream->index = plan->upstream_count;
	plan->upstreams[plan->upstream_count++] = upstream;
	map_put(&plan->upstream_by_key, text_of(upstream->key), upstream);
}

struct upstream *plan_upstream(struct plan_build *build, const struct reach *reach,
			       const struct address *address, bool tls, enum http_choice http)
{
	struct arena *arena = &build->plan->arena;
	struct upstream *upstream = ARENA_NEW(arena, struct upstream);
	const struct upstream *same;
	char text[ADDRESS_TEXT_MAX];

	upstream->address = *address;
	upstream->address_text = arena_strndup(arena, text, address_format(address, text));
	upstream->terms = reach->terms;
	upstream->counters = reach->counters;
	upstream->proxy_version = reach->proxy_version;
	upstream->plain_http2 = !tls && http == HTTP_ONLY_2;
	if (tls) {
		upstream->tls = reach->tls;
		upstream->server_name = reach->server_name;
		upstream->server_ids = reach->server_ids;
		upstream->server_id_count = reach->server_id_count;
		upstream->offers = offers[reach->leaves_mesh][http];
		upstream->leaves_mesh = reach->leaves_mesh;
	}
	upstream->key = upstream_key(build, reach, upstream);
	same = map_get(&build->plan->upstream_by_key, text_of(upstream->key));
	if (same != NULL)
		return (struct upstream *)same;
	tls_context_ref(upstream->tls);
	add_upstream(build->plan, upstream);
	return upstream;
}

/* ---- how to reach a service ---- */

static struct tls_limits limits_of(struct plan_build *build,
				   const struct client_tls_settings *settings)
{
	return plan_tls_limits(build, settings->min_protocol_version,
			       settings->max_protocol_version, &settings->cipher_suites);
}

/* TLS settings of a rule that differ from the mesh's: a context of their own. */
static void limit_mesh_tls(struct plan_build *build, struct reach *reach,
			   const struct client_tls_settings *settings)
{
	const struct tls_limits limits = limits_of(build, settings);
	struct error err = { 0 };

	if (limits.min_version == 0 && limits.max_version == 0 && limits.ciphers == NULL
	    && limits.cipher_suites == NULL)
		return;
	reach->tls = NULL; /* fails closed: its endpoints are not reached */
	if (mesh_client_context(reach->workload->svid, build->trust, &limits, &reach->owned, &err)
	    < 0) {
		plan_warn(build, settings->at, "these TLS settings cannot be used: %s", err.text);
		return;
	}
	reach->tls = reach->owned;
	reach->tls_key = arena_printf(&build->plan->arena, "%d-%d-%s-%s", limits.min_version,
				      limits.max_version, limits.ciphers ? limits.ciphers : "",
				      limits.cipher_suites ? limits.cipher_suites : "");
}

static void expect_server(struct plan_build *build, struct reach *reach, const char *id)
{
	for (size_t i = 0; i < reach->server_id_count; i++)
		if (strcmp(reach->server_ids[i], id) == 0)
			return;
	reach->server_ids[reach->server_id_count++] = arena_strdup(&build->plan->arena, id);
}

/* The identities the servers may have: what a rule or the service says, else the accounts of all
 * endpoints (istio: the service accounts of the service). */
static void expect_servers(struct plan_build *build, struct reach *reach,
			   const struct mesh_service *service, const struct mesh_service_port *port,
			   const struct text_list *names)
{
	char id[SPIFFE_ID_MAX + 1];

	reach->server_ids = ARENA_ARRAY(&build->plan->arena,
					port->endpoint_count + (names != NULL ? names->count : 0),
					const char *);
	for (size_t i = 0; names != NULL && i < names->count; i++)
		expect_server(build, reach, names->items[i].ptr);
	for (size_t i = 0; names == NULL && i < port->endpoint_count; i++) {
		const struct service_endpoint *endpoint = &port->endpoints[i];

		if (endpoint->service_account.len > 0
		    && spiffe_id_of_service_account(id, text_of(build->plan->trust_domain),
						    endpoint->namespace.len > 0
							    ? endpoint->namespace
							    : service->namespace,
						    endpoint->service_account, NULL)
			       >= 0)
			expect_server(build, reach, id);
	}
}

/* The host is asked for by its name, unless it is a pattern. */
static const char *name_of_host(const struct mesh_service *service)
{
	return service->host.ptr[0] != '*' ? service->host.ptr : NULL;
}

static void leave_mesh(struct plan_build *build, struct reach *reach,
		       const struct mesh_service *service,
		       const struct client_tls_settings *settings, const struct text_list *names)
{
	const struct tls_limits limits = limits_of(build, settings);
	const struct client_tls made =
		client_tls_context(build, reach->workload, settings, &limits, names);

	reach->leaves_mesh = true;
	reach->tls = made.context;
	reach->tls_key = made.key;
	reach->server_name = name_of_host(service);
}

static void apply_tls(struct plan_build *build, struct reach *reach,
		      const struct mesh_service *service,
		      const struct client_tls_settings *settings, const struct text_list *names)
{
	reach->always_tls = settings->mode != CLIENT_TLS_DISABLE;
	reach->never_tls = settings->mode == CLIENT_TLS_DISABLE;
	if (settings->mode == CLIENT_TLS_ISTIO_MUTUAL)
		limit_mesh_tls(build, reach, settings);
	else if (settings->mode != CLIENT_TLS_DISABLE)
		leave_mesh(build, reach, service, settings, names);
	if (settings->sni.len > 0)
		reach->server_name = settings->sni.ptr;
}

struct reach plan_reach(struct plan_build *build, const struct local_workload *workload,
			const struct mesh_service *service, const struct mesh_service_port *port,
			const struct traffic *traffic, const struct cluster *cluster,
			const char *server_name)
{
	const struct text_list *names = service->subject_alt_names;
	struct reach reach = { .workload = workload,
			       .tls = workload->client_tls,
			       .tls_key = "",
			       .server_name = server_name,
			       .never_tls = service->is_external,
			       .http = plan_http_choice(build, traffic->pool, port->protocol),
			       .cluster_name = cluster->name,
			       .counters = cluster->state,
			       .terms = plan_terms(build, traffic->pool) };

	if (traffic->proxy != NULL)
		reach.proxy_version = traffic->proxy->version == PROXY_PROTOCOL_V1 ? 1 : 2;
	if (traffic->tls != NULL && traffic->tls->subject_alt_names.count > 0)
		names = &traffic->tls->subject_alt_names;
	if (traffic->tls != NULL)
		apply_tls(build, &reach, service, traffic->tls, names);
	if (!reach.leaves_mesh)
		expect_servers(build, &reach, service, port, names);
	return reach;
}

bool plan_reach_wants_tls(struct plan_build *build, const struct reach *reach,
			  const struct service_endpoint *endpoint)
{
	if (reach->never_tls)
		return false;
	if (reach->always_tls)
		return true;
	if (!endpoint->speaks_mtls
	    || (build->mesh->enable_auto_mtls.is_set && !build->mesh->enable_auto_mtls.value))
		return false;

	const struct policy_target target = { .namespace = endpoint->namespace,
					      .labels = endpoint->labels };
	AUTO(workload_policy_unref)
	struct workload_policy *policy = policy_select(build->plan->policy, &target);

	return policy_mtls_mode(policy, endpoint->name.len > 0 ? endpoint->port
							       : address_port(&endpoint->address))
	       != MTLS_DISABLE;
}

struct reach plan_reach_plain(const struct plan_build *build, const struct local_workload *workload,
			      const struct cluster *cluster)
{
	return (struct reach){ .workload = workload,
			       .never_tls = true,
			       .cluster_name = cluster->name,
			       .counters = cluster->state,
			       .terms = plan_terms(build, NULL) };
}

void plan_reach_done(struct reach *reach)
{
	tls_context_unref(TAKE(reach->owned));
}

const struct upstream *plan_dynamic_upstream(struct plan_build *build, const struct reach *reach,
					     bool tls)
{
	static const struct address nowhere;

	return plan_upstream(build, reach, &nowhere, tls,
			     reach->http == HTTP_AS_CLIENT ? HTTP_ONLY_1 : reach->http);
}
