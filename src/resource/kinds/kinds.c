/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/kinds.h"

const struct kind_info *const kind_infos[] = {
	&peer_authentication_kind,
	&request_authentication_kind,
	&authorization_policy_kind,
	&gateway_kind,
	&virtual_service_kind,
	&destination_rule_kind,
	&service_entry_kind,
	&workload_entry_kind,
	&workload_group_kind,
	&sidecar_kind,
	&namespace_kind,
	&service_kind,
	&endpoints_kind,
	&endpoint_slice_kind,
	&pod_kind,
	&service_account_kind,
	&config_map_kind,
	&secret_kind,
	&network_policy_kind,
	&workload_kind,
	&access_policy_kind,
	&edge_policy_kind,
	&runtime_policy_kind,
	&quarantine_kind,
	&check_policy_kind,
	&revocation_kind,
	NULL,
};

/* Kinds that stand in the same files, but say nothing to the mesh. */
static const struct {
	const char *group;
	const char *const *names; /* ends with NULL */
} known_elsewhere[] = {
	{ "", (const char *const[]){ "Node", "PersistentVolume", "PersistentVolumeClaim",
				     "ReplicationController", "LimitRange", "ResourceQuota",
				     "Event", "PodTemplate", "Binding", NULL } },
	{ "apps", (const char *const[]){ "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
					 "ControllerRevision", NULL } },
	{ "batch", (const char *const[]){ "Job", "CronJob", NULL } },
	{ "rbac.authorization.k8s.io", (const char *const[]){ "Role", "RoleBinding", "ClusterRole",
							      "ClusterRoleBinding", NULL } },
	{ "policy", (const char *const[]){ "PodSecurityPolicy", "PodDisruptionBudget", NULL } },
	{ "security.openshift.io", (const char *const[]){ "SecurityContextConstraints", NULL } },
	{ "networking.k8s.io",
	  (const char *const[]){ "Ingress", "IngressClass", "IPAddress", "ServiceCIDR", NULL } },
	{ "networking.istio.io", (const char *const[]){ "EnvoyFilter", "ProxyConfig", NULL } },
	{ "telemetry.istio.io", (const char *const[]){ "Telemetry", NULL } },
	{ "extensions.istio.io", (const char *const[]){ "WasmPlugin", "TrafficExtension", NULL } },
	{ "install.istio.io", (const char *const[]){ "IstioOperator", NULL } },
	{ "gateway.networking.k8s.io",
	  (const char *const[]){ "Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TCPRoute",
				 "TLSRoute", "UDPRoute", "ReferenceGrant", "BackendTLSPolicy",
				 NULL } },
	{ "apiextensions.k8s.io", (const char *const[]){ "CustomResourceDefinition", NULL } },
	{ "admissionregistration.k8s.io",
	  (const char *const[]){ "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
				 "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
				 NULL } },
	{ "autoscaling", (const char *const[]){ "HorizontalPodAutoscaler", NULL } },
	{ "storage.k8s.io",
	  (const char *const[]){ "StorageClass", "VolumeAttachment", "CSIDriver", NULL } },
	{ "scheduling.k8s.io", (const char *const[]){ "PriorityClass", NULL } },
	{ "coordination.k8s.io", (const char *const[]){ "Lease", NULL } },
	{ "node.k8s.io", (const char *const[]){ "RuntimeClass", NULL } },
	{ "kustomize.config.k8s.io", (const char *const[]){ "Kustomization", "Component", NULL } },
	{ "cert-manager.io",
	  (const char *const[]){ "Certificate", "Issuer", "ClusterIssuer", NULL } },
	{ "monitoring.coreos.com",
	  (const char *const[]){ "ServiceMonitor", "PodMonitor", "PrometheusRule", NULL } },
};

bool kind_is_known_elsewhere(struct text group, struct text name)
{
	for (size_t i = 0; i < COUNT_OF(known_elsewhere); i++) {
		if (!text_is(group, known_elsewhere[i].group))
			continue;
		for (const char *const *known = known_elsewhere[i].names; *known != NULL; known++)
			if (text_is(name, *known))
				return true;
	}
	return false;
}

const char *kind_closest(struct text name)
{
	const char *names[128];
	size_t count = 0;

	for (size_t i = 0; kind_infos[i] != NULL; i++)
		names[count++] = kind_infos[i]->name;
	for (size_t i = 0; i < COUNT_OF(known_elsewhere); i++)
		for (const char *const *known = known_elsewhere[i].names; *known != NULL; known++)
			if (count < COUNT_OF(names))
				names[count++] = *known;
	return text_closest(name, names, count);
}
