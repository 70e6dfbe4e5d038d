/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_policy.c — connection pools, outlier detection and TLS towards a destination. */
#include "resource/kinds/destination_rule.h"
#include "resource/kinds/kinds.h"

static const struct field keepalive_fields[] = {
	FIELD("probes", FIELD_OPTIONAL_INT, struct tcp_keepalive, probes, .min = 0,
	      .max = INT32_MAX),
	FIELD("time", FIELD_DURATION, struct tcp_keepalive, time),
	FIELD("interval", FIELD_DURATION, struct tcp_keepalive, interval),
};
const struct schema tcp_keepalive_schema =
	SCHEMA("a tcpKeepalive", struct tcp_keepalive, keepalive_fields);

#define COUNT_RANGE .min = INT32_MIN, .max = INT32_MAX /* 0 and below: as if absent */

static void check_tcp(struct decoder *decoder, const struct value *value, void *message)
{
	const struct connection_pool_tcp *tcp = message;

	if (tcp->connect_timeout.is_set && tcp->connect_timeout.ns < NS_PER_MS)
		decode_error(decoder, decode_place(value, "connectTimeout"),
			     "'connectTimeout' must be at least 1ms");
}

static const struct field tcp_fields[] = {
	FIELD("maxConnections", FIELD_OPTIONAL_INT, struct connection_pool_tcp, max_connections,
	      COUNT_RANGE),
	FIELD("connectTimeout", FIELD_DURATION, struct connection_pool_tcp, connect_timeout),
	FIELD("tcpKeepalive", FIELD_MESSAGE, struct connection_pool_tcp, tcp_keepalive,
	      .schema = &tcp_keepalive_schema),
	FIELD("maxConnectionDuration", FIELD_DURATION, struct connection_pool_tcp,
	      max_connection_duration),
	FIELD("idleTimeout", FIELD_DURATION, struct connection_pool_tcp, idle_timeout),
};
static const struct schema tcp_schema = SCHEMA("a connectionPool's tcp", struct connection_pool_tcp,
					       tcp_fields, .validate = check_tcp);

static const struct word upgrade_words[] = {
	{ "DEFAULT", H2_UPGRADE_DEFAULT, NULL },
	{ "DO_NOT_UPGRADE", H2_UPGRADE_DO_NOT, NULL },
	{ "UPGRADE", H2_UPGRADE, NULL },
	{ NULL, 0, NULL },
};

static const struct field http_fields[] = {
	FIELD("http1MaxPendingRequests", FIELD_OPTIONAL_INT, struct connection_pool_http,
	      http1_max_pending_requests, COUNT_RANGE),
	FIELD("http2MaxRequests", FIELD_OPTIONAL_INT, struct connection_pool_http,
	      http2_max_requests, COUNT_RANGE),
	FIELD("maxRequestsPerConnection", FIELD_OPTIONAL_INT, struct connection_pool_http,
	      max_requests_per_connection, COUNT_RANGE),
	FIELD("maxRetries", FIELD_OPTIONAL_INT, struct connection_pool_http, max_retries,
	      COUNT_RANGE),
	FIELD("idleTimeout", FIELD_DURATION, struct connection_pool_http, idle_timeout),
	FIELD("h2UpgradePolicy", FIELD_ENUM, struct connection_pool_http, h2_upgrade_policy,
	      .words = upgrade_words),
	FIELD("useClientProtocol", FIELD_BOOL, struct connection_pool_http, use_client_protocol),
	FIELD("maxConcurrentStreams", FIELD_OPTIONAL_INT, struct connection_pool_http,
	      max_concurrent_streams, COUNT_RANGE),
};
static const struct schema http_schema =
	SCHEMA("a connectionPool's http", struct connection_pool_http, http_fields);

static const struct field pool_fields[] = {
	FIELD("tcp", FIELD_MESSAGE, struct connection_pool_settings, tcp, .schema = &tcp_schema),
	FIELD("http", FIELD_MESSAGE, struct connection_pool_settings, http, .schema = &http_schema),
};
const struct schema connection_pool_settings_schema =
	SCHEMA("a connectionPool", struct connection_pool_settings, pool_fields);

#define ERRORS_RANGE  .min = 0, .max = UINT32_MAX
#define PERCENT_RANGE .min = 0, .max = 100

static const struct field outlier_fields[] = {
	FIELD("consecutiveErrors", FIELD_OPTIONAL_INT, struct outlier_detection, consecutive_errors,
	      ERRORS_RANGE, .flags = FIELD_EXTENSION,
	      .hint = "the portable spelling is consecutive5xxErrors"),
	FIELD("splitExternalLocalOriginErrors", FIELD_OPTIONAL_BOOL, struct outlier_detection,
	      split_external_local_origin_errors),
	FIELD("consecutiveLocalOriginFailures", FIELD_OPTIONAL_INT, struct outlier_detection,
	      consecutive_local_origin_failures, ERRORS_RANGE),
	FIELD("consecutiveGatewayErrors", FIELD_OPTIONAL_INT, struct outlier_detection,
	      consecutive_gateway_errors, ERRORS_RANGE),
	FIELD("consecutive5xxErrors", FIELD_OPTIONAL_INT, struct outlier_detection,
	      consecutive_5xx_errors, ERRORS_RANGE),
	FIELD("interval", FIELD_DURATION, struct outlier_detection, interval),
	FIELD("baseEjectionTime", FIELD_DURATION, struct outlier_detection, base_ejection_time),
	FIELD("maxEjectionPercent", FIELD_OPTIONAL_INT, struct outlier_detection,
	      max_ejection_percent, PERCENT_RANGE),
	FIELD("minHealthPercent", FIELD_OPTIONAL_INT, struct outlier_detection, min_health_percent,
	      PERCENT_RANGE),
	FIELD("outlierDetectionHttpErrorCodes", FIELD_NUMBER_LIST, struct outlier_detection,
	      http_error_codes, .min = 100, .max = 599),
};
static const struct schema outlier_schema =
	SCHEMA("an outlierDetection", struct outlier_detection, outlier_fields);

static const struct word client_tls_words[] = {
	{ "DISABLE", CLIENT_TLS_DISABLE, NULL },
	{ "SIMPLE", CLIENT_TLS_SIMPLE, NULL },
	{ "MUTUAL", CLIENT_TLS_MUTUAL, NULL },
	{ "ISTIO_MUTUAL", CLIENT_TLS_ISTIO_MUTUAL, NULL },
	{ NULL, 0, NULL },
};

#define SERVER_DECIDES "in Istio MeshConfig's meshMTLS says it for the whole mesh"

static void check_client_tls(struct decoder *decoder, const struct value *value, void *message)
{
	const struct client_tls_settings *tls = message;

	if (tls->mode == CLIENT_TLS_MUTUAL && tls->credential_name.len == 0
	    && (tls->client_certificate.len == 0 || tls->private_key.len == 0))
		decode_error(decoder, decode_place(value, "mode"),
			     "MUTUAL needs 'clientCertificate' and 'privateKey', or "
			     "'credentialName'");
	if (tls->mode == CLIENT_TLS_ISTIO_MUTUAL
	    && (tls->client_certificate.len > 0 || tls->private_key.len > 0
		|| tls->credential_name.len > 0))
		decode_error(decoder, decode_place(value, "mode"),
			     "ISTIO_MUTUAL uses the mesh's own certificates; leave the others "
			     "away, or choose MUTUAL");
	if (tls->min_protocol_version != TLS_VERSION_AUTO
	    && tls->max_protocol_version != TLS_VERSION_AUTO
	    && tls->min_protocol_version > tls->max_protocol_version)
		decode_error(decoder, decode_place(value, "minProtocolVersion"),
			     "'minProtocolVersion' is above 'maxProtocolVersion'");
}

static const struct field client_tls_fields[] = {
	FIELD("mode", FIELD_ENUM, struct client_tls_settings, mode, .words = client_tls_words),
	FIELD("clientCertificate", FIELD_TEXT, struct client_tls_settings, client_certificate),
	FIELD("privateKey", FIELD_TEXT, struct client_tls_settings, private_key),
	FIELD("caCertificates", FIELD_TEXT, struct client_tls_settings, ca_certificates),
	FIELD("caCrl", FIELD_TEXT, struct client_tls_settings, ca_crl),
	FIELD("credentialName", FIELD_TEXT, struct client_tls_settings, credential_name),
	FIELD("subjectAltNames", FIELD_TEXT_LIST, struct client_tls_settings, subject_alt_names,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("sni", FIELD_TEXT, struct client_tls_settings, sni),
	FIELD("insecureSkipVerify", FIELD_OPTIONAL_BOOL, struct client_tls_settings,
	      insecure_skip_verify),
	FIELD("minProtocolVersion", FIELD_ENUM, struct client_tls_settings, min_protocol_version,
	      .words = tls_version_words, .flags = FIELD_EXTENSION, .hint = SERVER_DECIDES),
	FIELD("maxProtocolVersion", FIELD_ENUM, struct client_tls_settings, max_protocol_version,
	      .words = tls_version_words, .flags = FIELD_EXTENSION, .hint = SERVER_DECIDES),
	FIELD("cipherSuites", FIELD_TEXT_LIST, struct client_tls_settings, cipher_suites,
	      .flags = FIELD_EXTENSION, .hint = SERVER_DECIDES),
};
static const struct schema client_tls_settings_schema = SCHEMA(
	"a tls", struct client_tls_settings, client_tls_fields, .validate = check_client_tls);

static const struct field tunnel_fields[] = {
	FIELD("protocol", FIELD_TEXT, struct traffic_tunnel, protocol),
	FIELD("targetHost", FIELD_TEXT, struct traffic_tunnel, target_host,
	      .flags = FIELD_REQUIRED),
	FIELD("targetPort", FIELD_UINT32, struct traffic_tunnel, target_port, PORT_RANGE,
	      .flags = FIELD_REQUIRED),
};
static const struct schema tunnel_schema = SCHEMA("a tunnel", struct traffic_tunnel, tunnel_fields);

static const struct word proxy_protocol_words[] = {
	{ "V1", PROXY_PROTOCOL_V1, NULL },
	{ "V2", PROXY_PROTOCOL_V2, NULL },
	{ NULL, 0, NULL },
};
static const struct field proxy_protocol_fields[] = {
	FIELD("version", FIELD_ENUM, struct proxy_protocol, version, .words = proxy_protocol_words),
};
static const struct schema proxy_protocol_schema =
	SCHEMA("a proxyProtocol", struct proxy_protocol, proxy_protocol_fields);

static const struct field budget_fields[] = {
	FIELD("percent", FIELD_OPTIONAL_DOUBLE, struct retry_budget, percent, PERCENT_RANGE),
	FIELD("minRetryConcurrency", FIELD_OPTIONAL_INT, struct retry_budget, min_retry_concurrency,
	      ERRORS_RANGE),
};
static const struct schema budget_schema =
	SCHEMA("a retryBudget", struct retry_budget, budget_fields);

#define SETTINGS(owner)                                                                            \
	FIELD("loadBalancer", FIELD_MESSAGE, owner, load_balancer,                                 \
	      .schema = &load_balancer_schema),                                                    \
		FIELD("connectionPool", FIELD_MESSAGE, owner, connection_pool,                     \
		      .schema = &connection_pool_settings_schema),                                 \
		FIELD("outlierDetection", FIELD_MESSAGE, owner, outlier_detection,                 \
		      .schema = &outlier_schema, .group = 1),                                      \
		FIELD("tls", FIELD_MESSAGE, owner, tls, .schema = &client_tls_settings_schema),    \
		FIELD("healthCheck", FIELD_MESSAGE, owner, health_check,                           \
		      .schema = &upstream_health_check_schema)

static const struct field port_policy_fields[] = {
	SETTINGS(struct port_traffic_policy),
	FIELD("port", FIELD_INLINE, struct port_traffic_policy, port, .schema = &port_number_schema,
	      .flags = FIELD_REQUIRED),
};
static const struct schema port_policy_schema =
	SCHEMA("an item of portLevelSettings", struct port_traffic_policy, port_policy_fields);

static const struct field policy_fields[] = {
	SETTINGS(struct traffic_policy),
	FIELD("circuitBreaker", FIELD_MESSAGE, struct traffic_policy, outlier_detection,
	      .schema = &outlier_schema, .group = 1, .flags = FIELD_EXTENSION,
	      .hint = "the portable spelling is outlierDetection"),
	FIELD("portLevelSettings", FIELD_MESSAGE_LIST, struct traffic_policy, port_level_settings,
	      .schema = &port_policy_schema),
	FIELD("tunnel", FIELD_MESSAGE, struct traffic_policy, tunnel, .schema = &tunnel_schema),
	FIELD("proxyProtocol", FIELD_MESSAGE, struct traffic_policy, proxy_protocol,
	      .schema = &proxy_protocol_schema),
	FIELD("retryBudget", FIELD_MESSAGE, struct traffic_policy, retry_budget,
	      .schema = &budget_schema),
};
const struct schema traffic_policy_schema =
	SCHEMA("a trafficPolicy", struct traffic_policy, policy_fields);
