/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_legacy.c — PodSecurityPolicy and SecurityContextConstraints: what they would let
 * through, measured against the Pod Security Standards, and the way over to these. */
#include "check/kubernetes.h"

#include <string.h>

/* A field of the policy that lets pods through which a level refuses. */
struct opening {
	const char *field;
	bool when_missing; /* also where it is not set */
	const char *means;
};

static void check_openings(struct examination *exam, const struct manifest_object *object,
			   const struct value *spec, const struct opening *openings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct value *value = value_get(spec, openings[i].field);

		if (value == NULL ? openings[i].when_missing : manifest_is_set_true(value))
			manifest_report(exam, object, value != NULL ? value : spec, "%s%s: %s",
					openings[i].field, value == NULL ? " is not false" : "",
					openings[i].means);
	}
}

static bool list_has(const struct value *list, const char *word)
{
	if (list == NULL)
		return false;
	VALUE_FOR_EACH(list, item)
	{
		if (text_is(item->text, word))
			return true;
	}
	return false;
}

static void check_drop_all(struct examination *exam, const struct manifest_object *object,
			   const struct value *spec)
{
	const struct value *drop = value_get(spec, "requiredDropCapabilities");

	if (!list_has(drop, "ALL"))
		manifest_report(exam, object, drop != NULL ? drop : spec,
				"pods keep capabilities: requiredDropCapabilities has no ALL");
}

static void check_capabilities(struct examination *exam, const struct manifest_object *object,
			       const struct value *spec)
{
	static const char *const lists[] = { "allowedCapabilities", "defaultAddCapabilities" };

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct value *list = value_get(spec, lists[i]);

		if (list == NULL)
			continue;
		VALUE_FOR_EACH(list, item)
		{
			if (!text_is(item->text, "NET_BIND_SERVICE"))
				manifest_report(exam, object, item, "%s lets pods have %.*s",
						lists[i], TEXT_ARGS(item->text));
		}
	}
}

static void check_volumes(struct examination *exam, const struct manifest_object *object,
			  const struct value *spec)
{
	const struct value *volumes = value_get(spec, "volumes");

	if (list_has(volumes, "*") || list_has(volumes, "hostPath"))
		manifest_report(exam, object, volumes, "pods may mount directories of the host");
}

/* runAsUser: {rule: …} of a PSP, {type: …} of an SCC. */
static void check_strategy(struct examination *exam, const struct manifest_object *object,
			   const struct value *spec, const char *key)
{
	const struct value *strategy = value_find(spec, "runAsUser");
	const struct text rule = manifest_text(strategy, key);

	if (rule.len == 0 || text_is(rule, "RunAsAny"))
		manifest_report(exam, object, strategy != NULL ? strategy : spec,
				"pods may run as root: runAsUser is not MustRunAsNonRoot");
}

static void check_psp(struct examination *exam, const struct manifest_object *object)
{
	static const struct opening openings[] = {
		{ "privileged", false, "privileged pods are let through" },
		{ "hostNetwork", false, "pods may share the host's network" },
		{ "hostPID", false, "pods may share the host's processes" },
		{ "hostIPC", false, "pods may share the host's memory" },
		{ "allowPrivilegeEscalation", true, "pods may gain privileges" },
	};
	static const char *const required[] = { "runAsUser", "seLinux", "fsGroup",
						"supplementalGroups" };
	const struct value *spec = value_get(object->root, "spec");
	const struct value *namespace = value_find(object->root, "metadata.namespace");

	if (spec == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (value_get(spec, required[i]) == NULL)
			manifest_report(exam, object, spec,
					"a PodSecurityPolicy without %s was refused by Kubernetes",
					required[i]);
	if (namespace != NULL)
		manifest_report(exam, object, namespace,
				"a PodSecurityPolicy belongs to no namespace: it governs all whose "
				"accounts may use it");
	check_openings(exam, object, spec, openings, COUNT_OF(openings));
	check_drop_all(exam, object, spec);
	check_capabilities(exam, object, spec);
	check_volumes(exam, object, spec);
	check_strategy(exam, object, spec, "rule");
	if (!manifest_is_true(spec, "readOnlyRootFilesystem"))
		manifest_report(
			exam, object, manifest_nearest(spec, "readOnlyRootFilesystem"),
			"pods may write into their image: readOnlyRootFilesystem is not true");
}

void k8_psp(struct examination *exam)
{
	each_object(exam, "policy", "PodSecurityPolicy", check_psp);
}

static void check_scc(struct examination *exam, const struct manifest_object *object)
{
	static const struct opening openings[] = {
		{ "allowPrivilegedContainer", false, "privileged pods are let through" },
		{ "allowHostNetwork", false, "pods may share the host's network" },
		{ "allowHostPID", false, "pods may share the host's processes" },
		{ "allowHostIPC", false, "pods may share the host's memory" },
		{ "allowHostPorts", false, "pods may use ports of the host" },
		{ "allowHostDirVolumePlugin", false, "pods may mount directories of the host" },
		{ "allowPrivilegeEscalation", true, "pods may gain privileges" },
	};

	check_openings(exam, object, object->root, openings, COUNT_OF(openings));
	check_drop_all(exam, object, object->root);
	check_capabilities(exam, object, object->root);
	check_volumes(exam, object, object->root);
	check_strategy(exam, object, object->root, "type");
	if (value_get(object->root, "seccompProfiles") == NULL)
		manifest_report(exam, object, NULL,
				"no seccomp profile is required: the default restricted-v2 has "
				"runtime/default");
	if (!manifest_is_true(object->root, "readOnlyRootFilesystem"))
		manifest_report(
			exam, object, manifest_nearest(object->root, "readOnlyRootFilesystem"),
			"pods may write into their image: readOnlyRootFilesystem is not true");
}

void k8_scc(struct examination *exam)
{
	each_object(exam, "security.openshift.io", "SecurityContextConstraints", check_scc);
}
