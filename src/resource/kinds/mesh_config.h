/* SPDX-License-Identifier: Apache-2.0 */
/* mesh_config.h — Istio's MeshConfig: what holds for the whole mesh. It is read where Istio keeps
 * it: ConfigMap `istio` in the root namespace, key `mesh`.
 * Source: istio/api mesh/v1alpha1/{config,proxy}.proto. */
#pragma once

#include "resource/kinds/destination_rule.h"
#include "resource/kinds/sidecar.h"

enum path_normalization {
	NORMALIZE_DEFAULT = 0, /* BASE */
	NORMALIZE_NONE,
	NORMALIZE_BASE,
	NORMALIZE_MERGE_SLASHES,
	NORMALIZE_DECODE_AND_MERGE_SLASHES,
};

enum access_log_encoding { ACCESS_LOG_UNSPECIFIED = 0, ACCESS_LOG_TEXT, ACCESS_LOG_JSON };

enum inbound_traffic_mode { INBOUND_PASSTHROUGH = 0, INBOUND_LOCALHOST };

struct mesh_tls {
	struct source_pos at;
	enum tls_version min_protocol_version;
	struct text_list ecdh_curves, cipher_suites;
};

struct ext_authz_body {
	struct source_pos at;
	uint32_t max_request_bytes;
	bool allow_partial_message, pack_as_bytes;
};

struct ext_authz_http { /* envoyExtAuthzHttp */
	struct source_pos at;
	struct text service;
	uint32_t port;
	struct optional_duration timeout; /* 600 s where absent */
	struct text path_prefix;
	bool fail_open;
	struct text status_on_error;
	struct text_list include_request_headers_in_check;
	struct text_map include_additional_headers_in_check;
	const struct ext_authz_body *include_request_body_in_check;
	struct text_list headers_to_upstream_on_allow, headers_to_downstream_on_deny;
	struct text_list headers_to_downstream_on_allow;
	bool clear_route_cache;
};

struct ext_authz_grpc { /* envoyExtAuthzGrpc */
	struct source_pos at;
	struct text service;
	uint32_t port;
	struct optional_duration timeout;
	bool fail_open;
	struct text status_on_error;
	const struct ext_authz_body *include_request_body_in_check;
	bool clear_route_cache;
};

struct otlp_header {
	struct source_pos at;
	struct text name, value;
};

struct otlp_http {
	struct source_pos at;
	struct text path;
	struct optional_duration timeout;
	LIST_OF(struct otlp_header) headers;
};

struct otlp_provider { /* opentelemetry: where spans go */
	struct source_pos at;
	struct text service;
	uint32_t port;
	const struct otlp_http *http; /* NULL: gRPC is meant */
};

struct extension_provider {
	struct source_pos at;
	struct text name;
	const struct ext_authz_http *envoy_ext_authz_http;
	const struct ext_authz_grpc *envoy_ext_authz_grpc;
	const struct otlp_provider *opentelemetry;
	const struct value *other; /* further tracers, and loggers */
};

struct gateway_topology {
	struct source_pos at;
	uint32_t num_trusted_proxies;
	struct text forward_client_cert_details;
	bool has_proxy_protocol;
};

struct default_providers {
	struct source_pos at;
	struct text_list tracing;
};

struct proxy_tracing {
	struct source_pos at;
	struct optional_double sampling; /* per cent */
};

struct proxy_config { /* defaultConfig: what this program uses of it */
	struct source_pos at;
	struct optional_int concurrency; /* 0: a worker a core */
	struct optional_duration drain_duration, termination_drain_duration;
	struct optional_bool hold_application_until_proxy_starts;
	const struct gateway_topology *gateway_topology;
	const struct proxy_tracing *tracing;
	const struct value *connection_settings; /* { profile: EDGE, … } */
};

struct mesh_config {
	struct resource meta;
	struct text trust_domain; /* "cluster.local" where absent */
	struct text_list trust_domain_aliases;
	struct text root_namespace; /* "istio-system" where absent */
	struct optional_bool enable_auto_mtls;
	enum outbound_traffic_mode outbound_traffic_mode; /* ALLOW_ANY where absent */
	enum inbound_traffic_mode inbound_traffic_mode;
	struct optional_duration connect_timeout; /* 10 s where absent */
	const struct tcp_keepalive *tcp_keepalive;
	const struct http_retry *default_http_retry_policy;
	const struct locality_lb_setting *locality_lb_setting;
	enum path_normalization path_normalization;
	enum h2_upgrade_policy h2_upgrade_policy; /* where a DestinationRule has none */
	struct optional_duration protocol_detection_timeout;
	struct text_list default_service_export_to, default_virtual_service_export_to;
	struct text_list default_destination_rule_export_to;
	struct text access_log_file, access_log_format;
	enum access_log_encoding access_log_encoding;
	const struct mesh_tls *mesh_mtls, *tls_defaults;
	LIST_OF(struct extension_provider) extension_providers;
	const struct default_providers *default_providers;
	bool enable_tracing;
	const struct proxy_config *default_config;
};

/* Istio's defaults: what holds where no file has one. */
void mesh_config_init(struct mesh_config *config);

static inline const struct mesh_config *mesh_config_of(const struct resource *resource)
{
	return (const struct mesh_config *)resource;
}
