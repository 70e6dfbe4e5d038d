/* SPDX-License-Identifier: Apache-2.0 */
/* plan_clusters.c — how each destination is reached: endpoints, identity, TLS.
 *
 * DestinationRule lookup and merging as istio:pilot/pkg/model/destination_rule.go (facts 1.5). */
#include "proxy/mesh_tls.h"
#include "proxy/plan_parts.h"

#include <errno.h>

#define CONNECT_TIMEOUT_NS (10 * NS_PER_SEC)

/* ---- DestinationRules ---- */

static bool host_covers(struct text rule_host, const struct mesh_service *service,
			struct text namespace)
{
	if (rule_host.len > 0 && rule_host.ptr[0] == '*')
		return text_ends_with_nocase(service->host, text_from(rule_host, 1));
	if (text_equal_nocase(rule_host, service->host))
		return true;
	/* a short name is one of the rule's own namespace */
	return service->is_kubernetes && text_equal(service->namespace, namespace)
	       && text_equal_nocase(rule_host, service->name);
}

static bool rule_selects(const struct destination_rule *rule, const struct local_workload *workload)
{
	if (rule->workload_selector == NULL)
		return true;
	return text_equal(rule->meta.namespace, workload->instance->namespace)
	       && resource_selector_matches(rule->workload_selector, workload->instance->labels);
}

static bool is_exported(const struct destination_rule *rule, struct text to)
{
	if (rule->export_to.count == 0 || text_list_has(&rule->export_to, TEXT("*")))
		return true;
	return text_list_has(&rule->export_to, to)
	       || (text_list_has(&rule->export_to, TEXT("."))
		   && text_equal(rule->meta.namespace, to));
}

/* The most specific rule of one namespace: exact host, then the longest wildcard. */
static const struct destination_rule *rule_in(const struct plan_build *build,
					      const struct local_workload *workload,
					      const struct mesh_service *service,
					      struct text namespace)
{
	const struct resource_list rules =
		resource_set_list(build->plan->resources, KIND_DESTINATION_RULE);
	const struct destination_rule *best = NULL;

	for (size_t i = 0; i < rules.count; i++) {
		const struct destination_rule *rule = destination_rule_of(rules.items[i]);

		if (!text_equal(rule->meta.namespace, namespace)
		    || !host_covers(rule->host, service, namespace) || !rule_selects(rule, workload)
		    || !is_exported(rule, workload->instance->namespace))
			continue;
		if (rule->host.ptr[0] != '*')
			return rule;
		if (best == NULL || rule->host.len > best->host.len)
			best = rule;
	}
	return best;
}

static const struct destination_rule *find_rule(const struct plan_build *build,
						const struct local_workload *workload,
						const struct mesh_service *service)
{
	const struct text namespaces[] = {
		workload->instance->namespace,
		service->namespace,
		resource_set_root_namespace(build->plan->resources),
	};

	for (size_t i = 0; i < COUNT_OF(namespaces); i++) {
		const struct destination_rule *rule =
			rule_in(build, workload, service, namespaces[i]);

		if (rule != NULL)
			return rule;
	}
	return NULL;
}

static const struct destination_subset *find_subset(const struct destination_rule *rule,
						    struct text name)
{
	for (size_t i = 0; rule != NULL && i < rule->subsets.count; i++)
		if (text_equal(rule->subsets.items[i].name, name))
			return &rule->subsets.items[i];
	return NULL;
}

struct traffic { /* the blocks of a traffic policy that hold for one port; each may be NULL */
	const struct client_tls_settings *tls;
	const struct connection_pool_settings *pool;
};

static struct traffic traffic_of(const struct traffic_policy *policy, uint32_t port)
{
	if (policy == NULL)
		return (struct traffic){ 0 };
	for (size_t i = 0; i < policy->port_level_settings.count; i++) {
		const struct port_traffic_policy *own = &policy->port_level_settings.items[i];

		if (own->port == port) /* replaces everything: what it omits is not inherited */
			return (struct traffic){ own->tls, own->connection_pool };
	}
	return (struct traffic){ policy->tls, policy->connection_pool };
}

static struct traffic merge_traffic(const struct destination_rule *rule,
				    const struct destination_subset *subset, uint32_t port)
{
	struct traffic traffic = traffic_of(rule != NULL ? rule->traffic_policy : NULL, port);

	if (subset != NULL) { /* whole blocks of a subset replace those of the rule */
		const struct traffic own = traffic_of(subset->traffic_policy, port);

		traffic.tls = own.tls != NULL ? own.tls : traffic.tls;
		traffic.pool = own.pool != NULL ? own.pool : traffic.pool;
	}
	return traffic;
}

/* ---- upstreams ---- */

struct reach { /* how the endpoints of a cluster are spoken to */
	const struct local_workload *workload;
	struct tls_context *tls; /* for endpoints with mutual TLS; borrowed */
	const char *tls_key;     /* tells contexts of different settings apart */
	bool always_mtls, never_mtls;
	bool is_http2; /* what plain endpoints speak */
	const char *server_name;
	const char **server_ids;
	size_t server_id_count;
	uint64_t connect_timeout_ns;
};

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

static struct upstream *upstream_of(struct plan_build *build, const struct reach *reach,
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

static struct reach reach_of(struct plan_build *build, const struct local_workload *workload,
			     const struct mesh_service *service,
			     const struct mesh_service_port *port, const struct traffic *traffic,
			     const char *name)
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

/* Auto mutual TLS: to who has a proxy, unless the workload over there takes plain text alone. */
static bool wants_mtls(struct plan_build *build, const struct reach *reach,
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

static void add_endpoint(struct plan_build *build, struct cluster *cluster,
			 const struct reach *reach, const struct service_endpoint *endpoint)
{
	const bool mtls = wants_mtls(build, reach, endpoint);

	if (endpoint->name != NULL) {
		plan_warn(build, (struct source_pos){ 0 },
			  "%s is a name, which is not looked up yet: write IP addresses",
			  endpoint->name);
		return;
	}
	if (mtls && reach->tls == NULL)
		return; /* no identity, or settings that cannot be used: better no way than a plain
			   one */
	cluster->endpoints[cluster->endpoint_count++] = (struct cluster_endpoint){
		.upstream = upstream_of(build, reach, &endpoint->address, mtls),
		.weight = endpoint->weight,
		.workload = endpoint->workload,
		.namespace = endpoint->namespace,
	};
	cluster->total_weight += endpoint->weight;
}

/* ---- clusters ---- */

struct cluster *plan_service_cluster(struct plan_build *build,
				     const struct local_workload *workload,
				     const struct mesh_service *service,
				     const struct mesh_service_port *port, struct text subset)
{
	struct arena *arena = &build->plan->arena;
	const struct destination_rule *rule = find_rule(build, workload, service);
	const struct destination_subset *part = find_subset(rule, subset);
	const struct traffic traffic = merge_traffic(rule, part, port->number);
	struct cluster *cluster = ARENA_NEW(arena, struct cluster);
	/* the SNI Istio's own proxies send inside the mesh */
	const char *server_name = arena_printf(arena, "outbound_.%u_.%.*s_.%.*s", port->number,
					       TEXT_ARGS(subset), TEXT_ARGS(service->host));
	struct reach reach = reach_of(build, workload, service, port, &traffic, server_name);

	cluster->name = arena_printf(arena, "outbound|%u|%.*s|%.*s", port->number,
				     TEXT_ARGS(subset), TEXT_ARGS(service->host));
	cluster->service_name = service->name;
	cluster->service_namespace = service->namespace;
	cluster->service_host = service->host;
	cluster->protocol = port->protocol;
	cluster->is_known = subset.len == 0 || part != NULL;
	cluster->endpoints = ARENA_ARRAY(arena, port->endpoint_count, struct cluster_endpoint);
	for (size_t i = 0; cluster->is_known && i < port->endpoint_count; i++)
		if (part == NULL || resource_labels_match(port->endpoints[i].labels, &part->labels))
			add_endpoint(build, cluster, &reach, &port->endpoints[i]);
	if (reach.tls != workload->client_tls)
		tls_context_unref(reach.tls);
	return cluster;
}

static struct cluster *unknown_cluster(struct plan_build *build, struct text host, uint32_t port,
				       struct text subset)
{
	struct cluster *cluster = ARENA_NEW(&build->plan->arena, struct cluster);

	cluster->name = arena_printf(&build->plan->arena, "outbound|%u|%.*s|%.*s", port,
				     TEXT_ARGS(subset), TEXT_ARGS(host));
	cluster->service_host = host;
	return cluster;
}

struct cluster *plan_cluster(struct plan_build *build, const struct local_workload *workload,
			     struct text host, struct text namespace, uint32_t port,
			     struct text subset, uint32_t listener_port)
{
	const struct mesh_service *service = registry_find(&build->plan->registry, host, namespace);

	if (service == NULL)
		return unknown_cluster(build, host, port, subset);
	if (port == 0 && service->port_count != 1)
		port = listener_port;

	const struct mesh_service_port *found = mesh_service_port(service, port);

	if (found == NULL)
		return unknown_cluster(build, service->host, port, subset);
	return plan_service_cluster(build, workload, service, found, subset);
}

struct cluster *plan_application_cluster(struct plan_build *build,
					 const struct local_workload *workload, uint16_t port,
					 const struct address *application)
{
	struct arena *arena = &build->plan->arena;
	const struct reach reach = { .workload = workload,
				     .connect_timeout_ns = CONNECT_TIMEOUT_NS };
	struct cluster *cluster = ARENA_NEW(arena, struct cluster);

	cluster->name = arena_printf(arena, "inbound|%u||", port);
	cluster->service_name = workload->instance->name;
	cluster->service_namespace = workload->instance->namespace;
	cluster->is_known = true;
	cluster->endpoints = ARENA_NEW(arena, struct cluster_endpoint);
	cluster->endpoint_count = 1;
	cluster->total_weight = 1;
	cluster->endpoints[0] = (struct cluster_endpoint){
		.upstream = upstream_of(build, &reach, application, false),
		.weight = 1,
		.workload = workload->instance->name,
		.namespace = workload->instance->namespace,
	};
	return cluster;
}
