/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/gateway.h"

#include "resource/kinds/kinds.h"

static const struct word mode_words[] = {
	{ "PASSTHROUGH", SERVER_TLS_PASSTHROUGH, NULL },
	{ "SIMPLE", SERVER_TLS_SIMPLE, NULL },
	{ "MUTUAL", SERVER_TLS_MUTUAL, NULL },
	{ "AUTO_PASSTHROUGH", SERVER_TLS_AUTO_PASSTHROUGH, NULL },
	{ "ISTIO_MUTUAL", SERVER_TLS_ISTIO_MUTUAL, NULL },
	{ "OPTIONAL_MUTUAL", SERVER_TLS_OPTIONAL_MUTUAL, NULL },
	{ NULL, 0, NULL },
};

static const struct field certificate_fields[] = {
	FIELD("serverCertificate", FIELD_TEXT, struct server_certificate, server_certificate,
	      .flags = FIELD_REQUIRED),
	FIELD("privateKey", FIELD_TEXT, struct server_certificate, private_key,
	      .flags = FIELD_REQUIRED),
	FIELD("caCertificates", FIELD_TEXT, struct server_certificate, ca_certificates),
};
static const struct schema certificate_schema =
	SCHEMA("an item of tlsCertificates", struct server_certificate, certificate_fields);

static bool presents_certificate(enum server_tls_mode mode)
{
	return mode == SERVER_TLS_SIMPLE || mode == SERVER_TLS_MUTUAL
	       || mode == SERVER_TLS_OPTIONAL_MUTUAL;
}

static bool has_credential(const struct server_tls *tls)
{
	return tls->credential_name.len > 0 || tls->credential_names.count > 0;
}

static void check_tls(struct decoder *decoder, const struct value *value, void *message)
{
	const struct server_tls *tls = message;
	const bool has_files = tls->server_certificate.len > 0 && tls->private_key.len > 0;
	const bool asks_client =
		tls->mode == SERVER_TLS_MUTUAL || tls->mode == SERVER_TLS_OPTIONAL_MUTUAL;

	if (presents_certificate(tls->mode) && !has_credential(tls) && !has_files
	    && tls->tls_certificates.count == 0)
		decode_error(decoder, decode_place(value, "mode"),
			     "this mode presents a certificate: give 'credentialName', or "
			     "'serverCertificate' and 'privateKey'");
	else if (asks_client && !has_credential(tls) && tls->ca_certificates.len == 0
		 && tls->ca_cert_credential_name.len == 0)
		decode_error(decoder, decode_place(value, "mode"),
			     "this mode verifies clients: give 'caCertificates' or "
			     "'credentialName'");
	if (tls->mode == SERVER_TLS_ISTIO_MUTUAL && (has_credential(tls) || has_files))
		decode_error(
			decoder, decode_place(value, "mode"),
			"ISTIO_MUTUAL uses the mesh's own certificates; leave the others away");
	if (tls->min_protocol_version != TLS_VERSION_AUTO
	    && tls->max_protocol_version != TLS_VERSION_AUTO
	    && tls->min_protocol_version > tls->max_protocol_version)
		decode_error(decoder, decode_place(value, "minProtocolVersion"),
			     "'minProtocolVersion' is above 'maxProtocolVersion'");
}

static const struct field tls_fields[] = {
	FIELD("httpsRedirect", FIELD_BOOL, struct server_tls, https_redirect),
	FIELD("mode", FIELD_ENUM, struct server_tls, mode, .words = mode_words),
	FIELD("serverCertificate", FIELD_TEXT, struct server_tls, server_certificate),
	FIELD("privateKey", FIELD_TEXT, struct server_tls, private_key),
	FIELD("caCertificates", FIELD_TEXT, struct server_tls, ca_certificates),
	FIELD("caCrl", FIELD_TEXT, struct server_tls, ca_crl),
	FIELD("credentialName", FIELD_TEXT, struct server_tls, credential_name, .group = 1),
	FIELD("credentialNames", FIELD_TEXT_LIST, struct server_tls, credential_names, .group = 1),
	FIELD("caCertCredentialName", FIELD_TEXT, struct server_tls, ca_cert_credential_name),
	FIELD("tlsCertificates", FIELD_MESSAGE_LIST, struct server_tls, tls_certificates,
	      .schema = &certificate_schema),
	FIELD("subjectAltNames", FIELD_TEXT_LIST, struct server_tls, subject_alt_names,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("verifyCertificateSpki", FIELD_TEXT_LIST, struct server_tls, verify_certificate_spki,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("verifyCertificateHash", FIELD_TEXT_LIST, struct server_tls, verify_certificate_hash,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("minProtocolVersion", FIELD_ENUM, struct server_tls, min_protocol_version,
	      .words = tls_version_words),
	FIELD("maxProtocolVersion", FIELD_ENUM, struct server_tls, max_protocol_version,
	      .words = tls_version_words),
	FIELD("cipherSuites", FIELD_TEXT_LIST, struct server_tls, cipher_suites,
	      .flags = FIELD_NOT_EMPTY),
};
const struct schema server_tls_schema =
	SCHEMA("a server's tls", struct server_tls, tls_fields, .validate = check_tls);

static bool speaks_tls(struct text protocol)
{
	return text_equal_nocase(protocol, TEXT("HTTPS"))
	       || text_equal_nocase(protocol, TEXT("TLS"));
}

static void check_server(struct decoder *decoder, const struct value *value, void *message)
{
	const struct gateway_server *server = message;
	const struct server_tls *tls = server->tls;

	if (server->port == NULL)
		return;
	if (speaks_tls(server->port->protocol) && tls == NULL)
		decode_error(decoder, value->at, "a server that speaks %.*s needs 'tls'",
			     TEXT_ARGS(server->port->protocol));
	if (!speaks_tls(server->port->protocol) && tls != NULL
	    && (has_credential(tls) || tls->server_certificate.len > 0))
		decode_error(decoder, decode_place(value, "tls"),
			     "a server that speaks %.*s has no certificate; use HTTPS or TLS, or "
			     "keep only 'httpsRedirect'",
			     TEXT_ARGS(server->port->protocol));
	if (server->port->name.len == 0)
		decode_error(decoder, server->port->at, "a server's port needs 'name'");
	if (server->port->protocol.len == 0)
		decode_error(decoder, server->port->at, "a server's port needs 'protocol'");
}

static const struct field server_fields[] = {
	FIELD("port", FIELD_MESSAGE, struct gateway_server, port, .schema = &network_port_schema,
	      .flags = FIELD_REQUIRED),
	FIELD("bind", FIELD_TEXT, struct gateway_server, bind),
	FIELD("hosts", FIELD_TEXT_LIST, struct gateway_server, hosts, .format = FORMAT_GATEWAY_HOST,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("tls", FIELD_MESSAGE, struct gateway_server, tls, .schema = &server_tls_schema),
	FIELD("defaultEndpoint", FIELD_TEXT, struct gateway_server, default_endpoint),
	FIELD("name", FIELD_TEXT, struct gateway_server, name),
};
static const struct schema server_schema =
	SCHEMA("a server", struct gateway_server, server_fields, .validate = check_server);

/* Port names tell servers apart in statistics and status. */
static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct gateway *gateway = message;
	AUTO_MAP struct map seen = { 0 };

	(void)value;
	for (size_t i = 0; i < gateway->servers.count; i++) {
		const struct network_port *port = gateway->servers.items[i].port;
		const struct source_pos *before =
			port != NULL ? decode_seen(&seen, port->name, &port->at) : NULL;

		if (before != NULL)
			decode_error(decoder, port->at,
				     "port name '%.*s' is already used in line %u; each server "
				     "needs its own",
				     TEXT_ARGS(port->name), before->line);
	}
}

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_TEXT_MAP, struct gateway, selector),
	FIELD("servers", FIELD_MESSAGE_LIST, struct gateway, servers, .schema = &server_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
};
static const struct schema spec_schema =
	SCHEMA("Gateway", struct gateway, spec_fields, .is_inline = true, .validate = check);
static const struct schema document = SPEC_DOCUMENT(struct gateway, spec_schema, FIELD_REQUIRED);

const struct kind_info gateway_kind = {
	.kind = KIND_GATEWAY,
	.name = "Gateway",
	.group = "networking.istio.io",
	.versions = istio_networking_versions,
	.size = sizeof(struct gateway),
	.is_namespaced = true,
	.document = &document,
};
