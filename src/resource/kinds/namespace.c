/* SPDX-License-Identifier: Apache-2.0 */
/* namespace.c — core Namespace and ServiceAccount: their names and labels are what matters. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct field namespace_fields[] = { DOCUMENT_FIELDS, FIELD_NAMED("spec") };
static const struct schema namespace_document =
	SCHEMA("Namespace", struct namespace_resource, namespace_fields, .is_inline = true);

const struct kind_info namespace_kind = {
	.kind = KIND_NAMESPACE,
	.name = "Namespace",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct namespace_resource),
	.is_namespaced = false,
	.document = &namespace_document,
};

static const struct field account_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("automountServiceAccountToken", FIELD_OPTIONAL_BOOL, struct service_account,
	      automount_token),
	FIELD_NAMED("secrets"),
	FIELD_NAMED("imagePullSecrets"),
};
static const struct schema account_document =
	SCHEMA("ServiceAccount", struct service_account, account_fields, .is_inline = true);

const struct kind_info service_account_kind = {
	.kind = KIND_SERVICE_ACCOUNT,
	.name = "ServiceAccount",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct service_account),
	.is_namespaced = true,
	.document = &account_document,
};
