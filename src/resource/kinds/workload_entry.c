/* SPDX-License-Identifier: Apache-2.0 */
/* workload_entry.c — WorkloadEntry and WorkloadGroup. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/service_entry.h"

static const struct field port_fields[] = {
	FIELD("port", FIELD_UINT32, struct named_port, port, PORT_RANGE),
};
static const struct schema port_schema = SCHEMA("a port", struct named_port, port_fields);

static bool is_unix_address(struct text address)
{
	return text_starts_with(address, TEXT("unix://"));
}

static void check_endpoint(struct decoder *decoder, const struct value *value, void *message)
{
	const struct workload_endpoint *endpoint = message;
	const struct text address = endpoint->address;

	if (address.len == 0)
		return;
	if (is_unix_address(address)) {
		if (address.len == strlen("unix://") || address.ptr[7] != '/')
			decode_error(decoder, decode_place(value, "address"),
				     "a unix address needs an absolute path: unix:///run/app.sock");
		if (endpoint->ports.count > 0)
			decode_error(decoder, decode_place(value, "ports"),
				     "a unix address has no ports");
	} else if (text_starts_with(address, TEXT("*"))
		   || format_expects(FORMAT_HOST, address) != NULL) {
		decode_error(decoder, decode_place(value, "address"),
			     "'%.*s' is neither an IP address, a host name nor unix:///path",
			     TEXT_ARGS(address));
	}
}

static const struct field endpoint_fields[] = {
	FIELD("address", FIELD_TEXT, struct workload_endpoint, address),
	FIELD("ports", FIELD_SCALAR_MAP, struct workload_endpoint, ports, .schema = &port_schema),
	FIELD("labels", FIELD_TEXT_MAP, struct workload_endpoint, labels),
	FIELD("network", FIELD_TEXT, struct workload_endpoint, network),
	FIELD("locality", FIELD_TEXT, struct workload_endpoint, locality),
	FIELD("weight", FIELD_UINT32, struct workload_endpoint, weight),
	FIELD("serviceAccount", FIELD_TEXT, struct workload_endpoint, service_account),
};
const struct schema workload_endpoint_schema = SCHEMA("an endpoint", struct workload_endpoint,
						      endpoint_fields, .validate = check_endpoint);

static void check_entry(struct decoder *decoder, const struct value *value, void *message)
{
	const struct workload_entry *entry = message;

	(void)value;
	if (entry->endpoint.address.len == 0 && entry->endpoint.network.len == 0)
		decode_error(decoder, entry->meta.at, "a WorkloadEntry needs 'address'");
}

static const struct field entry_document_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("spec", FIELD_INLINE, struct workload_entry, endpoint,
	      .schema = &workload_endpoint_schema, .flags = FIELD_REQUIRED),
};
static const struct schema entry_document =
	SCHEMA("the document", struct workload_entry, entry_document_fields, .is_inline = true,
	       .validate = check_entry);

const struct kind_info workload_entry_kind = {
	.kind = KIND_WORKLOAD_ENTRY,
	.name = "WorkloadEntry",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct workload_entry),
	.is_namespaced = true,
	.document = &entry_document,
};

static const struct field group_metadata_fields[] = {
	FIELD("labels", FIELD_TEXT_MAP, struct workload_group_metadata, labels),
	FIELD("annotations", FIELD_TEXT_MAP, struct workload_group_metadata, annotations),
};
static const struct schema group_metadata_schema =
	SCHEMA("metadata", struct workload_group_metadata, group_metadata_fields);

static const struct field spec_fields[] = {
	FIELD("metadata", FIELD_MESSAGE, struct workload_group, metadata,
	      .schema = &group_metadata_schema),
	FIELD("template", FIELD_MESSAGE, struct workload_group, template,
	      .schema = &workload_endpoint_schema, .flags = FIELD_REQUIRED),
	FIELD("probe", FIELD_ANY, struct workload_group, probe),
};
static const struct schema spec_schema =
	SCHEMA("WorkloadGroup", struct workload_group, spec_fields, .is_inline = true);
static const struct schema document =
	SPEC_DOCUMENT(struct workload_group, spec_schema, FIELD_REQUIRED);

const struct kind_info workload_group_kind = {
	.kind = KIND_WORKLOAD_GROUP,
	.name = "WorkloadGroup",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct workload_group),
	.is_namespaced = true,
	.document = &document,
};
