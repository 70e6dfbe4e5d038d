/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/registry.h"

#include <errno.h>

static const struct {
	const char *name;
	enum app_protocol protocol;
} protocol_names[] = {
	/* of ports, in lower case */
	{ "http", PROTOCOL_HTTP },
	{ "http2", PROTOCOL_HTTP2 },
	{ "grpc", PROTOCOL_HTTP2 },
	{ "grpc-web", PROTOCOL_HTTP },
	{ "http_proxy", PROTOCOL_HTTP },
	{ "https", PROTOCOL_HTTPS },
	{ "tls", PROTOCOL_TLS },
	{ "tcp", PROTOCOL_TCP },
	{ "mongo", PROTOCOL_TCP },
	{ "redis", PROTOCOL_TCP },
	{ "mysql", PROTOCOL_TCP },
	{ "kubernetes.io/h2c", PROTOCOL_HTTP2 },
	{ "kubernetes.io/ws", PROTOCOL_HTTP },
	{ "kubernetes.io/wss", PROTOCOL_HTTPS },
};

static bool find_protocol(struct text name, enum app_protocol *out)
{
	for (size_t i = 0; i < COUNT_OF(protocol_names); i++) {
		if (text_equal_nocase(name, text_of(protocol_names[i].name))) {
			*out = protocol_names[i].protocol;
			return true;
		}
	}
	return false;
}

/* Ports whose servers speak first, so that nothing can be told by what the client says: SMTP, DNS,
 * MySQL, MongoDB. */
static bool is_server_first(uint32_t number)
{
	return number == 25 || number == 53 || number == 3306 || number == 27017;
}

enum app_protocol app_protocol_of(struct text app_protocol, struct text port_name,
				  struct text written_protocol, uint32_t number)
{
	enum app_protocol protocol;
	struct text rest = port_name;

	if (find_protocol(app_protocol, &protocol))
		return protocol;
	/* ServiceEntry and Gateway say it outright; a Service's "TCP" says only that it is not UDP
	 */
	if (written_protocol.len > 0 && find_protocol(written_protocol, &protocol))
		return protocol;
	if (text_starts_with(port_name, TEXT("grpc-web")))
		return PROTOCOL_HTTP;
	if (port_name.len > 0 && find_protocol(text_split(&rest, '-'), &protocol))
		return protocol;
	return is_server_first(number) ? PROTOCOL_TCP : PROTOCOL_UNKNOWN;
}

/* ---- services ---- */

struct build { /* what one registry_build carries along */
	const struct resource_set *set;
	const struct workload_instances *instances;
	struct arena *arena;
	struct registry *registry;
	struct text domain; /* "svc.cluster.local" */
};

static uint32_t instance_port(const struct workload_instance *instance, struct text name)
{
	for (size_t i = 0; i < instance->port_count; i++)
		if (name.len > 0 && text_equal(instance->ports[i].key, name))
			return instance->ports[i].port;
	return 0;
}

static void set_address(struct service_endpoint *endpoint, struct text address, uint32_t port)
{
	if (text_starts_with(address, TEXT("unix://"))) {
		if (address_parse(address, &endpoint->address, NULL) == 0)
			return;
	} else if (address_parse_ip(address, (uint16_t)port, &endpoint->address, NULL) == 0) {
		return;
	}
	endpoint->name = address;
	endpoint->port = (uint16_t)port;
}

static void add_instance_endpoint(struct mesh_service_port *port,
				  const struct workload_instance *instance, uint32_t number)
{
	struct service_endpoint *endpoint = &port->endpoints[port->endpoint_count++];
	const struct text address =
		instance->address.len > 0 ? instance->address : TEXT("127.0.0.1");

	set_address(endpoint, address, number);
	endpoint->labels = instance->labels;
	endpoint->namespace = instance->namespace;
	endpoint->workload = instance->name;
	endpoint->service_account = instance->service_account;
	endpoint->locality = instance->locality;
	endpoint->weight = instance->weight;
	endpoint->speaks_mtls = instance->speaks_mtls;
}

static bool map_selects(const struct text_map *selector, const struct text_map *labels)
{
	return selector->count > 0 && resource_labels_match(labels, selector);
}

static void select_endpoints(struct build *build, struct mesh_service_port *port,
			     const struct text_map *selector, struct text namespace,
			     const struct port_or_name *target, bool include_unready)
{
	const struct workload_instances *all = build->instances;

	port->endpoints = ARENA_ARRAY(build->arena, all->count, struct service_endpoint);
	for (size_t i = 0; i < all->count; i++) {
		const struct workload_instance *instance = &all->items[i];
		uint32_t number = 0;

		if (!text_equal(instance->namespace, namespace)
		    || !map_selects(selector, instance->labels)
		    || !(instance->is_ready || include_unready))
			continue;
		/* its own word for the port comes first, then the service's target (facts 1.7) */
		number = instance_port(instance, target->name.len > 0 ? target->name : port->name);
		if (number == 0 && target->name.len == 0)
			number = target->number > 0 ? target->number : port->number;
		if (number > 0)
			add_instance_endpoint(port, instance, number);
	}
}

static const struct workload_instance *instance_at(const struct workload_instances *all,
						   struct text address)
{
	for (size_t i = 0; i < all->count; i++)
		if (text_equal(all->items[i].address, address))
			return &all->items[i];
	return NULL;
}

/* An address from Endpoints or an EndpointSlice: what we know of who is there comes along. */
static void add_listed_address(struct build *build, struct mesh_service_port *port,
			       struct text address, uint32_t number)
{
	static const struct text_map no_labels;
	const struct workload_instance *instance = instance_at(build->instances, address);
	struct service_endpoint *grown =
		ARENA_ARRAY(build->arena, port->endpoint_count + 1, struct service_endpoint);

	if (port->endpoint_count > 0)
		memcpy(grown, port->endpoints, port->endpoint_count * sizeof(*grown));
	port->endpoints = grown;
	if (instance != NULL) {
		add_instance_endpoint(port, instance, number);
		return;
	}

	struct service_endpoint *endpoint = &port->endpoints[port->endpoint_count++];

	set_address(endpoint, address, number);
	endpoint->labels = &no_labels;
	endpoint->weight = 1;
}

static void add_slice(struct build *build, struct mesh_service_port *port,
		      const struct endpoint_slice *slice)
{
	uint32_t number = 0;

	for (size_t i = 0; i < slice->ports.count; i++)
		if (text_equal(slice->ports.items[i].name, port->name)
		    || (slice->ports.count == 1 && port->name.len == 0))
			number = (uint32_t)slice->ports.items[i].port.value;
	for (size_t i = 0; number > 0 && i < slice->endpoints.count; i++) {
		const struct endpoint *endpoint = &slice->endpoints.items[i];

		if (endpoint->ready.is_set && !endpoint->ready.value)
			continue;
		for (size_t a = 0; a < endpoint->addresses.count; a++)
			add_listed_address(build, port, endpoint->addresses.items[a], number);
	}
}

static void add_subset(struct build *build, struct mesh_service_port *port,
		       const struct endpoint_subset *subset)
{
	uint32_t number = 0;

	for (size_t i = 0; i < subset->ports.count; i++)
		if (text_equal(subset->ports.items[i].name, port->name)
		    || (subset->ports.count == 1 && port->name.len == 0))
			number = (uint32_t)subset->ports.items[i].port.value;
	for (size_t i = 0; number > 0 && i < subset->addresses.count; i++)
		add_listed_address(build, port, subset->addresses.items[i].ip, number);
}

/* A Service without a selector: its endpoints are written down. */
static void list_endpoints(struct build *build, struct mesh_service_port *port,
			   const struct resource *service)
{
	const struct resource_list slices = resource_set_list(build->set, KIND_ENDPOINT_SLICE);
	const struct resource *written =
		resource_find(build->set, KIND_ENDPOINTS, service->namespace, service->name);

	for (size_t i = 0; i < slices.count; i++) {
		const struct resource *slice = slices.items[i];
		const struct text of =
			text_map_get(&slice->labels, TEXT("kubernetes.io/service-name"));

		if (text_equal(slice->namespace, service->namespace)
		    && text_equal(of, service->name))
			add_slice(build, port, endpoint_slice_of(slice));
	}
	if (port->endpoint_count > 0 || written == NULL)
		return;
	for (size_t i = 0; i < endpoints_of(written)->subsets.count; i++)
		add_subset(build, port, &endpoints_of(written)->subsets.items[i]);
}

static struct mesh_service *add_service(struct build *build, const struct resource *resource,
					struct text host, size_t port_count)
{
	struct registry *registry = build->registry;
	struct mesh_service *service = &registry->services[registry->count++];

	*service = (struct mesh_service){
		.at = resource->at,
		.name = resource->name,
		.namespace = resource->namespace,
		.host = host,
		.ports = ARENA_ARRAY(build->arena, port_count, struct mesh_service_port),
		.port_count = port_count,
		.resolution = RESOLUTION_STATIC,
	};
	/* older resources come first in a set: who was there first keeps the host */
	if (map_get(&registry->by_host, host) == NULL)
		map_put(&registry->by_host, host, service);
	return service;
}

static void add_addresses(struct build *build, struct mesh_service *service,
			  const struct text_list *list)
{
	struct text *grown =
		ARENA_ARRAY(build->arena, service->address_count + list->count, struct text);

	if (service->address_count > 0)
		memcpy(grown, service->addresses, service->address_count * sizeof(*grown));
	for (size_t i = 0; i < list->count; i++)
		if (!text_is(list->items[i], "None") && list->items[i].len > 0)
			grown[service->address_count++] = list->items[i];
	service->addresses = grown;
}

static void add_kubernetes_service(struct build *build, const struct service *resource)
{
	const struct resource *meta = &resource->meta;
	const bool is_elsewhere = text_is(resource->type, "ExternalName");
	const char *host = arena_printf(build->arena, "%.*s.%.*s.%.*s", TEXT_ARGS(meta->name),
					TEXT_ARGS(meta->namespace), TEXT_ARGS(build->domain));
	struct mesh_service *service =
		add_service(build, meta, text_of(host), resource->ports.count);

	service->is_kubernetes = true;
	service->is_external = is_elsewhere;
	service->resolution = RESOLUTION_DNS; /* of addresses that are names */
	add_addresses(build, service, &resource->cluster_ips);
	if (service->address_count == 0)
		add_addresses(build, service,
			      &(struct text_list){ .items = &resource->cluster_ip, .count = 1 });
	add_addresses(build, service, &resource->external_ips);
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *from = &resource->ports.items[i];
		struct mesh_service_port *port = &service->ports[i];

		port->number = from->port;
		port->name = from->name;
		port->protocol =
			app_protocol_of(from->app_protocol, from->name, TEXT(""), from->port);
		if (is_elsewhere) {
			add_listed_address(build, port, resource->external_name, from->port);
			continue;
		}
		if (resource->selector.count > 0)
			select_endpoints(build, port, &resource->selector, meta->namespace,
					 &from->target_port, resource->publish_not_ready_addresses);
		if (port->endpoint_count == 0) /* the Pods may not be known, only where they are */
			list_endpoints(build, port, meta);
	}
}

static void add_inline_endpoints(struct build *build, struct mesh_service *service,
				 struct mesh_service_port *port, const struct service_entry *entry,
				 uint32_t target_port)
{
	port->endpoints =
		ARENA_ARRAY(build->arena, entry->endpoints.count, struct service_endpoint);
	for (size_t i = 0; i < entry->endpoints.count; i++) {
		const struct workload_endpoint *from = &entry->endpoints.items[i];
		struct service_endpoint *endpoint = &port->endpoints[port->endpoint_count++];
		uint32_t number = target_port > 0 ? target_port : port->number;

		for (size_t p = 0; p < from->ports.count; p++)
			if (text_equal(from->ports.items[p].key, port->name))
				number = from->ports.items[p].port;
		set_address(endpoint, from->address, number);
		endpoint->labels = &from->labels;
		endpoint->namespace = service->namespace;
		endpoint->workload = service->name;
		endpoint->service_account = from->service_account;
		endpoint->locality = from->locality;
		endpoint->weight = from->weight > 0 ? from->weight : 1;
		endpoint->speaks_mtls = !service->is_external && from->service_account.len > 0;
	}
}

/* Nobody says where it is: at its own addresses (NONE: where the client meant to go), or where DNS
 * says. A pattern of hosts is nowhere in particular. */
static void add_own_addresses(struct build *build, const struct mesh_service *service,
			      struct mesh_service_port *port, uint32_t number)
{
	struct ip_address ip;

	for (size_t i = 0; service->resolution == RESOLUTION_NONE && i < service->address_count;
	     i++)
		if (ip_parse(service->addresses[i], &ip))
			add_listed_address(build, port, service->addresses[i], number);
	if (port->endpoint_count == 0 && service->host.ptr[0] != '*')
		add_listed_address(build, port, service->host, number);
}

static void add_service_entry_host(struct build *build, const struct service_entry *entry,
				   struct text host)
{
	struct mesh_service *service = add_service(build, &entry->meta, host, entry->ports.count);

	service->is_external = entry->location == SERVICE_MESH_EXTERNAL;
	service->resolution = entry->resolution;
	add_addresses(build, service, &entry->addresses);
	if (entry->subject_alt_names.count > 0)
		service->subject_alt_names = &entry->subject_alt_names;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct network_port *from = &entry->ports.items[i];
		const struct port_or_name target = { .number = from->target_port };
		struct mesh_service_port *port = &service->ports[i];

		port->number = from->number;
		port->name = from->name;
		port->protocol =
			app_protocol_of(TEXT(""), from->name, from->protocol, from->number);
		if (entry->workload_selector != NULL)
			select_endpoints(build, port, &entry->workload_selector->match_labels,
					 entry->meta.namespace, &target, false);
		else if (entry->endpoints.count > 0)
			add_inline_endpoints(build, service, port, entry, from->target_port);
		else
			add_own_addresses(build, service, port,
					  from->target_port > 0 ? from->target_port : from->number);
	}
}

static size_t count_services(const struct resource_set *set)
{
	const struct resource_list entries = resource_set_list(set, KIND_SERVICE_ENTRY);
	size_t count = resource_set_list(set, KIND_SERVICE).count;

	for (size_t i = 0; i < entries.count; i++)
		count += service_entry_of(entries.items[i])->hosts.count;
	return count;
}

void registry_build(const struct resource_set *set, const struct workload_instances *instances,
		    struct arena *arena, struct registry *out)
{
	const struct resource_list services = resource_set_list(set, KIND_SERVICE);
	const struct resource_list entries = resource_set_list(set, KIND_SERVICE_ENTRY);
	/* the DNS domain of services is Kubernetes' own and does not follow the trust domain */
	struct build build = { .set = set,
			       .instances = instances,
			       .arena = arena,
			       .registry = out,
			       .domain = TEXT("svc.cluster.local") };

	*out = (struct registry){ .services = ARENA_ARRAY(arena, count_services(set),
							  struct mesh_service) };
	for (size_t i = 0; i < services.count; i++)
		add_kubernetes_service(&build, service_of(services.items[i]));
	for (size_t i = 0; i < entries.count; i++) {
		const struct service_entry *entry = service_entry_of(entries.items[i]);

		for (size_t h = 0; h < entry->hosts.count; h++)
			add_service_entry_host(&build, entry, entry->hosts.items[h]);
	}
}

void registry_done(struct registry *registry)
{
	map_done(&registry->by_host);
}

/* ---- looking up ---- */

static const struct mesh_service *find_with(const struct registry *registry, const char *format,
					    struct text host, struct text namespace)
{
	char full[512];
	const int len = snprintf(full, sizeof(full), format, TEXT_ARGS(host), TEXT_ARGS(namespace));

	if (len < 0 || (size_t)len >= sizeof(full))
		return NULL;
	return map_get(&registry->by_host, (struct text){ full, (size_t)len });
}

static const struct mesh_service *find_wildcard(const struct registry *registry, struct text host)
{
	char wildcard[512];

	/* *.a.b before *.b */
	for (size_t dot = text_find_char(host, '.'); dot != TEXT_NONE;) {
		const struct text suffix = text_from(host, dot);
		const int len = snprintf(wildcard, sizeof(wildcard), "*%.*s", TEXT_ARGS(suffix));

		if (len < 0 || (size_t)len >= sizeof(wildcard))
			return NULL;

		const struct mesh_service *service =
			map_get(&registry->by_host, (struct text){ wildcard, (size_t)len });

		if (service != NULL)
			return service;

		const size_t next = text_find_char(text_from(suffix, 1), '.');

		dot = next == TEXT_NONE ? TEXT_NONE : dot + 1 + next;
	}
	return NULL;
}

const struct mesh_service *registry_find(const struct registry *registry, struct text host,
					 struct text namespace)
{
	const struct mesh_service *service = map_get(&registry->by_host, host);

	if (service == NULL && namespace.len > 0)
		service = find_with(registry, "%.*s.%.*s.svc.cluster.local", host, namespace);
	if (service == NULL) /* name.namespace */
		service = find_with(registry, "%.*s.svc.cluster.local%.*s", host, TEXT(""));
	if (service == NULL) /* name.namespace.svc */
		service = find_with(registry, "%.*s.cluster.local%.*s", host, TEXT(""));
	return service != NULL ? service : find_wildcard(registry, host);
}

const struct mesh_service_port *mesh_service_port(const struct mesh_service *service, uint32_t port)
{
	if (port == 0)
		return service->port_count == 1 ? &service->ports[0] : NULL;
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].number == port)
			return &service->ports[i];
	return NULL;
}
