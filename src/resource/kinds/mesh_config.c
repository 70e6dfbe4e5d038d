/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/mesh_config.h"

#include "resource/kinds/kinds.h"

static const struct word normalization_words[] = {
	{ "DEFAULT", NORMALIZE_DEFAULT, NULL },
	{ "NONE", NORMALIZE_NONE, NULL },
	{ "BASE", NORMALIZE_BASE, NULL },
	{ "MERGE_SLASHES", NORMALIZE_MERGE_SLASHES, NULL },
	{ "DECODE_AND_MERGE_SLASHES", NORMALIZE_DECODE_AND_MERGE_SLASHES, NULL },
	{ NULL, 0, NULL },
};
static const struct field normalization_fields[] = {
	FIELD("normalization", FIELD_ENUM, struct mesh_config, path_normalization,
	      .words = normalization_words),
};
static const struct schema normalization_schema =
	SCHEMA("pathNormalization", struct mesh_config, normalization_fields, .is_inline = true);

static const struct word outbound_words[] = {
	{ "REGISTRY_ONLY", OUTBOUND_REGISTRY_ONLY, NULL },
	{ "ALLOW_ANY", OUTBOUND_ALLOW_ANY, NULL },
	{ "ALLOW_ANY_DYNAMIC_DNS", OUTBOUND_ALLOW_ANY, "it is read as ALLOW_ANY" },
	{ NULL, 0, NULL },
};
static const struct field outbound_fields[] = {
	FIELD("mode", FIELD_ENUM, struct mesh_config, outbound_traffic_mode,
	      .words = outbound_words),
	FIELD_NAMED("tls"),
};
static const struct schema outbound_schema =
	SCHEMA("outboundTrafficPolicy", struct mesh_config, outbound_fields, .is_inline = true);

static const struct word upgrade_words[] = {
	{ "DO_NOT_UPGRADE", H2_UPGRADE_DEFAULT, NULL },
	{ "UPGRADE", H2_UPGRADE, NULL },
	{ NULL, 0, NULL },
};

static const struct word inbound_words[] = {
	{ "PASSTHROUGH", INBOUND_PASSTHROUGH, NULL },
	{ "LOCALHOST", INBOUND_LOCALHOST, NULL },
	{ NULL, 0, NULL },
};
static const struct field inbound_fields[] = {
	FIELD("mode", FIELD_ENUM, struct mesh_config, inbound_traffic_mode, .words = inbound_words),
};
static const struct schema inbound_schema =
	SCHEMA("inboundTrafficPolicy", struct mesh_config, inbound_fields, .is_inline = true);

static const struct field tls_fields[] = {
	FIELD("minProtocolVersion", FIELD_ENUM, struct mesh_tls, min_protocol_version,
	      .words = tls_version_words),
	FIELD("ecdhCurves", FIELD_TEXT_LIST, struct mesh_tls, ecdh_curves,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("cipherSuites", FIELD_TEXT_LIST, struct mesh_tls, cipher_suites,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema tls_schema = SCHEMA("the mesh's TLS", struct mesh_tls, tls_fields);

static const struct word encoding_words[] = {
	{ "TEXT", ACCESS_LOG_TEXT, NULL },
	{ "JSON", ACCESS_LOG_JSON, NULL },
	{ NULL, 0, NULL },
};

/* Istio's (istio:pkg/config/mesh/mesh.go), where the file says nothing. */
static void set_defaults(struct mesh_config *config)
{
	if (config->trust_domain.len == 0)
		config->trust_domain = TEXT("cluster.local");
	if (config->root_namespace.len == 0)
		config->root_namespace = TEXT("istio-system");
	if (!config->enable_auto_mtls.is_set)
		config->enable_auto_mtls = (struct optional_bool){ true, true };
	if (!config->connect_timeout.is_set)
		config->connect_timeout = (struct optional_duration){ true, 10 * NS_PER_SEC };
}

void mesh_config_init(struct mesh_config *config)
{
	*config = (struct mesh_config){ .outbound_traffic_mode = OUTBOUND_ALLOW_ANY };
	config->meta.kind = KIND_MESH_CONFIG;
	config->meta.kind_name = TEXT("MeshConfig");
	config->meta.api_version = TEXT("mesh.istio.io/v1alpha1");
	config->meta.name = TEXT("istio");
	set_defaults(config);
}

static void finish(struct decoder *decoder, const struct value *value, void *message)
{
	struct mesh_config *config = message;
	AUTO_MAP struct map seen = { 0 };

	(void)value;
	for (size_t i = 0; i < config->extension_providers.count; i++) {
		const struct extension_provider *provider = &config->extension_providers.items[i];
		const struct source_pos *before = decode_seen(&seen, provider->name, &provider->at);

		if (before != NULL)
			decode_error(decoder, provider->at,
				     "extension provider '%.*s' is already in line %u",
				     TEXT_ARGS(provider->name), before->line);
	}
	set_defaults(config);
}

static const struct field provider_fields[] = {
	FIELD("tracing", FIELD_TEXT_LIST, struct default_providers, tracing),
	FIELD_NAMED("metrics"),
	FIELD_NAMED("accessLogging"),
};
static const struct schema default_providers_schema =
	SCHEMA("defaultProviders", struct default_providers, provider_fields);

static const struct field config_fields[] = {
	FIELD("trustDomain", FIELD_TEXT, struct mesh_config, trust_domain, .format = FORMAT_HOST),
	FIELD("trustDomainAliases", FIELD_TEXT_LIST, struct mesh_config, trust_domain_aliases,
	      .format = FORMAT_HOST),
	FIELD("rootNamespace", FIELD_TEXT, struct mesh_config, root_namespace),
	FIELD("enableAutoMtls", FIELD_OPTIONAL_BOOL, struct mesh_config, enable_auto_mtls),
	FIELD("outboundTrafficPolicy", FIELD_INLINE, struct mesh_config, meta,
	      .schema = &outbound_schema),
	FIELD("inboundTrafficPolicy", FIELD_INLINE, struct mesh_config, meta,
	      .schema = &inbound_schema),
	FIELD("connectTimeout", FIELD_DURATION, struct mesh_config, connect_timeout),
	FIELD("tcpKeepalive", FIELD_MESSAGE, struct mesh_config, tcp_keepalive,
	      .schema = &tcp_keepalive_schema),
	FIELD("defaultHttpRetryPolicy", FIELD_MESSAGE, struct mesh_config,
	      default_http_retry_policy, .schema = &http_retry_schema),
	FIELD("localityLbSetting", FIELD_MESSAGE, struct mesh_config, locality_lb_setting,
	      .schema = &locality_lb_setting_schema),
	FIELD("pathNormalization", FIELD_INLINE, struct mesh_config, meta,
	      .schema = &normalization_schema),
	FIELD("protocolDetectionTimeout", FIELD_DURATION, struct mesh_config,
	      protocol_detection_timeout),
	FIELD("defaultServiceExportTo", FIELD_TEXT_LIST, struct mesh_config,
	      default_service_export_to),
	FIELD("defaultVirtualServiceExportTo", FIELD_TEXT_LIST, struct mesh_config,
	      default_virtual_service_export_to),
	FIELD("defaultDestinationRuleExportTo", FIELD_TEXT_LIST, struct mesh_config,
	      default_destination_rule_export_to),
	FIELD("h2UpgradePolicy", FIELD_ENUM, struct mesh_config, h2_upgrade_policy,
	      .words = upgrade_words),
	FIELD("accessLogFile", FIELD_TEXT, struct mesh_config, access_log_file),
	FIELD("accessLogFormat", FIELD_TEXT, struct mesh_config, access_log_format),
	FIELD("accessLogEncoding", FIELD_ENUM, struct mesh_config, access_log_encoding,
	      .words = encoding_words),
	FIELD("meshMTLS", FIELD_MESSAGE, struct mesh_config, mesh_mtls, .schema = &tls_schema),
	FIELD("tlsDefaults", FIELD_MESSAGE, struct mesh_config, tls_defaults,
	      .schema = &tls_schema),
	FIELD("extensionProviders", FIELD_MESSAGE_LIST, struct mesh_config, extension_providers,
	      .schema = &extension_provider_schema),
	FIELD("defaultConfig", FIELD_MESSAGE, struct mesh_config, default_config,
	      .schema = &proxy_config_schema),
	FIELD_NAMED("proxyListenPort"),
	FIELD_NAMED("proxyInboundListenPort"),
	FIELD_NAMED("proxyHttpPort"),
	FIELD_NAMED("ingressClass"),
	FIELD_NAMED("ingressService"),
	FIELD_NAMED("ingressControllerMode"),
	FIELD_NAMED("ingressSelector"),
	FIELD("enableTracing", FIELD_BOOL, struct mesh_config, enable_tracing),
	FIELD("defaultProviders", FIELD_MESSAGE, struct mesh_config, default_providers,
	      .schema = &default_providers_schema),
	FIELD_NAMED("enableEnvoyAccessLogService"),
	FIELD_NAMED("disableEnvoyListenerLog"),
	FIELD_NAMED("configSources"),
	FIELD_NAMED("caCertificates"),
	FIELD_NAMED("dnsRefreshRate"),
	FIELD_NAMED("inboundClusterStatName"),
	FIELD_NAMED("outboundClusterStatName"),
	FIELD_NAMED("certificates"),
	FIELD_NAMED("thriftConfig"),
	FIELD_NAMED("serviceSettings"),
	FIELD_NAMED("enablePrometheusMerge"),
	FIELD_NAMED("verifyCertificateAtClient"),
	FIELD_NAMED("ca"),
	FIELD_NAMED("discoverySelectors"),
	FIELD_NAMED("serviceScopeConfigs"),
};
const struct schema mesh_config_schema = SCHEMA("MeshConfig", struct mesh_config, config_fields,
						.is_inline = true, .validate = finish);
