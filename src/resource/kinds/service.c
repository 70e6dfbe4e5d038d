/* SPDX-License-Identifier: Apache-2.0 */
/* service.c — core Service. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct field port_fields[] = {
	FIELD("name", FIELD_TEXT, struct service_port, name),
	FIELD("protocol", FIELD_TEXT, struct service_port, protocol),
	FIELD("appProtocol", FIELD_TEXT, struct service_port, app_protocol),
	FIELD("port", FIELD_UINT32, struct service_port, port, PORT_RANGE, .flags = FIELD_REQUIRED),
	FIELD("targetPort", FIELD_PORT_OR_NAME, struct service_port, target_port),
	FIELD("nodePort", FIELD_UINT32, struct service_port, node_port, .min = 0, .max = 65535),
};
static const struct schema port_schema =
	SCHEMA("a Service's port", struct service_port, port_fields);

static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct service *service = message;

	(void)value;
	for (size_t i = 0; i < service->ports.count && service->ports.count > 1; i++)
		if (service->ports.items[i].name.len == 0)
			decode_error(decoder, service->ports.items[i].at,
				     "with several ports each needs a 'name'");
}

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_TEXT_MAP, struct service, selector),
	FIELD("ports", FIELD_MESSAGE_LIST, struct service, ports, .schema = &port_schema),
	FIELD("clusterIP", FIELD_TEXT, struct service, cluster_ip),
	FIELD("clusterIPs", FIELD_TEXT_LIST, struct service, cluster_ips),
	FIELD("externalIPs", FIELD_TEXT_LIST, struct service, external_ips),
	FIELD("type", FIELD_TEXT, struct service, type),
	FIELD("externalName", FIELD_TEXT, struct service, external_name),
	FIELD("sessionAffinity", FIELD_TEXT, struct service, session_affinity),
	FIELD("internalTrafficPolicy", FIELD_TEXT, struct service, internal_traffic_policy),
	FIELD("externalTrafficPolicy", FIELD_TEXT, struct service, external_traffic_policy),
	FIELD("trafficDistribution", FIELD_TEXT, struct service, traffic_distribution),
	FIELD("publishNotReadyAddresses", FIELD_BOOL, struct service, publish_not_ready_addresses),
	FIELD_NAMED("loadBalancerIP"),
	FIELD_NAMED("loadBalancerSourceRanges"),
	FIELD_NAMED("loadBalancerClass"),
	FIELD_NAMED("healthCheckNodePort"),
	FIELD_NAMED("sessionAffinityConfig"),
	FIELD_NAMED("ipFamilies"),
	FIELD_NAMED("ipFamilyPolicy"),
	FIELD_NAMED("allocateLoadBalancerNodePorts"),
	FIELD_NAMED("topologyKeys"),
};
static const struct schema spec_schema =
	SCHEMA("Service", struct service, spec_fields, .is_inline = true, .validate = check);
static const struct schema document = SPEC_DOCUMENT(struct service, spec_schema, FIELD_REQUIRED);

const struct kind_info service_kind = {
	.kind = KIND_SERVICE,
	.name = "Service",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct service),
	.is_namespaced = true,
	.document = &document,
};
