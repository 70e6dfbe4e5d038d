/* SPDX-License-Identifier: Apache-2.0 */
/* virtual_service.c — its TLS and TCP routes, and what holds for the whole. */
#include "resource/kinds/virtual_service.h"

#include "resource/kinds/kinds.h"

static const struct field destination_fields[] = {
	FIELD("host", FIELD_TEXT, struct virtual_destination, host, .flags = FIELD_REQUIRED,
	      .format = FORMAT_HOST),
	FIELD("subset", FIELD_TEXT, struct virtual_destination, subset),
	FIELD("port", FIELD_INLINE, struct virtual_destination, port,
	      .schema = &port_number_schema),
};
const struct schema virtual_destination_schema =
	SCHEMA("a destination", struct virtual_destination, destination_fields);

static const struct field l4_destination_fields[] = {
	FIELD("destination", FIELD_MESSAGE, struct l4_route_destination, destination,
	      .schema = &virtual_destination_schema, .flags = FIELD_REQUIRED),
	FIELD("weight", FIELD_OPTIONAL_INT, struct l4_route_destination, weight, .min = 0,
	      .max = INT32_MAX),
};
static const struct schema l4_destination_schema =
	SCHEMA("a route's destination", struct l4_route_destination, l4_destination_fields);

#define L4_MATCH_FIELDS                                                                            \
	FIELD("destinationSubnets", FIELD_TEXT_LIST, struct l4_match, destination_subnets,         \
	      .format = FORMAT_IP_OR_CIDR),                                                        \
		FIELD("port", FIELD_UINT32, struct l4_match, port, PORT_RANGE),                    \
		FIELD("sourceLabels", FIELD_TEXT_MAP, struct l4_match, source_labels),             \
		FIELD("gateways", FIELD_TEXT_LIST, struct l4_match, gateways,                      \
		      .flags = FIELD_NOT_EMPTY),                                                   \
		FIELD("sourceNamespace", FIELD_TEXT, struct l4_match, source_namespace)

static const struct field tls_match_fields[] = {
	L4_MATCH_FIELDS,
	FIELD("sniHosts", FIELD_TEXT_LIST, struct l4_match, sni_hosts, .format = FORMAT_HOST,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema tls_match_schema =
	SCHEMA("a TLS match", struct l4_match, tls_match_fields);

static const struct field tls_route_fields[] = {
	FIELD("match", FIELD_MESSAGE_LIST, struct l4_route, match, .schema = &tls_match_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("route", FIELD_MESSAGE_LIST, struct l4_route, route, .schema = &l4_destination_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema tls_route_schema =
	SCHEMA("a TLS route", struct l4_route, tls_route_fields);

static const struct field tcp_match_fields[] = {
	L4_MATCH_FIELDS,
	FIELD("sourceSubnet", FIELD_TEXT, struct l4_match, source_subnet,
	      .format = FORMAT_IP_OR_CIDR),
};
static const struct schema tcp_match_schema =
	SCHEMA("a TCP match", struct l4_match, tcp_match_fields);

static const struct field tcp_route_fields[] = {
	FIELD("match", FIELD_MESSAGE_LIST, struct l4_route, match, .schema = &tcp_match_schema),
	FIELD("route", FIELD_MESSAGE_LIST, struct l4_route, route, .schema = &l4_destination_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema tcp_route_schema =
	SCHEMA("a TCP route", struct l4_route, tcp_route_fields);

/* Without `gateways` it is bound to the sidecars of the mesh. */
static bool binds_to_mesh(const struct virtual_service *service)
{
	return service->gateways.count == 0 || text_list_has(&service->gateways, TEXT("mesh"));
}

/* One that others delegate to: no hosts, no gateways, only HTTP (istio.md 1.4). */
static void check_delegate(struct decoder *decoder, const struct value *value,
			   const struct virtual_service *service)
{
	if (service->gateways.count > 0)
		decode_error(decoder, decode_place(value, "gateways"),
			     "without hosts this is a delegate, which has no gateways of its own");
	if (service->tls.count > 0 || service->tcp.count > 0)
		decode_error(decoder, value->at,
			     "without hosts this is a delegate, which may only have 'http'");
	for (size_t i = 0; i < service->http.count; i++)
		if (service->http.items[i].delegate != NULL)
			decode_error(decoder, service->http.items[i].delegate->at,
				     "a delegate may not delegate again");
}

static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct virtual_service *service = message;

	if (service->http.count == 0 && service->tls.count == 0 && service->tcp.count == 0)
		decode_error(decoder, value->at, "a VirtualService needs 'http', 'tls' or 'tcp'");
	if (service->hosts.count == 0)
		check_delegate(decoder, value, service);
	for (size_t i = 0; i < service->hosts.count; i++)
		if (text_is(service->hosts.items[i], "*") && binds_to_mesh(service))
			decode_error(decoder, service->hosts.at[i],
				     "host '*' would take over the whole mesh; name hosts, or bind "
				     "to a gateway with 'gateways'");
}

static const struct field spec_fields[] = {
	FIELD("hosts", FIELD_TEXT_LIST, struct virtual_service, hosts, .format = FORMAT_HOST),
	FIELD("gateways", FIELD_TEXT_LIST, struct virtual_service, gateways,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("http", FIELD_MESSAGE_LIST, struct virtual_service, http,
	      .schema = &http_route_schema),
	FIELD("tls", FIELD_MESSAGE_LIST, struct virtual_service, tls, .schema = &tls_route_schema),
	FIELD("tcp", FIELD_MESSAGE_LIST, struct virtual_service, tcp, .schema = &tcp_route_schema),
	FIELD("exportTo", FIELD_TEXT_LIST, struct virtual_service, export_to),
};
static const struct schema spec_schema = SCHEMA("VirtualService", struct virtual_service,
						spec_fields, .is_inline = true, .validate = check);
static const struct schema document =
	SPEC_DOCUMENT(struct virtual_service, spec_schema, FIELD_REQUIRED);

const struct kind_info virtual_service_kind = {
	.kind = KIND_VIRTUAL_SERVICE,
	.name = "VirtualService",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct virtual_service),
	.is_namespaced = true,
	.document = &document,
};
