/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/common.h"

#include "resource/kinds/kinds.h"

const char *const istio_security_versions[] = { "v1", "v1beta1", NULL };
const char *const istio_networking_versions[] = { "v1", "v1beta1", "v1alpha3", NULL };
const char *const version_1[] = { "v1", NULL };

static void check_match_labels(struct decoder *decoder, const struct value *value, void *message)
{
	const struct workload_selector *selector = message;

	(void)value;
	for (size_t i = 0; i < selector->match_labels.count; i++) {
		const struct text_pair *label = &selector->match_labels.items[i];

		if (label->key.len == 0)
			decode_error(decoder, label->at, "a label needs a name");
		if (text_find_char(label->key, '*') != TEXT_NONE
		    || text_find_char(label->value, '*') != TEXT_NONE)
			decode_error(decoder, label->at,
				     "wildcards do not work in a selector; name the label's value");
	}
}

static const struct field match_labels_fields[] = {
	FIELD("matchLabels", FIELD_TEXT_MAP, struct workload_selector, match_labels),
};
const struct schema workload_selector_schema =
	SCHEMA("a selector", struct workload_selector, match_labels_fields,
	       .validate = check_match_labels);

static const struct field labels_fields[] = {
	FIELD("labels", FIELD_TEXT_MAP, struct workload_selector, match_labels),
};
const struct schema labels_selector_schema = SCHEMA("a workloadSelector", struct workload_selector,
						    labels_fields, .validate = check_match_labels);

static const struct field target_reference_fields[] = {
	FIELD("group", FIELD_TEXT, struct policy_target_reference, group),
	FIELD("kind", FIELD_TEXT, struct policy_target_reference, kind, .flags = FIELD_REQUIRED),
	FIELD("name", FIELD_TEXT, struct policy_target_reference, name, .flags = FIELD_REQUIRED),
	FIELD("namespace", FIELD_TEXT, struct policy_target_reference, namespace),
};
const struct schema policy_target_reference_schema =
	SCHEMA("a targetRef", struct policy_target_reference, target_reference_fields);

static void finish_string_match(struct decoder *decoder, const struct value *value, void *message)
{
	struct string_match *match = message;

	(void)decoder;
	(void)value;
	if (match->exact.ptr != NULL) {
		match->type = STRING_MATCH_EXACT;
		match->value = match->exact;
	} else if (match->prefix.ptr != NULL) {
		match->type = STRING_MATCH_PREFIX;
		match->value = match->prefix;
	} else if (match->regex.ptr != NULL) {
		match->type = STRING_MATCH_REGEX;
		match->value = match->regex;
	}
}

static const struct field string_match_fields[] = {
	FIELD("exact", FIELD_TEXT, struct string_match, exact, .group = 1),
	FIELD("prefix", FIELD_TEXT, struct string_match, prefix, .group = 1,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("regex", FIELD_TEXT, struct string_match, regex, .group = 1,
	      .flags = FIELD_NOT_EMPTY),
};
const struct schema string_match_schema = SCHEMA(
	"a match", struct string_match, string_match_fields, .validate = finish_string_match);

/* istio:pkg/config/protocol/instance.go */
bool protocol_is_known(struct text protocol)
{
	static const char *const protocols[] = { "GRPC",  "GRPC-WEB",    "HTTP",  "HTTP2",
						 "HTTPS", "HTTP_PROXY",  "MONGO", "MYSQL",
						 "REDIS", "TCP",         "TLS",   "UDP",
						 "HBONE", "DOUBLE_HBONE" };

	for (size_t i = 0; i < COUNT_OF(protocols); i++)
		if (text_equal_nocase(protocol, text_of(protocols[i])))
			return true;
	return false;
}

static void check_network_port(struct decoder *decoder, const struct value *value, void *message)
{
	const struct network_port *port = message;

	if (port->protocol.len > 0 && !protocol_is_known(port->protocol))
		decode_error(decoder, value_get(value, "protocol")->at,
			     "protocol '%.*s' is unknown; allowed: HTTP, HTTPS, HTTP2, GRPC, "
			     "GRPC-WEB, TLS, TCP, MONGO, MYSQL, REDIS, UDP",
			     TEXT_ARGS(port->protocol));
}

static const struct field network_port_fields[] = {
	FIELD("number", FIELD_UINT32, struct network_port, number, PORT_RANGE,
	      .flags = FIELD_REQUIRED),
	FIELD("protocol", FIELD_TEXT, struct network_port, protocol),
	FIELD("name", FIELD_TEXT, struct network_port, name),
	FIELD("targetPort", FIELD_UINT32, struct network_port, target_port, PORT_RANGE),
};
const struct schema network_port_schema =
	SCHEMA("a port", struct network_port, network_port_fields, .validate = check_network_port);

struct port_number {
	uint32_t number;
};

static const struct field port_number_fields[] = {
	FIELD("number", FIELD_UINT32, struct port_number, number, PORT_RANGE,
	      .flags = FIELD_REQUIRED),
};
const struct schema port_number_schema =
	SCHEMA("a port", struct port_number, port_number_fields, .is_inline = true);

struct percentage {
	struct optional_double value;
};

static void finish_percentage(struct decoder *decoder, const struct value *value, void *message)
{
	(void)decoder;
	(void)value;
	((struct percentage *)message)->value.is_set = true; /* "percentage: {}" says 0 */
}

static const struct field percentage_fields[] = {
	FIELD("value", FIELD_OPTIONAL_DOUBLE, struct percentage, value, .min = 0, .max = 100),
};
const struct schema percentage_schema = SCHEMA("a percentage", struct percentage, percentage_fields,
					       .is_inline = true, .validate = finish_percentage);

const struct word tls_version_words[] = {
	{ "TLS_AUTO", TLS_VERSION_AUTO, NULL }, { "TLSV1_0", TLS_VERSION_1_0, NULL },
	{ "TLSV1_1", TLS_VERSION_1_1, NULL },   { "TLSV1_2", TLS_VERSION_1_2, NULL },
	{ "TLSV1_3", TLS_VERSION_1_3, NULL },   { NULL, 0, NULL },
};
