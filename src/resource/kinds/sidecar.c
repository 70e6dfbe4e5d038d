/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/sidecar.h"

#include "resource/kinds/kinds.h"

static const struct word capture_words[] = {
	{ "DEFAULT", CAPTURE_DEFAULT, NULL },
	{ "IPTABLES", CAPTURE_IPTABLES, NULL },
	{ "NONE", CAPTURE_NONE, NULL },
	{ NULL, 0, NULL },
};

/* "127.0.0.1:8080", "0.0.0.0:8080", "[::1]:8080", ":8080" or "unix:///path" */
static bool is_local_endpoint(struct text endpoint)
{
	const size_t colon = text_find_last_char(endpoint, ':');

	if (text_starts_with(endpoint, TEXT("unix:///"))
	    || text_starts_with(endpoint, TEXT("unix://@")))
		return true;
	if (colon == TEXT_NONE
	    || format_expects(FORMAT_PORT, text_from(endpoint, colon + 1)) != NULL)
		return false;

	const struct text host = text_until(endpoint, colon);

	return host.len == 0 || text_is(host, "127.0.0.1") || text_is(host, "0.0.0.0")
	       || text_is(host, "[::1]") || text_is(host, "[::]");
}

static void check_ingress(struct decoder *decoder, const struct value *value, void *message)
{
	const struct sidecar_ingress *ingress = message;

	if (ingress->default_endpoint.len > 0 && !is_local_endpoint(ingress->default_endpoint))
		decode_error(
			decoder, decode_place(value, "defaultEndpoint"),
			"'defaultEndpoint' must be on this host: 127.0.0.1:PORT, 0.0.0.0:PORT, "
			"[::1]:PORT or unix:///path");
}

static const struct field ingress_fields[] = {
	FIELD("port", FIELD_MESSAGE, struct sidecar_ingress, port, .schema = &network_port_schema,
	      .flags = FIELD_REQUIRED),
	FIELD("bind", FIELD_TEXT, struct sidecar_ingress, bind, .format = FORMAT_IP),
	FIELD("captureMode", FIELD_ENUM, struct sidecar_ingress, capture_mode,
	      .words = capture_words),
	FIELD("defaultEndpoint", FIELD_TEXT, struct sidecar_ingress, default_endpoint),
	FIELD("tls", FIELD_MESSAGE, struct sidecar_ingress, tls, .schema = &server_tls_schema),
	FIELD("connectionPool", FIELD_MESSAGE, struct sidecar_ingress, connection_pool,
	      .schema = &connection_pool_settings_schema),
};
static const struct schema ingress_schema = SCHEMA("an ingress listener", struct sidecar_ingress,
						   ingress_fields, .validate = check_ingress);

static void check_egress(struct decoder *decoder, const struct value *value, void *message)
{
	const struct sidecar_egress *egress = message;

	(void)value;
	for (size_t i = 0; i < egress->hosts.count; i++)
		if (text_find_char(egress->hosts.items[i], '/') == TEXT_NONE)
			decode_error(decoder, egress->hosts.at[i],
				     "an egress host is 'namespace/name', such as ./%.*s or "
				     "*/%.*s",
				     TEXT_ARGS(egress->hosts.items[i]),
				     TEXT_ARGS(egress->hosts.items[i]));
}

static const struct field egress_fields[] = {
	FIELD("port", FIELD_MESSAGE, struct sidecar_egress, port, .schema = &network_port_schema),
	FIELD("bind", FIELD_TEXT, struct sidecar_egress, bind),
	FIELD("captureMode", FIELD_ENUM, struct sidecar_egress, capture_mode,
	      .words = capture_words),
	FIELD("hosts", FIELD_TEXT_LIST, struct sidecar_egress, hosts, .format = FORMAT_GATEWAY_HOST,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema egress_schema = SCHEMA("an egress listener", struct sidecar_egress,
						  egress_fields, .validate = check_egress);

static const struct word outbound_words[] = {
	{ "REGISTRY_ONLY", OUTBOUND_REGISTRY_ONLY, NULL },
	{ "ALLOW_ANY", OUTBOUND_ALLOW_ANY, NULL },
	{ "ALLOW_ANY_DYNAMIC_DNS", OUTBOUND_ALLOW_ANY, "it is read as ALLOW_ANY" },
	{ NULL, 0, NULL },
};

static const struct field outbound_fields[] = {
	FIELD("mode", FIELD_ENUM, struct sidecar_outbound_policy, mode, .words = outbound_words),
	FIELD("egressProxy", FIELD_ANY, struct sidecar_outbound_policy, egress_proxy),
	FIELD_NAMED("tls"),
};
static const struct schema sidecar_outbound_policy_schema =
	SCHEMA("an outboundTrafficPolicy", struct sidecar_outbound_policy, outbound_fields);

static const struct field spec_fields[] = {
	FIELD("workloadSelector", FIELD_MESSAGE, struct sidecar, workload_selector,
	      .schema = &labels_selector_schema),
	FIELD("ingress", FIELD_MESSAGE_LIST, struct sidecar, ingress, .schema = &ingress_schema),
	FIELD("egress", FIELD_MESSAGE_LIST, struct sidecar, egress, .schema = &egress_schema),
	FIELD("outboundTrafficPolicy", FIELD_MESSAGE, struct sidecar, outbound_traffic_policy,
	      .schema = &sidecar_outbound_policy_schema),
	FIELD("inboundConnectionPool", FIELD_MESSAGE, struct sidecar, inbound_connection_pool,
	      .schema = &connection_pool_settings_schema),
};
static const struct schema spec_schema =
	SCHEMA("Sidecar", struct sidecar, spec_fields, .is_inline = true);
static const struct schema document = SPEC_DOCUMENT(struct sidecar, spec_schema, 0);

const struct kind_info sidecar_kind = {
	.kind = KIND_SIDECAR,
	.name = "Sidecar",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct sidecar),
	.is_namespaced = true,
	.document = &document,
};
