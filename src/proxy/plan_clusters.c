/* SPDX-License-Identifier: Apache-2.0 */
/* plan_clusters.c — each destination as one workload sees it: which endpoints, and how they are
 * chosen among. A workload has each of its clusters once, however many routes lead there. */
#include "proxy/balance.h"
#include "proxy/cluster_state.h"
#include "proxy/outlier.h"
#include "proxy/plan_locality.h"
#include "proxy/plan_upstreams.h"

/* ---- clusters of a plan ---- */

static struct text cluster_key(struct plan_build *build, const struct local_workload *workload,
			       const char *name)
{
	return text_of(arena_printf(&build->plan->arena, "%s|%s", workload->spiffe_id, name));
}

/* What the plan in force knows of a cluster goes on (`old`); else it begins. */
static struct cluster *new_cluster(struct plan_build *build, struct text key, const char *name,
				   const struct cluster *old)
{
	struct cluster *cluster = ARENA_NEW(&build->plan->arena, struct cluster);

	cluster->name = name;
	cluster->state = old != NULL ? cluster_state_ref(old->state) : cluster_state_new();
	cluster->balancer = &balance_least_request;
	map_put(&build->plan->clusters, key, cluster);
	return cluster;
}

static const struct cluster *old_cluster(const struct plan_build *build, struct text key)
{
	const struct plan *before = build->options->before;

	return before != NULL ? map_get(&before->clusters, key) : NULL;
}

static struct host_state *state_of(const struct cluster *old, const struct address *address)
{
	if (old == NULL)
		return host_state_new(0);
	for (size_t i = 0; i < old->endpoint_count; i++)
		if (address_equal(&old->endpoints[i].upstream->address, address))
			return host_state_ref(old->endpoints[i].state);
	return host_state_new(clock_monotonic_ns());
}

void plan_cluster_release(struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->endpoint_count; i++)
		host_state_unref(cluster->endpoints[i].state);
	cluster_state_unref(cluster->state);
}

/* ---- balancing ---- */

static bool is_prime(uint64_t number)
{
	for (uint64_t divisor = 2; divisor * divisor <= number; divisor++)
		if (number % divisor == 0)
			return false;
	return number >= 2;
}

static size_t maglev_size(struct plan_build *build, const struct consistent_hash *hash)
{
	uint64_t size =
		hash->maglev_table_size.is_set ? (uint64_t)hash->maglev_table_size.value : 0;

	if (size == 0 || is_prime(size))
		return size;
	while (!is_prime(size))
		size++;
	plan_warn(build, hash->at, "maglev's tableSize must be a prime number; %llu is used",
		  (unsigned long long)size);
	return size;
}

static const struct balancer *simple_balancer(enum load_balancer_simple simple)
{
	static const struct balancer *const balancers[] = {
		[LOAD_BALANCER_UNSPECIFIED] = &balance_least_request,
		[LOAD_BALANCER_LEAST_CONN] = &balance_least_request,
		[LOAD_BALANCER_RANDOM] = &balance_random,
		[LOAD_BALANCER_PASSTHROUGH] = &balance_least_request,
		[LOAD_BALANCER_ROUND_ROBIN] = &balance_round_robin,
		[LOAD_BALANCER_LEAST_REQUEST] = &balance_least_request,
	};

	return balancers[simple];
}

static struct warm_up warm_up_of(const struct load_balancer *settings)
{
	const struct load_balancer_warmup *warm = settings->warmup;

	if (warm == NULL)
		return (struct warm_up){ settings->warmup_duration.ns, 1, 0.1 };
	return (struct warm_up){
		.duration_ns = warm->duration.ns,
		.aggression = warm->aggression.is_set ? warm->aggression.value : 1,
		.least = (warm->minimum_percent.is_set ? warm->minimum_percent.value : 10) / 100,
	};
}

/* Returns the size of table that the balancer is asked for; 0: its default. */
static size_t set_balancer(struct plan_build *build, struct cluster *cluster,
			   const struct load_balancer *settings)
{
	const struct consistent_hash *hash = settings->consistent_hash;

	cluster->warm_up = warm_up_of(settings);
	cluster->balancer = simple_balancer(settings->simple);
	if (settings->simple == LOAD_BALANCER_PASSTHROUGH && cluster->dynamic == NULL)
		plan_warn(build, settings->at,
			  "PASSTHROUGH: who asks this proxy names a service, not an address of it; "
			  "an endpoint is chosen as by LEAST_REQUEST");
	if (hash == NULL)
		return 0;
	cluster->hash = hash;
	cluster->balancer = hash->is_maglev ? &balance_maglev : &balance_ring_hash;
	if (hash->is_maglev)
		return maglev_size(build, hash);
	return hash->minimum_ring_size.is_set ? (size_t)hash->minimum_ring_size.value : 0;
}

static void prepare_groups(struct plan_build *build, struct cluster *cluster, size_t size)
{
	for (size_t g = 0; g < cluster->group_count; g++) {
		struct endpoint_group *group = &cluster->groups[g];

		group->is_even = true;
		group->total_weight = 0;
		for (size_t i = 0; i < group->count; i++) {
			group->total_weight += group->endpoints[i].weight;
			if (group->endpoints[i].weight != group->endpoints[0].weight)
				group->is_even = false;
		}
		if (cluster->balancer->prepare != NULL)
			cluster->balancer->prepare(&build->plan->arena, group, size);
	}
}

static void set_balancing(struct plan_build *build, struct cluster *cluster,
			  const struct local_workload *workload, const struct traffic *traffic)
{
	size_t size = 0;

	outlier_recount(cluster);

	if (traffic->balancer != NULL)
		size = set_balancer(build, cluster, traffic->balancer);
	cluster->retry_budget = traffic->retry_budget;
	cluster->outliers = plan_outliers(build, cluster, traffic->outliers);
	plan_locality_groups(build, cluster, workload->instance, traffic);
	prepare_groups(build, cluster, size);
}

/* ---- endpoints ---- */

struct source { /* what a cluster's endpoints are made from */
	const struct mesh_service *service;
	const struct mesh_service_port *port;
	const struct destination_subset *subset; /* NULL: all of the port's */
	struct reach reach;
	const struct cluster *old;
	size_t capacity; /* of the cluster's array */
};

static struct cluster_endpoint *next_endpoint(struct plan_build *build, struct cluster *cluster,
					      size_t *capacity)
{
	if (cluster->endpoint_count == *capacity) {
		*capacity = MAX_OF(*capacity * 2, (size_t)4);

		struct cluster_endpoint *grown =
			ARENA_ARRAY(&build->plan->arena, *capacity, struct cluster_endpoint);

		if (cluster->endpoint_count > 0)
			memcpy(grown, cluster->endpoints, cluster->endpoint_count * sizeof(*grown));
		cluster->endpoints = grown;
	}
	return &cluster->endpoints[cluster->endpoint_count++];
}

static void add_address(struct plan_build *build, struct cluster *cluster, struct source *source,
			const struct service_endpoint *endpoint, const struct address *address)
{
	const struct reach *reach = &source->reach;
	const bool tls = plan_reach_wants_tls(build, reach, endpoint);
	const bool by_client = reach->http == HTTP_AS_CLIENT;

	if (tls && reach->tls == NULL)
		return; /* no identity, or settings that cannot be used: better no way than a plain
			   one */
	*next_endpoint(build, cluster, &source->capacity) = (struct cluster_endpoint){
		.upstream = plan_upstream(build, reach, address, tls,
					  by_client ? HTTP_ONLY_1 : reach->http),
		.for_http2 =
			by_client ? plan_upstream(build, reach, address, tls, HTTP_ONLY_2) : NULL,
		.state = state_of(source->old, address),
		.weight = endpoint->weight,
		.locality = endpoint->locality,
		.labels = endpoint->labels,
		.workload = endpoint->workload,
		.namespace = endpoint->namespace,
	};
}

/* All addresses of the name as they are now, or the first: when they change, there will be another
 * plan. */
static void add_name(struct plan_build *build, struct cluster *cluster, struct source *source,
		     const struct service_endpoint *endpoint)
{
	const enum service_resolution resolution = source->service->resolution;
	const bool first_only =
		resolution == RESOLUTION_DNS_ROUND_ROBIN || resolution == RESOLUTION_NONE;
	struct resolver_answer answer = { 0 };

	if (resolution == RESOLUTION_STATIC) {
		plan_warn(build, source->service->at,
			  "'%.*s' is a name: 'resolution' must be DNS for it, not STATIC; nothing "
			  "is sent there",
			  TEXT_ARGS(endpoint->name));
		return;
	}
	if (build->options->resolver != NULL)
		answer = resolver_ask(build->options->resolver, endpoint->name, first_only);
	build->plan->waiting_for_names += !answer.is_final;
	for (size_t i = 0; i < (first_only ? MIN_OF(answer.count, (size_t)1) : answer.count); i++) {
		const struct ip_address ip = first_only ? answer.first : answer.addresses[i];
		struct address address;

		address_of_ip(ip, endpoint->port, &address);
		add_address(build, cluster, source, endpoint, &address);
	}
}

static void add_endpoints(struct plan_build *build, struct cluster *cluster, struct source *source)
{
	const struct mesh_service_port *port = source->port;

	for (size_t i = 0; i < port->endpoint_count; i++) {
		const struct service_endpoint *endpoint = &port->endpoints[i];

		if (source->subset != NULL
		    && !resource_labels_match(endpoint->labels, &source->subset->labels))
			continue;
		if (endpoint->name.len > 0)
			add_name(build, cluster, source, endpoint);
		else
			add_address(build, cluster, source, endpoint, &endpoint->address);
	}
}

/* A pattern of hosts that are nowhere in particular: each request says which it means. */
static void add_named_by_requests(struct plan_build *build, struct cluster *cluster,
				  const struct source *source)
{
	const struct reach *reach = &source->reach;
	const struct mesh_service *service = source->service;

	if (service->host.ptr[0] != '*' || source->port->endpoint_count > 0
	    || (service->resolution != RESOLUTION_NONE
		&& service->resolution != RESOLUTION_DYNAMIC_DNS))
		return;
	cluster->dynamic_port = (uint16_t)source->port->number;
	if (!reach->always_tls || reach->tls != NULL)
		cluster->dynamic = plan_dynamic_upstream(build, reach, reach->always_tls);
}

/* ---- clusters ---- */

static void set_tcp_times(struct cluster *cluster, const struct connection_pool_settings *pool)
{
	const struct connection_pool_tcp *tcp = pool != NULL ? pool->tcp : NULL;

	if (tcp == NULL)
		return;
	cluster->tcp_idle_ns = tcp->idle_timeout.is_set ? tcp->idle_timeout.ns : 0;
	cluster->tcp_duration_ns =
		tcp->max_connection_duration.is_set ? tcp->max_connection_duration.ns : 0;
}

struct cluster *plan_service_cluster(struct plan_build *build,
				     const struct local_workload *workload,
				     const struct mesh_service *service,
				     const struct mesh_service_port *port, struct text subset)
{
	struct arena *arena = &build->plan->arena;
	const char *name = arena_printf(arena, "outbound|%u|%.*s|%.*s", port->number,
					TEXT_ARGS(subset), TEXT_ARGS(service->host));
	const struct text key = cluster_key(build, workload, name);
	struct cluster *cluster = map_get(&build->plan->clusters, key);

	if (cluster != NULL)
		return cluster;

	const struct traffic_choice choice =
		plan_traffic(build, workload, service, port->number, subset);
	/* the SNI Istio's own proxies send inside the mesh */
	const char *server_name = arena_printf(arena, "outbound_.%u_.%.*s_.%.*s", port->number,
					       TEXT_ARGS(subset), TEXT_ARGS(service->host));
	struct source source = {
		.service = service,
		.port = port,
		.subset = choice.subset,
		.old = old_cluster(build, key),
	};

	cluster = new_cluster(build, key, name, source.old);
	source.reach =
		plan_reach(build, workload, service, port, &choice.traffic, cluster, server_name);
	cluster->service_name = service->name;
	cluster->service_namespace = service->namespace;
	cluster->service_host = service->host;
	cluster->protocol = port->protocol;
	cluster->is_known = choice.is_declared;
	if (cluster->is_known) {
		add_endpoints(build, cluster, &source);
		add_named_by_requests(build, cluster, &source);
	}
	set_tcp_times(cluster, choice.traffic.pool);
	plan_health(build, cluster, &source.reach, choice.traffic.health);
	set_balancing(build, cluster, workload, &choice.traffic);
	plan_reach_done(&source.reach);
	return cluster;
}

struct cluster *plan_named_cluster(struct plan_build *build, const struct local_workload *workload,
				   const char *name)
{
	const struct text key = cluster_key(build, workload, name);
	struct cluster *cluster = map_get(&build->plan->clusters, key);

	return cluster != NULL ? cluster : new_cluster(build, key, name, old_cluster(build, key));
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
					 enum app_protocol protocol,
					 const struct address *application)
{
	static const struct traffic no_rules;
	struct arena *arena = &build->plan->arena;
	const char *name = arena_printf(arena, "inbound|%u||", port);
	char address[ADDRESS_TEXT_MAX];

	address_format(application, address);

	const struct text key =
		cluster_key(build, workload, arena_printf(arena, "%s%s", name, address));
	struct cluster *cluster = map_get(&build->plan->clusters, key);

	if (cluster != NULL)
		return cluster;
	cluster = new_cluster(build, key, name, old_cluster(build, key));

	const struct reach reach = plan_reach_plain(build, workload, cluster);

	cluster->service_name = workload->instance->name;
	cluster->service_namespace = workload->instance->namespace;
	cluster->protocol = protocol;
	cluster->is_known = true;
	cluster->endpoints = ARENA_NEW(arena, struct cluster_endpoint);
	cluster->endpoint_count = 1;
	cluster->endpoints[0] = (struct cluster_endpoint){
		.upstream =
			plan_upstream(build, &reach, application, false,
				      protocol == PROTOCOL_HTTP2 ? HTTP_ONLY_2 : HTTP_AS_AGREED),
		.for_grpc = protocol == PROTOCOL_UNKNOWN
				    ? plan_upstream(build, &reach, application, false, HTTP_ONLY_2)
				    : NULL,
		.state = state_of(old_cluster(build, key), application),
		.weight = 1,
		.workload = workload->instance->name,
		.namespace = workload->instance->namespace,
	};
	set_balancing(build, cluster, workload, &no_rules);
	return cluster;
}
