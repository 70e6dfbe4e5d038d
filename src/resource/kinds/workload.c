/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/workload.h"

#include "resource/kinds/kinds.h"

static const struct field docker_fields[] = {
	FIELD("image", FIELD_TEXT, struct workload_docker, image),
	FIELD("labels", FIELD_TEXT_MAP, struct workload_docker, labels),
};
static const struct schema docker_schema = SCHEMA("docker", struct workload_docker, docker_fields);

static const struct field pod_fields[] = {
	FIELD("namespace", FIELD_TEXT, struct workload_pod, namespace),
	FIELD("name", FIELD_TEXT, struct workload_pod, name),
	FIELD("serviceAccount", FIELD_TEXT, struct workload_pod, service_account),
	FIELD("labels", FIELD_TEXT_MAP, struct workload_pod, labels),
};
static const struct schema pod_schema = SCHEMA("pod", struct workload_pod, pod_fields);

static void check_process(struct decoder *decoder, const struct value *value, void *message)
{
	(void)message;
	if (value->count == 0)
		decode_error(decoder, value->at,
			     "this selects every process of the host; say at least a user, a path, "
			     "a systemdUnit, docker or pod");
}

static const struct field process_fields[] = {
	FIELD("uid", FIELD_OPTIONAL_INT, struct workload_process, uid, .min = 0, .max = UINT32_MAX,
	      .group = 1),
	FIELD("user", FIELD_TEXT, struct workload_process, user, .group = 1),
	FIELD("gid", FIELD_OPTIONAL_INT, struct workload_process, gid, .min = 0, .max = UINT32_MAX,
	      .group = 2),
	FIELD("group", FIELD_TEXT, struct workload_process, group, .group = 2),
	FIELD("path", FIELD_TEXT, struct workload_process, path, .format = FORMAT_ABSOLUTE_PATH),
	FIELD("sha256", FIELD_TEXT, struct workload_process, sha256, .format = FORMAT_SHA256),
	FIELD("systemdUnit", FIELD_TEXT, struct workload_process, systemd_unit),
	FIELD("docker", FIELD_MESSAGE, struct workload_process, docker, .schema = &docker_schema),
	FIELD("pod", FIELD_MESSAGE, struct workload_process, pod, .schema = &pod_schema),
};
static const struct schema process_schema = SCHEMA("an item of processes", struct workload_process,
						   process_fields, .validate = check_process);

static void finish(struct decoder *decoder, const struct value *value, void *message)
{
	struct workload *workload = message;

	(void)decoder;
	if (workload->service_account.len == 0)
		workload->service_account = TEXT("default");
	if (value_get(value, "labels") == NULL)
		workload->labels = workload->meta.labels;
}

static const struct field spec_fields[] = {
	FIELD("serviceAccount", FIELD_TEXT, struct workload, service_account),
	FIELD("labels", FIELD_TEXT_MAP, struct workload, labels),
	FIELD("processes", FIELD_MESSAGE_LIST, struct workload, processes,
	      .schema = &process_schema),
	FIELD("address", FIELD_TEXT, struct workload, address, .format = FORMAT_IP),
	FIELD("ports", FIELD_MESSAGE_LIST, struct workload, ports, .schema = &network_port_schema),
	FIELD("roles", FIELD_TEXT_LIST, struct workload, roles, .flags = FIELD_NOT_EMPTY),
	FIELD("permissions", FIELD_TEXT_LIST, struct workload, permissions,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema spec_schema =
	SCHEMA("Workload", struct workload, spec_fields, .is_inline = true, .validate = finish);
static const struct schema document = SPEC_DOCUMENT(struct workload, spec_schema, FIELD_REQUIRED);

const struct kind_info workload_kind = {
	.kind = KIND_WORKLOAD,
	.name = "Workload",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct workload),
	.is_namespaced = true,
	.document = &document,
};
