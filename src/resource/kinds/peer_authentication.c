/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/peer_authentication.h"

#include "resource/kinds/kinds.h"

static const struct word mode_words[] = {
	{ "UNSET", PEER_MTLS_UNSET, NULL },
	{ "DISABLE", PEER_MTLS_DISABLE, NULL },
	{ "PERMISSIVE", PEER_MTLS_PERMISSIVE, NULL },
	{ "STRICT", PEER_MTLS_STRICT, NULL },
	{ NULL, 0, NULL },
};

static const struct field mtls_fields[] = {
	FIELD("mode", FIELD_ENUM, struct peer_authentication_mtls, mode, .words = mode_words),
};
static const struct schema mtls_schema =
	SCHEMA("mtls", struct peer_authentication_mtls, mtls_fields);

static void read_port_key(struct decoder *decoder, const struct value *value, void *message)
{
	struct peer_authentication_port *port = message;
	const char *expected = format_expects(FORMAT_PORT, port->key);
	uint64_t number;

	if (expected != NULL)
		decode_error(decoder, value->key->at, "'%.*s' in 'portLevelMtls' is not %s",
			     TEXT_ARGS(port->key), expected);
	else if (text_parse_number(port->key, 65535, &number))
		port->port = (uint32_t)number;
}

static const struct field port_fields[] = {
	FIELD("mode", FIELD_ENUM, struct peer_authentication_port, mode, .words = mode_words),
};
static const struct schema port_schema = SCHEMA("a port's mtls", struct peer_authentication_port,
						port_fields, .validate = read_port_key);

static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct peer_authentication *policy = message;
	const bool selects = policy->selector != NULL && policy->selector->match_labels.count > 0;

	if (value_get(value, "portLevelMtls") != NULL && !selects)
		decode_error(decoder, decode_place(value, "portLevelMtls"),
			     "'portLevelMtls' needs a selector with labels: ports belong to a "
			     "workload");
	if (selects && text_is(decoder->namespace, decoder->root_namespace))
		decode_warning(decoder, decode_place(value, "selector"),
			       "a PeerAuthentication with a selector has no effect in the root "
			       "namespace; put it into the workload's own");
}

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct peer_authentication, selector,
	      .schema = &workload_selector_schema),
	FIELD("mtls", FIELD_MESSAGE, struct peer_authentication, mtls, .schema = &mtls_schema),
	FIELD("portLevelMtls", FIELD_MESSAGE_MAP, struct peer_authentication, port_level_mtls,
	      .schema = &port_schema, .flags = FIELD_NOT_EMPTY),
};
static const struct schema spec_schema = SCHEMA("PeerAuthentication", struct peer_authentication,
						spec_fields, .is_inline = true, .validate = check);
static const struct schema document = SPEC_DOCUMENT(struct peer_authentication, spec_schema, 0);

const struct kind_info peer_authentication_kind = {
	.kind = KIND_PEER_AUTHENTICATION,
	.name = "PeerAuthentication",
	.group = "security.istio.io",
	.versions = istio_security_versions,
	.size = sizeof(struct peer_authentication),
	.is_namespaced = true,
	.document = &document,
};
