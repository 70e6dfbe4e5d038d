/* SPDX-License-Identifier: Apache-2.0 */
/* endpoints.c — core Endpoints and discovery EndpointSlice. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct field port_fields[] = {
	FIELD("name", FIELD_TEXT, struct endpoint_port, name),
	FIELD("protocol", FIELD_TEXT, struct endpoint_port, protocol),
	FIELD("appProtocol", FIELD_TEXT, struct endpoint_port, app_protocol),
	FIELD("port", FIELD_OPTIONAL_INT, struct endpoint_port, port, PORT_RANGE),
};
static const struct schema port_schema = SCHEMA("a port", struct endpoint_port, port_fields);

#define TARGET_FIELDS(owner)                                                                       \
	FIELD("name", FIELD_TEXT, owner, target_name),                                             \
		FIELD("namespace", FIELD_TEXT, owner, target_namespace), FIELD_NAMED("kind"),      \
		FIELD_NAMED("apiVersion"), FIELD_NAMED("uid"), FIELD_NAMED("resourceVersion"),     \
		FIELD_NAMED("fieldPath")

static const struct field address_target_fields[] = { TARGET_FIELDS(struct endpoint_address) };
static const struct schema address_target_schema =
	SCHEMA("a targetRef", struct endpoint_address, address_target_fields, .is_inline = true);
static const struct field address_fields[] = {
	FIELD("ip", FIELD_TEXT, struct endpoint_address, ip, .format = FORMAT_IP,
	      .flags = FIELD_REQUIRED),
	FIELD("hostname", FIELD_TEXT, struct endpoint_address, hostname),
	FIELD("nodeName", FIELD_TEXT, struct endpoint_address, node_name),
	FIELD("targetRef", FIELD_INLINE, struct endpoint_address, at,
	      .schema = &address_target_schema),
};
static const struct schema address_schema =
	SCHEMA("an address", struct endpoint_address, address_fields);

static const struct field subset_fields[] = {
	FIELD("addresses", FIELD_MESSAGE_LIST, struct endpoint_subset, addresses,
	      .schema = &address_schema),
	FIELD("notReadyAddresses", FIELD_MESSAGE_LIST, struct endpoint_subset, not_ready_addresses,
	      .schema = &address_schema),
	FIELD("ports", FIELD_MESSAGE_LIST, struct endpoint_subset, ports, .schema = &port_schema),
};
static const struct schema subset_schema =
	SCHEMA("a subset", struct endpoint_subset, subset_fields);

static const struct field endpoints_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("subsets", FIELD_MESSAGE_LIST, struct endpoints, subsets, .schema = &subset_schema),
};
static const struct schema endpoints_document =
	SCHEMA("Endpoints", struct endpoints, endpoints_fields, .is_inline = true);

const struct kind_info endpoints_kind = {
	.kind = KIND_ENDPOINTS,
	.name = "Endpoints",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct endpoints),
	.is_namespaced = true,
	.document = &endpoints_document,
};

static const struct field endpoint_target_fields[] = { TARGET_FIELDS(struct endpoint) };
static const struct schema endpoint_target_schema =
	SCHEMA("a targetRef", struct endpoint, endpoint_target_fields, .is_inline = true);

static const struct field conditions_fields[] = {
	FIELD("ready", FIELD_OPTIONAL_BOOL, struct endpoint, ready),
	FIELD("serving", FIELD_OPTIONAL_BOOL, struct endpoint, serving),
	FIELD("terminating", FIELD_OPTIONAL_BOOL, struct endpoint, terminating),
};
static const struct schema conditions_schema =
	SCHEMA("conditions", struct endpoint, conditions_fields, .is_inline = true);

static const struct field zone_fields[] = {
	FIELD("name", FIELD_TEXT, struct zone_hint, name, .flags = FIELD_REQUIRED),
};
static const struct schema zone_schema =
	SCHEMA("an item of forZones", struct zone_hint, zone_fields);

static const struct field hints_fields[] = {
	FIELD("forZones", FIELD_MESSAGE_LIST, struct endpoint, zone_hints, .schema = &zone_schema),
	FIELD_NAMED("forNodes"),
};
static const struct schema hints_schema =
	SCHEMA("hints", struct endpoint, hints_fields, .is_inline = true);

static const struct field endpoint_fields[] = {
	FIELD("addresses", FIELD_TEXT_LIST, struct endpoint, addresses,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("conditions", FIELD_INLINE, struct endpoint, at, .schema = &conditions_schema),
	FIELD("hostname", FIELD_TEXT, struct endpoint, hostname),
	FIELD("nodeName", FIELD_TEXT, struct endpoint, node_name),
	FIELD("zone", FIELD_TEXT, struct endpoint, zone),
	FIELD("targetRef", FIELD_INLINE, struct endpoint, at, .schema = &endpoint_target_schema),
	FIELD("hints", FIELD_INLINE, struct endpoint, at, .schema = &hints_schema),
	FIELD_NAMED("deprecatedTopology"),
};
static const struct schema endpoint_schema =
	SCHEMA("an endpoint", struct endpoint, endpoint_fields);

static const struct word address_type_words[] = {
	{ "IPv4", ENDPOINT_ADDRESS_IPV4, NULL },
	{ "IPv6", ENDPOINT_ADDRESS_IPV6, NULL },
	{ "FQDN", ENDPOINT_ADDRESS_FQDN, NULL },
	{ NULL, 0, NULL },
};

static const struct field slice_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("addressType", FIELD_ENUM, struct endpoint_slice, address_type,
	      .words = address_type_words, .flags = FIELD_REQUIRED),
	FIELD("endpoints", FIELD_MESSAGE_LIST, struct endpoint_slice, endpoints,
	      .schema = &endpoint_schema),
	FIELD("ports", FIELD_MESSAGE_LIST, struct endpoint_slice, ports, .schema = &port_schema),
};
static const struct schema slice_document =
	SCHEMA("EndpointSlice", struct endpoint_slice, slice_fields, .is_inline = true);

const struct kind_info endpoint_slice_kind = {
	.kind = KIND_ENDPOINT_SLICE,
	.name = "EndpointSlice",
	.group = "discovery.k8s.io",
	.versions = version_1,
	.size = sizeof(struct endpoint_slice),
	.is_namespaced = true,
	.document = &slice_document,
};
