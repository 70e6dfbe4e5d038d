/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/service_entry.h"

#include "resource/kinds/kinds.h"

static const struct word location_words[] = {
	{ "MESH_EXTERNAL", SERVICE_MESH_EXTERNAL, NULL },
	{ "MESH_INTERNAL", SERVICE_MESH_INTERNAL, NULL },
	{ NULL, 0, NULL },
};

static const struct word resolution_words[] = {
	{ "NONE", RESOLUTION_NONE, NULL },
	{ "STATIC", RESOLUTION_STATIC, NULL },
	{ "DNS", RESOLUTION_DNS, NULL },
	{ "DNS_ROUND_ROBIN", RESOLUTION_DNS_ROUND_ROBIN, NULL },
	{ "DYNAMIC_DNS", RESOLUTION_DYNAMIC_DNS, NULL },
	{ NULL, 0, NULL },
};

static void check_hosts(struct decoder *decoder, const struct service_entry *entry)
{
	const bool may_be_wildcard =
		entry->resolution == RESOLUTION_NONE || entry->resolution == RESOLUTION_DYNAMIC_DNS;

	for (size_t i = 0; i < entry->hosts.count; i++) {
		if (text_is(entry->hosts.items[i], "*"))
			decode_error(decoder, entry->hosts.at[i],
				     "host '*' would stand for everything; name a domain, such as "
				     "*.example.com");
		else if (entry->hosts.items[i].ptr[0] == '*' && !may_be_wildcard)
			decode_error(decoder, entry->hosts.at[i],
				     "a wildcard has no address to look up; use resolution NONE or "
				     "DYNAMIC_DNS, or name the host");
	}
}

static void check_ports(struct decoder *decoder, const struct service_entry *entry,
			struct map *names)
{
	AUTO_MAP struct map numbers = { 0 };

	for (size_t i = 0; i < entry->ports.count; i++) {
		const struct network_port *port = &entry->ports.items[i];
		const char *number = arena_printf(decoder->arena, "%u", port->number);
		const struct source_pos *before = decode_seen(&numbers, text_of(number), &port->at);
		const struct source_pos *named = decode_seen(names, port->name, &port->at);

		if (port->name.len == 0)
			decode_error(decoder, port->at, "a ServiceEntry's port needs 'name'");
		if (before != NULL)
			decode_error(decoder, port->at, "port %u is already in line %u",
				     port->number, before->line);
		if (named != NULL)
			decode_error(decoder, port->at, "port name '%.*s' is already in line %u",
				     TEXT_ARGS(port->name), named->line);
	}
}

static void check_endpoint(struct decoder *decoder, const struct service_entry *entry,
			   const struct workload_endpoint *endpoint, const struct map *port_names)
{
	const bool is_address = format_expects(FORMAT_IP, endpoint->address) == NULL
				|| text_starts_with(endpoint->address, TEXT("unix://"));

	if (endpoint->address.len == 0 && endpoint->network.len == 0)
		decode_error(decoder, endpoint->at, "an endpoint needs 'address'");
	else if (entry->resolution == RESOLUTION_STATIC && endpoint->address.len > 0 && !is_address)
		decode_error(decoder, endpoint->at,
			     "with resolution STATIC an endpoint's address must be an IP address, "
			     "not '%.*s'; use DNS for names",
			     TEXT_ARGS(endpoint->address));
	for (size_t i = 0; i < endpoint->ports.count; i++)
		if (map_get(port_names, endpoint->ports.items[i].key) == NULL)
			decode_error(decoder, endpoint->ports.items[i].at,
				     "the service has no port named '%.*s'",
				     TEXT_ARGS(endpoint->ports.items[i].key));
}

static void check_endpoints(struct decoder *decoder, const struct value *value,
			    const struct service_entry *entry, const struct map *port_names)
{
	if (entry->endpoints.count > 0 && entry->resolution == RESOLUTION_NONE)
		decode_error(decoder, decode_place(value, "endpoints"),
			     "with resolution NONE the caller's address is used and endpoints "
			     "would be ignored; use STATIC or DNS");
	if (entry->resolution == RESOLUTION_DNS_ROUND_ROBIN && entry->endpoints.count > 1)
		decode_error(decoder, decode_place(value, "endpoints"),
			     "DNS_ROUND_ROBIN takes one endpoint, not %zu", entry->endpoints.count);
	for (size_t i = 0; i < entry->endpoints.count; i++)
		check_endpoint(decoder, entry, &entry->endpoints.items[i], port_names);
}

static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct service_entry *entry = message;
	AUTO_MAP struct map port_names = { 0 };

	check_hosts(decoder, entry);
	check_ports(decoder, entry, &port_names);
	check_endpoints(decoder, value, entry, &port_names);
}

static const struct field spec_fields[] = {
	FIELD("hosts", FIELD_TEXT_LIST, struct service_entry, hosts, .format = FORMAT_HOST,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("addresses", FIELD_TEXT_LIST, struct service_entry, addresses,
	      .format = FORMAT_IP_OR_CIDR),
	FIELD("ports", FIELD_MESSAGE_LIST, struct service_entry, ports,
	      .schema = &network_port_schema),
	FIELD("location", FIELD_ENUM, struct service_entry, location, .words = location_words),
	FIELD("resolution", FIELD_ENUM, struct service_entry, resolution,
	      .words = resolution_words),
	FIELD("endpoints", FIELD_MESSAGE_LIST, struct service_entry, endpoints,
	      .schema = &workload_endpoint_schema, .group = 1),
	FIELD("workloadSelector", FIELD_MESSAGE, struct service_entry, workload_selector,
	      .schema = &labels_selector_schema, .group = 1),
	FIELD("exportTo", FIELD_TEXT_LIST, struct service_entry, export_to),
	FIELD("subjectAltNames", FIELD_TEXT_LIST, struct service_entry, subject_alt_names,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema spec_schema = SCHEMA("ServiceEntry", struct service_entry, spec_fields,
						.is_inline = true, .validate = check);
static const struct schema document =
	SPEC_DOCUMENT(struct service_entry, spec_schema, FIELD_REQUIRED);

const struct kind_info service_entry_kind = {
	.kind = KIND_SERVICE_ENTRY,
	.name = "ServiceEntry",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct service_entry),
	.is_namespaced = true,
	.document = &document,
};
