/* SPDX-License-Identifier: Apache-2.0 */
/* registry_instances.c — what runs where, whatever kind says so. */
#include "proxy/registry.h"

static struct workload_instance *add_instance(struct workload_instances *list,
					      const struct resource *resource)
{
	struct workload_instance *instance = &list->items[list->count++];

	instance->at = resource->at;
	instance->name = resource->name;
	instance->namespace = resource->namespace;
	instance->labels = &resource->labels;
	instance->is_ready = true;
	instance->weight = 1;
	return instance;
}

static struct text account_or_default(struct text account)
{
	return account.len > 0 ? account : TEXT("default");
}

/* On hosts of ours every workload has its proxy, unless its label says that it has none. */
static bool says_no_proxy(const struct text_map *labels)
{
	return text_is(text_map_get(labels, TEXT("security.istio.io/tlsMode")), "disabled");
}

/* Of a Pod or Workload: Istio's own label, with dots for slashes where it is a label value, or
 * Kubernetes' labels of a node, which some copy. */
static struct text locality_of_labels(const struct text_map *labels, struct arena *arena)
{
	const struct text own = text_map_get(labels, TEXT("istio-locality"));
	const struct text region = text_map_get(labels, TEXT("topology.kubernetes.io/region"));
	const struct text zone = text_map_get(labels, TEXT("topology.kubernetes.io/zone"));
	const struct text subzone = text_map_get(labels, TEXT("topology.istio.io/subzone"));
	char *text;

	if (own.len == 0 && region.len == 0)
		return own;
	if (own.len == 0)
		return text_of(arena_printf(arena, "%.*s/%.*s/%.*s", TEXT_ARGS(region),
					    TEXT_ARGS(zone), TEXT_ARGS(subzone)));
	text = arena_strndup(arena, own.ptr, own.len);
	for (char *c = text; text_find_char(own, '/') == TEXT_NONE && *c != '\0'; c++)
		if (*c == '.')
			*c = '/';
	return text_of(text);
}

static void add_workload_entries(const struct resource_set *set, struct workload_instances *out)
{
	const struct resource_list list = resource_set_list(set, KIND_WORKLOAD_ENTRY);

	for (size_t i = 0; i < list.count; i++) {
		const struct workload_endpoint *endpoint =
			&workload_entry_of(list.items[i])->endpoint;
		struct workload_instance *instance = add_instance(out, list.items[i]);

		instance->labels = &endpoint->labels;
		instance->address = endpoint->address;
		instance->locality = endpoint->locality;
		instance->service_account = account_or_default(endpoint->service_account);
		instance->ports = endpoint->ports.items;
		instance->port_count = endpoint->ports.count;
		instance->weight = endpoint->weight > 0 ? endpoint->weight : 1;
		instance->speaks_mtls = !says_no_proxy(instance->labels);
	}
}

static void add_workloads(const struct resource_set *set, struct arena *arena,
			  struct workload_instances *out)
{
	const struct resource_list list = resource_set_list(set, KIND_WORKLOAD);

	for (size_t i = 0; i < list.count; i++) {
		const struct workload *workload = workload_of(list.items[i]);
		struct named_port *ports =
			ARENA_ARRAY(arena, workload->ports.count, struct named_port);
		struct workload_instance *instance = add_instance(out, list.items[i]);

		for (size_t k = 0; k < workload->ports.count; k++)
			ports[k] = (struct named_port){ .at = workload->ports.items[k].at,
							.key = workload->ports.items[k].name,
							.port = workload->ports.items[k].number };
		if (workload->labels.count > 0)
			instance->labels = &workload->labels;
		instance->address = workload->address;
		instance->locality = locality_of_labels(instance->labels, arena);
		instance->service_account = account_or_default(workload->service_account);
		instance->ports = ports;
		instance->port_count = workload->ports.count;
		instance->speaks_mtls = !says_no_proxy(instance->labels);
	}
}

static void add_pods(const struct resource_set *set, struct arena *arena,
		     struct workload_instances *out)
{
	const struct resource_list list = resource_set_list(set, KIND_POD);

	for (size_t i = 0; i < list.count; i++) {
		const struct pod *pod = pod_of(list.items[i]);
		struct workload_instance *instance = add_instance(out, list.items[i]);
		size_t count = 0;

		for (size_t k = 0; k < pod->containers.count; k++)
			count += pod->containers.items[k].ports.count;

		struct named_port *ports = ARENA_ARRAY(arena, count, struct named_port);

		for (size_t k = 0; k < pod->containers.count; k++) {
			const struct pod_container *container = &pod->containers.items[k];

			for (size_t p = 0; p < container->ports.count; p++)
				ports[instance->port_count++] = (struct named_port){
					.at = container->ports.items[p].at,
					.key = container->ports.items[p].name,
					.port = container->ports.items[p].container_port,
				};
		}
		instance->address = pod->pod_ip;
		instance->locality = locality_of_labels(instance->labels, arena);
		instance->service_account = account_or_default(pod->service_account_name);
		instance->ports = ports;
		instance->is_ready = pod->is_ready && pod->pod_ip.len > 0;
		/* in a cluster only a pod that was given a sidecar has one (istio, auto mutual TLS)
		 */
		instance->speaks_mtls =
			text_is(text_map_get(instance->labels, TEXT("security.istio.io/tlsMode")),
				"istio")
			|| text_map_get(&pod->meta.annotations, TEXT("sidecar.istio.io/status")).ptr
				   != NULL;
	}
}

void registry_instances(const struct resource_set *set, struct arena *arena,
			struct workload_instances *out)
{
	const size_t count = resource_set_list(set, KIND_WORKLOAD_ENTRY).count
			     + resource_set_list(set, KIND_WORKLOAD).count
			     + resource_set_list(set, KIND_POD).count;

	*out = (struct workload_instances){
		.items = ARENA_ARRAY(arena, count, struct workload_instance),
	};
	add_workload_entries(set, out);
	add_workloads(set, arena, out);
	add_pods(set, arena, out);
}
