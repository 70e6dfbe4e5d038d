/* SPDX-License-Identifier: Apache-2.0 */
/* pod.c — core Pod: what a mesh asks of it; the rest stays a tree. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct field port_fields[] = {
	FIELD("name", FIELD_TEXT, struct container_port, name),
	FIELD("protocol", FIELD_TEXT, struct container_port, protocol),
	FIELD("hostIP", FIELD_TEXT, struct container_port, host_ip),
	FIELD("containerPort", FIELD_UINT32, struct container_port, container_port, PORT_RANGE,
	      .flags = FIELD_REQUIRED),
	FIELD("hostPort", FIELD_UINT32, struct container_port, host_port, .min = 0, .max = 65535),
};
static const struct schema port_schema =
	SCHEMA("a container's port", struct container_port, port_fields);

static void keep_container(struct decoder *decoder, const struct value *value, void *message)
{
	((struct pod_container *)message)->rest = value_copy(decoder->arena, value);
}

static const struct field container_fields[] = {
	FIELD("name", FIELD_TEXT, struct pod_container, name, .flags = FIELD_REQUIRED),
	FIELD("image", FIELD_TEXT, struct pod_container, image),
	FIELD("ports", FIELD_MESSAGE_LIST, struct pod_container, ports, .schema = &port_schema),
	FIELD_NAMED("command"),
	FIELD_NAMED("args"),
	FIELD_NAMED("workingDir"),
	FIELD_NAMED("envFrom"),
	FIELD_NAMED("env"),
	FIELD_NAMED("resources"),
	FIELD_NAMED("resizePolicy"),
	FIELD_NAMED("restartPolicy"),
	FIELD_NAMED("restartPolicyRules"),
	FIELD_NAMED("volumeMounts"),
	FIELD_NAMED("volumeDevices"),
	FIELD_NAMED("livenessProbe"),
	FIELD_NAMED("readinessProbe"),
	FIELD_NAMED("startupProbe"),
	FIELD_NAMED("lifecycle"),
	FIELD_NAMED("terminationMessagePath"),
	FIELD_NAMED("terminationMessagePolicy"),
	FIELD_NAMED("imagePullPolicy"),
	FIELD_NAMED("securityContext"),
	FIELD_NAMED("stdin"),
	FIELD_NAMED("stdinOnce"),
	FIELD_NAMED("tty"),
};
static const struct schema container_schema =
	SCHEMA("a container", struct pod_container, container_fields, .validate = keep_container);

static void finish_spec(struct decoder *decoder, const struct value *value, void *message)
{
	struct pod *pod = message;

	pod->spec = value_copy(decoder->arena, value);
	if (pod->service_account_name.len == 0)
		pod->service_account_name = TEXT("default");
}

static const struct field spec_fields[] = {
	FIELD("containers", FIELD_MESSAGE_LIST, struct pod, containers, .schema = &container_schema,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("initContainers", FIELD_MESSAGE_LIST, struct pod, init_containers,
	      .schema = &container_schema),
	FIELD("serviceAccountName", FIELD_TEXT, struct pod, service_account_name),
	FIELD("nodeName", FIELD_TEXT, struct pod, node_name),
	FIELD("hostname", FIELD_TEXT, struct pod, hostname),
	FIELD("subdomain", FIELD_TEXT, struct pod, subdomain),
	FIELD("hostNetwork", FIELD_BOOL, struct pod, host_network),
	FIELD_NAMED("volumes"),
	FIELD_NAMED("ephemeralContainers"),
	FIELD_NAMED("restartPolicy"),
	FIELD_NAMED("terminationGracePeriodSeconds"),
	FIELD_NAMED("activeDeadlineSeconds"),
	FIELD_NAMED("dnsPolicy"),
	FIELD_NAMED("nodeSelector"),
	FIELD_NAMED("serviceAccount"),
	FIELD_NAMED("automountServiceAccountToken"),
	FIELD_NAMED("hostPID"),
	FIELD_NAMED("hostIPC"),
	FIELD_NAMED("shareProcessNamespace"),
	FIELD_NAMED("securityContext"),
	FIELD_NAMED("imagePullSecrets"),
	FIELD_NAMED("affinity"),
	FIELD_NAMED("schedulerName"),
	FIELD_NAMED("tolerations"),
	FIELD_NAMED("hostAliases"),
	FIELD_NAMED("priorityClassName"),
	FIELD_NAMED("priority"),
	FIELD_NAMED("dnsConfig"),
	FIELD_NAMED("readinessGates"),
	FIELD_NAMED("runtimeClassName"),
	FIELD_NAMED("enableServiceLinks"),
	FIELD_NAMED("preemptionPolicy"),
	FIELD_NAMED("overhead"),
	FIELD_NAMED("topologySpreadConstraints"),
	FIELD_NAMED("setHostnameAsFQDN"),
	FIELD_NAMED("os"),
	FIELD_NAMED("hostUsers"),
	FIELD_NAMED("schedulingGates"),
	FIELD_NAMED("resourceClaims"),
	FIELD_NAMED("resources"),
	FIELD_NAMED("hostnameOverride"),
};
static const struct schema spec_schema =
	SCHEMA("Pod", struct pod, spec_fields, .is_inline = true, .validate = finish_spec);

static const struct field ip_fields[] = {
	FIELD("ip", FIELD_TEXT, struct pod_ip, ip, .format = FORMAT_IP),
};
static const struct schema ip_schema = SCHEMA("an item of podIPs", struct pod_ip, ip_fields);

static void finish_status(struct decoder *decoder, const struct value *value, void *message)
{
	const struct value *conditions = value_get(value, "conditions");
	struct pod *pod = message;

	(void)decoder;
	if (conditions == NULL || conditions->type != VALUE_SEQUENCE)
		return;
	VALUE_FOR_EACH(conditions, condition)
	{
		const struct value *type = value_get(condition, "type");
		const struct value *status = value_get(condition, "status");

		if (type != NULL && status != NULL && text_is(type->text, "Ready"))
			pod->is_ready = text_is(status->text, "True");
	}
}

static const struct field status_fields[] = {
	FIELD("phase", FIELD_TEXT, struct pod, phase),
	FIELD("podIP", FIELD_TEXT, struct pod, pod_ip, .format = FORMAT_IP),
	FIELD("hostIP", FIELD_TEXT, struct pod, host_ip),
	FIELD("podIPs", FIELD_MESSAGE_LIST, struct pod, pod_ips, .schema = &ip_schema),
};
static const struct schema status_schema =
	SCHEMA("a Pod's status", struct pod, status_fields, .is_inline = true, .is_open = true,
	       .validate = finish_status);

static const struct field document_fields[] = {
	FIELD_NAMED("apiVersion"),
	FIELD_NAMED("kind"),
	FIELD_NAMED("metadata"),
	FIELD("spec", FIELD_INLINE, struct pod, meta, .schema = &spec_schema,
	      .flags = FIELD_REQUIRED),
	FIELD("status", FIELD_INLINE, struct pod, meta, .schema = &status_schema),
};
static const struct schema document =
	SCHEMA("the document", struct pod, document_fields, .is_inline = true);

const struct kind_info pod_kind = {
	.kind = KIND_POD,
	.name = "Pod",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct pod),
	.is_namespaced = true,
	.document = &document,
};
