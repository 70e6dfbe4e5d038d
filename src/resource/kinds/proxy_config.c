/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_config.c — MeshConfig's defaultConfig: most of it says how Envoy is to be started. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/mesh_config.h"

static void finish_topology(struct decoder *decoder, const struct value *value, void *message)
{
	(void)decoder;
	((struct gateway_topology *)message)->has_proxy_protocol =
		value_get(value, "proxyProtocol") != NULL;
}

static const struct field topology_fields[] = {
	FIELD("numTrustedProxies", FIELD_UINT32, struct gateway_topology, num_trusted_proxies),
	FIELD("forwardClientCertDetails", FIELD_TEXT, struct gateway_topology,
	      forward_client_cert_details),
	FIELD_NAMED("proxyProtocol"),
};
static const struct schema topology_schema = SCHEMA("gatewayTopology", struct gateway_topology,
						    topology_fields, .validate = finish_topology);

static const struct field tracing_fields[] = {
	FIELD("sampling", FIELD_OPTIONAL_DOUBLE, struct proxy_tracing, sampling, .min = 0,
	      .max = 100),
	FIELD_NAMED("zipkin"),
	FIELD_NAMED("lightstep"),
	FIELD_NAMED("datadog"),
	FIELD_NAMED("stackdriver"),
	FIELD_NAMED("openCensusAgent"),
	FIELD_NAMED("customTags"),
	FIELD_NAMED("maxPathTagLength"),
	FIELD_NAMED("tlsSettings"),
	FIELD_NAMED("enableIstioTags"),
};
static const struct schema tracing_schema = SCHEMA("tracing", struct proxy_tracing, tracing_fields);

static const struct field config_fields[] = {
	FIELD("concurrency", FIELD_OPTIONAL_INT, struct proxy_config, concurrency, .min = 0,
	      .max = 1024),
	FIELD("drainDuration", FIELD_DURATION, struct proxy_config, drain_duration),
	FIELD("terminationDrainDuration", FIELD_DURATION, struct proxy_config,
	      termination_drain_duration),
	FIELD("holdApplicationUntilProxyStarts", FIELD_OPTIONAL_BOOL, struct proxy_config,
	      hold_application_until_proxy_starts),
	FIELD("gatewayTopology", FIELD_MESSAGE, struct proxy_config, gateway_topology,
	      .schema = &topology_schema),
	FIELD("tracing", FIELD_MESSAGE, struct proxy_config, tracing, .schema = &tracing_schema),
	FIELD("connectionSettings", FIELD_ANY, struct proxy_config, connection_settings),
	FIELD_NAMED("configPath"),
	FIELD_NAMED("binaryPath"),
	FIELD_NAMED("serviceCluster"),
	FIELD_NAMED("tracingServiceName"),
	FIELD_NAMED("parentShutdownDuration"),
	FIELD_NAMED("discoveryAddress"),
	FIELD_NAMED("discoveryRefreshDelay"),
	FIELD_NAMED("zipkinAddress"),
	FIELD_NAMED("statsdUdpAddress"),
	FIELD_NAMED("envoyMetricsServiceAddress"),
	FIELD_NAMED("proxyAdminPort"),
	FIELD_NAMED("availabilityZone"),
	FIELD_NAMED("controlPlaneAuthPolicy"),
	FIELD_NAMED("customConfigFile"),
	FIELD_NAMED("statNameLength"),
	FIELD_NAMED("proxyBootstrapTemplatePath"),
	FIELD_NAMED("interceptionMode"),
	FIELD_NAMED("sds"),
	FIELD_NAMED("envoyAccessLogService"),
	FIELD_NAMED("envoyMetricsService"),
	FIELD_NAMED("proxyMetadata"),
	FIELD_NAMED("runtimeValues"),
	FIELD_NAMED("statusPort"),
	FIELD_NAMED("extraStatTags"),
	FIELD_NAMED("meshId"),
	FIELD_NAMED("readinessProbe"),
	FIELD_NAMED("proxyStatsMatcher"),
	FIELD_NAMED("caCertificatesPem"),
	FIELD_NAMED("image"),
	FIELD_NAMED("privateKeyProvider"),
	FIELD_NAMED("proxyHeaders"),
	FIELD_NAMED("fileFlushInterval"),
	FIELD_NAMED("fileFlushMinSizeKb"),
	FIELD_NAMED("statsCompression"),
};
const struct schema proxy_config_schema =
	SCHEMA("defaultConfig", struct proxy_config, config_fields);
