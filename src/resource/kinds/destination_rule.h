/* SPDX-License-Identifier: Apache-2.0 */
/* destination_rule.h — networking.istio.io DestinationRule: how a destination is spoken to.
 * Source: istio/api networking/v1alpha3/destination_rule.proto. */
#pragma once

#include "resource/kinds/common.h"

enum load_balancer_simple {
	LOAD_BALANCER_UNSPECIFIED = 0,
	LOAD_BALANCER_LEAST_CONN, /* deprecated spelling of LEAST_REQUEST */
	LOAD_BALANCER_RANDOM,
	LOAD_BALANCER_PASSTHROUGH,
	LOAD_BALANCER_ROUND_ROBIN,
	LOAD_BALANCER_LEAST_REQUEST,
};

struct hash_cookie {
	struct source_pos at;
	struct text name, path;
	struct optional_duration ttl; /* 0: for the session */
	LIST_OF(struct text_pair) attributes;
};

struct consistent_hash {
	struct source_pos at;
	struct text http_header_name, http_query_parameter_name;
	const struct hash_cookie *http_cookie;
	bool use_source_ip;
	struct optional_int minimum_ring_size; /* ringHash's, or the deprecated field */
	struct optional_int maglev_table_size;
	bool is_maglev;
};

struct locality_weight {
	struct source_pos at;
	struct text key; /* region/zone/subzone */
	uint32_t weight;
};

struct locality_distribute {
	struct source_pos at;
	struct text from;
	LIST_OF(struct locality_weight) to;
};

struct locality_failover {
	struct source_pos at;
	struct text from, to;
};

struct locality_lb_setting {
	struct source_pos at;
	LIST_OF(struct locality_distribute) distribute;
	LIST_OF(struct locality_failover) failover;
	struct text_list failover_priority;
	struct optional_bool enabled;
};

struct load_balancer_warmup {
	struct source_pos at;
	struct optional_duration duration;
	struct optional_double minimum_percent, aggression;
};

struct load_balancer {
	struct source_pos at;
	enum load_balancer_simple simple;
	const struct consistent_hash *consistent_hash;
	const struct locality_lb_setting *locality_lb_setting;
	struct optional_duration warmup_duration; /* warmupDurationSecs; deprecated by warmup */
	const struct load_balancer_warmup *warmup;
};

struct tcp_keepalive {
	struct source_pos at;
	struct optional_int probes;
	struct optional_duration time, interval;
};

struct connection_pool_tcp {
	struct source_pos at;
	struct optional_int max_connections;
	struct optional_duration connect_timeout, max_connection_duration, idle_timeout;
	const struct tcp_keepalive *tcp_keepalive;
};

enum h2_upgrade_policy {
	H2_UPGRADE_DEFAULT = 0,
	H2_UPGRADE_DO_NOT,
	H2_UPGRADE,
};

struct connection_pool_http {
	struct source_pos at;
	struct optional_int http1_max_pending_requests, http2_max_requests;
	struct optional_int max_requests_per_connection, max_retries, max_concurrent_streams;
	struct optional_duration idle_timeout;
	enum h2_upgrade_policy h2_upgrade_policy;
	bool use_client_protocol;
};

struct connection_pool_settings {
	struct source_pos at;
	const struct connection_pool_tcp *tcp;
	const struct connection_pool_http *http;
};

struct outlier_detection {
	struct source_pos at;
	struct optional_int consecutive_5xx_errors, consecutive_gateway_errors;
	struct optional_int consecutive_errors; /* an old field that Istio ignores; honoured here */
	struct optional_bool split_external_local_origin_errors;
	struct optional_int consecutive_local_origin_failures;
	struct optional_duration interval, base_ejection_time;
	struct optional_int max_ejection_percent, min_health_percent;
	LIST_OF(uint32_t) http_error_codes;
};

/* Ours, in Envoy's terms (config.core.v3.HealthCheck). Exactly one of http, tcp and grpc. */
struct http_health_check {
	struct source_pos at;
	struct text path, host;
	LIST_OF(uint32_t) expected_statuses;
};

struct tcp_health_check { /* it says all by being there */
	struct source_pos at;
};

struct grpc_health_check {
	struct source_pos at;
	struct text service_name, authority;
};

struct upstream_health_check {
	struct source_pos at;
	struct optional_duration timeout, interval;
	struct optional_int unhealthy_threshold, healthy_threshold;
	const struct http_health_check *http;
	const struct tcp_health_check *tcp;
	const struct grpc_health_check *grpc;
};

enum client_tls_mode {
	CLIENT_TLS_DISABLE = 0,
	CLIENT_TLS_SIMPLE,
	CLIENT_TLS_MUTUAL,
	CLIENT_TLS_ISTIO_MUTUAL,
};

struct client_tls_settings {
	struct source_pos at;
	enum client_tls_mode mode;
	struct text client_certificate, private_key, ca_certificates, ca_crl;
	struct text credential_name;
	struct text_list subject_alt_names;
	struct text sni;
	struct optional_bool insecure_skip_verify;
	/* not Istio's: the seeds use them, they are honoured */
	enum tls_version min_protocol_version, max_protocol_version;
	struct text_list cipher_suites;
};

struct traffic_tunnel {
	struct source_pos at;
	struct text protocol; /* CONNECT (default) or POST */
	struct text target_host;
	uint32_t target_port;
};

enum proxy_protocol_version { PROXY_PROTOCOL_V1 = 0, PROXY_PROTOCOL_V2 };

struct proxy_protocol {
	struct source_pos at;
	enum proxy_protocol_version version;
};

struct retry_budget {
	struct source_pos at;
	struct optional_double percent;
	struct optional_int min_retry_concurrency;
	struct optional_duration budget_interval;
};

struct port_traffic_policy { /* replaces the whole policy for its port */
	struct source_pos at;
	uint32_t port;
	const struct load_balancer *load_balancer;
	const struct connection_pool_settings *connection_pool;
	const struct outlier_detection *outlier_detection;
	const struct client_tls_settings *tls;
	const struct upstream_health_check *health_check;
};

struct traffic_policy {
	struct source_pos at;
	const struct load_balancer *load_balancer;
	const struct connection_pool_settings *connection_pool;
	const struct outlier_detection
		*outlier_detection; /* a seed's `circuitBreaker` lands here too */
	const struct client_tls_settings *tls;
	LIST_OF(struct port_traffic_policy) port_level_settings;
	const struct traffic_tunnel *tunnel;
	const struct proxy_protocol *proxy_protocol;
	const struct retry_budget *retry_budget;
	const struct upstream_health_check *health_check;
};

struct destination_subset {
	struct source_pos at;
	struct text name;
	struct text_map labels;
	const struct traffic_policy *traffic_policy;
};

struct destination_rule {
	struct resource meta;
	struct text host;
	const struct traffic_policy *traffic_policy;
	LIST_OF(struct destination_subset) subsets;
	struct text_list export_to;
	const struct workload_selector *workload_selector;
};

static inline const struct destination_rule *destination_rule_of(const struct resource *resource)
{
	return (const struct destination_rule *)resource;
}
