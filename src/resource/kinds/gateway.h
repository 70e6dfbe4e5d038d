/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.h — networking.istio.io Gateway: what listens at the edge.
 * Source: istio/api networking/v1alpha3/gateway.proto. */
#pragma once

#include "resource/kinds/common.h"

enum server_tls_mode {
	SERVER_TLS_PASSTHROUGH = 0, /* the proto's default */
	SERVER_TLS_SIMPLE,
	SERVER_TLS_MUTUAL,
	SERVER_TLS_AUTO_PASSTHROUGH,
	SERVER_TLS_ISTIO_MUTUAL,
	SERVER_TLS_OPTIONAL_MUTUAL,
};

struct server_certificate {
	struct source_pos at;
	struct text server_certificate, private_key, ca_certificates;
};

struct server_tls {
	struct source_pos at;
	bool https_redirect;
	enum server_tls_mode mode;
	struct text server_certificate, private_key, ca_certificates, ca_crl;
	struct text credential_name;
	struct text_list credential_names;
	struct text ca_cert_credential_name;
	LIST_OF(struct server_certificate) tls_certificates;
	struct text_list subject_alt_names;
	struct text_list verify_certificate_spki, verify_certificate_hash;
	enum tls_version min_protocol_version, max_protocol_version;
	struct text_list cipher_suites;
};

struct gateway_server {
	struct source_pos at;
	const struct network_port *port;
	struct text bind;
	struct text_list hosts; /* "[namespace/]name" */
	const struct server_tls *tls;
	struct text default_endpoint;
	struct text name;
};

struct gateway {
	struct resource meta;
	struct text_map selector;
	LIST_OF(struct gateway_server) servers;
};

static inline const struct gateway *gateway_of(const struct resource *resource)
{
	return (const struct gateway *)resource;
}
