/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_upstreams.h"

#include "proxy/mesh_tls.h"

#include <errno.h>

#define CONNECT_TIMEOUT_NS (10 * NS_PER_SEC)

static const char *upstream_key(struct plan_build *build, const struct reach *reach,
				const char *address, bool mtls)
{
	AUTO_BUFFER struct buffer key = { 0 };

	buffer_printf(&key, "%s|%llu", address, (unsigned long long)reach->connect_timeout_ns);
	if (!mtls && reach->is_http2)
		buffer_add_text(&key, "|h2");
	if (mtls) {
		buffer_printf(&key, "|%s|%s|%s", reach->workload->spiffe_id, reach->tls_key,
			      reach->server_name);
		for (size_t i = 0; i < reach->server_id_count; i++)
			buffer_printf(&key, "|%s", reach->server_ids[i]);
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
			       const struct address *address, bool mtls)
{
	struct plan *plan = build->plan;
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);

	const char *key = upstream_key(build, reach, text, mtls);
	struct upstream *upstream = map_get(&plan->upstream_by_key, text_of(key));

	if (upstream != NULL)
		return upstream;
	upstream = ARENA_NEW(&plan->arena, struct upstream);
	upstream->key = key;
	upstream->address = *address;
	upstream->address_text = arena_strdup(&plan->arena, text);
	upstream->connect_timeout_ns = reach->connect_timeout_ns;
	upstream->plain_http2 = !mtls && reach->is_http2;
	if (mtls) {
		upstream->tls = tls_context_ref(reach->tls);
		upstream->server_name = reach->server_name;
		upstream->server_ids = reach->server_ids;
		upstream->server_id_count = reach->server_id_count;
	}
	add_upstream(plan, upstream);
	return upstream;
}

/* ---- how to reach a service ---- */

static int openssl_version(enum tls_version version)
{
	switch (version) {
	case TLS_VERSION_AUTO:
		return 0;
	case TLS_VERSION_1_3:
		return TLS1_3_VERSION;
	default:
		return TLS1_2_VERSION; /* older ones are not spoken at all */
	}
}

/* The TLS 1.3 suites of the list, or NULL where it names none of them. */
static const char *suites_of(struct plan_build *build, const struct text_list *list, bool tls13)
{
	AUTO_BUFFER struct buffer names = { 0 };

	for (size_t i = 0; i < list->count; i++)
		if (text_starts_with(list->items[i], TEXT("TLS_AES_"))
				    || text_starts_with(list->items[i], TEXT("TLS_CHACHA20_"))
			    ? tls13
			    : !tls13)
			buffer_printf(&names, "%s%.*s", names.len > 0 ? ":" : "",
				      TEXT_ARGS(list->items[i]));
	return names.len > 0 ? arena_strndup(&build->plan->arena, names.data, names.len) : NULL;
}

/* TLS settings of a rule that differ from the mesh's: a context of their own. */
static void limit_tls(struct plan_build *build, struct reach *reach,
		      const struct client_tls_settings *settings)
{
	const struct tls_limits limits = {
		.min_version = openssl_version(settings->min_protocol_version),
		.max_version = openssl_version(settings->max_protocol_version),
		.ciphers = suites_of(build, &settings->cipher_suites, false),
		.cipher_suites = suites_of(build, &settings->cipher_suites, true),
	};
	struct error err = { 0 };

	if (limits.min_version == 0 && limits.max_version == 0 && limits.ciphers == NULL
	    && limits.cipher_suites == NULL)
		return;

	struct tls_context *context = NULL;

	if (mesh_client_context(reach->workload->svid, build->trust, &limits, &context, &err) < 0) {
		plan_warn(build, settings->at, "these TLS settings cannot be used: %s", err.text);
		reach->tls = NULL; /* fails closed: its endpoints are not reached */
		return;
	}
	reach->tls = context;
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

static void apply_tls_mode(struct plan_build *build, struct reach *reach,
			   const struct client_tls_settings *settings)
{
	switch (settings->mode) {
	case CLIENT_TLS_DISABLE:
		reach->never_mtls = true;
		break;
	case CLIENT_TLS_ISTIO_MUTUAL:
		reach->always_mtls = true;
		limit_tls(build, reach, settings);
		break;
	default:
		plan_warn(build, settings->at,
			  "TLS mode SIMPLE and MUTUAL towards destinations outside the mesh is not "
			  "enforced yet; requests to it are refused with 503");
		reach->always_mtls = true;
		reach->tls = NULL;
	}
}

struct reach plan_reach(struct plan_build *build, const struct local_workload *workload,
			const struct mesh_service *service, const struct mesh_service_port *port,
			const struct traffic *traffic, const char *name)
{
	const struct optional_duration *timeout = &build->mesh->connect_timeout;
	const struct text_list *names = service->subject_alt_names;
	struct reach reach = { .workload = workload,
			       .tls = workload->client_tls,
			       .tls_key = "",
			       .server_name = name,
			       .is_http2 = port->protocol == PROTOCOL_HTTP2,
			       .never_mtls = service->is_external };

	if (traffic->pool != NULL && traffic->pool->tcp != NULL
	    && traffic->pool->tcp->connect_timeout.is_set)
		timeout = &traffic->pool->tcp->connect_timeout;
	reach.connect_timeout_ns = timeout->is_set ? timeout->ns : CONNECT_TIMEOUT_NS;
	if (traffic->tls != NULL) {
		reach.never_mtls = false;
		apply_tls_mode(build, &reach, traffic->tls);
		if (traffic->tls->subject_alt_names.count > 0)
			names = &traffic->tls->subject_alt_names;
		if (traffic->tls->sni.len > 0)
			reach.server_name = traffic->tls->sni.ptr;
	}
	expect_servers(build, &reach, service, port, names);
	return reach;
}

bool plan_reach_wants_tls(struct plan_build *build, const struct reach *reach,
			  const struct service_endpoint *endpoint)
{
	if (reach->never_mtls)
		return false;
	if (reach->always_mtls)
		return true;
	if (!endpoint->speaks_mtls
	    || (build->mesh->enable_auto_mtls.is_set && !build->mesh->enable_auto_mtls.value))
		return false;

	const struct policy_target target = { .namespace = endpoint->namespace,
					      .labels = endpoint->labels };
	AUTO(workload_policy_unref)
	struct workload_policy *policy = policy_select(build->plan->policy, &target);

	return policy_mtls_mode(policy, address_port(&endpoint->address)) != MTLS_DISABLE;
}

struct reach plan_reach_plain(const struct local_workload *workload)
{
	return (struct reach){ .workload = workload,
			       .never_mtls = true,
			       .connect_timeout_ns = CONNECT_TIMEOUT_NS };
}

void plan_reach_done(struct reach *reach)
{
	if (reach->tls != reach->workload->client_tls)
		tls_context_unref(reach->tls);
}
