/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_legacy_judge.c — one policy against one pod, as the admission of Kubernetes up to 1.24
 * and of OpenShift judge: what the pod leaves open the policy fills in, and so never refuses. */
#include "check/kubernetes_legacy.h"

#include <string.h>

const struct legacy_kind legacy_kinds[LEGACY_KINDS] = {
	{ "policy", "PodSecurityPolicy", "podsecuritypolicies", "spec", "privileged", "hostNetwork",
	  "hostPID", "hostIPC", "rule", true },
	{ "security.openshift.io", "SecurityContextConstraints", "securitycontextconstraints", "",
	  "allowPrivilegedContainer", "allowHostNetwork", "allowHostPID", "allowHostIPC", "type",
	  true },
};

const struct legacy_kind *legacy_kind_of(const struct manifest_object *object)
{
	for (size_t i = 0; i < LEGACY_KINDS; i++)
		if (manifest_is(object, legacy_kinds[i].group, legacy_kinds[i].kind))
			return &legacy_kinds[i];
	return NULL;
}

struct trial {
	const struct legacy_kind *kind;
	const struct value *rules; /* of the policy */
	const struct value *pod;   /* its spec */
	struct arena *arena;
};

static bool list_has(const struct value *list, struct text word)
{
	if (list == NULL)
		return false;
	VALUE_FOR_EACH(list, item)
	{
		if (text_equal(item->text, word) || text_is(item->text, "*"))
			return true;
	}
	return false;
}

/* ---- the pod ---- */

static const char *judge_namespaces(const struct trial *trial)
{
	const struct {
		const char *field, *allowed;
	} rows[] = {
		{ "hostNetwork", trial->kind->host_network },
		{ "hostPID", trial->kind->host_pid },
		{ "hostIPC", trial->kind->host_ipc },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (manifest_is_true(trial->pod, rows[i].field)
		    && !manifest_is_true(trial->rules, rows[i].allowed))
			return rows[i].field;
	return NULL;
}

static struct text volume_type(const struct value *volume)
{
	VALUE_FOR_EACH(volume, entry)
	{
		if (!text_is(entry->key->text, "name"))
			return entry->key->text;
	}
	return TEXT("emptyDir");
}

static bool is_below(struct text path, struct text prefix)
{
	while (prefix.len > 1 && prefix.ptr[prefix.len - 1] == '/')
		prefix.len--;
	return text_starts_with(path, prefix)
	       && (path.len == prefix.len || path.ptr[prefix.len] == '/' || prefix.len == 1);
}

static bool host_path_is_allowed(const struct trial *trial, struct text path)
{
	const struct value *allowed = value_get(trial->rules, "allowedHostPaths");

	if (allowed == NULL || allowed->count == 0)
		return true;
	VALUE_FOR_EACH(allowed, row)
	{
		if (is_below(path, manifest_text(row, "pathPrefix")))
			return true;
	}
	return false;
}

static const char *judge_volumes(const struct trial *trial)
{
	const struct value *volumes = value_get(trial->pod, "volumes");

	if (volumes == NULL)
		return NULL;
	VALUE_FOR_EACH(volumes, volume)
	{
		const struct text type = volume_type(volume);
		const struct text path = manifest_text(volume, "hostPath.path");

		if (!list_has(value_get(trial->rules, "volumes"), type))
			return arena_printf(trial->arena, "a volume of type %.*s", TEXT_ARGS(type));
		if (path.len > 0 && !host_path_is_allowed(trial, path))
			return arena_printf(trial->arena, "hostPath %.*s", TEXT_ARGS(path));
	}
	return NULL;
}

/* ---- its containers ---- */

static bool number_at(const struct value *mapping, const char *key, int64_t *out)
{
	const struct value *value = value_get(mapping, key);

	return value != NULL && value_as_int(value, out);
}

static bool is_in_ranges(const struct value *strategy, int64_t number)
{
	const struct value *ranges = value_get(strategy, "ranges");
	int64_t low, high;

	if (ranges == NULL) /* of an SCC: the namespace's annotation says them */
		return !number_at(strategy, "uid", &low) || low == number;
	VALUE_FOR_EACH(ranges, range)
	{
		if (number_at(range, "min", &low) && number_at(range, "max", &high) && number >= low
		    && number <= high)
			return true;
	}
	return false;
}

/* The container's, or the pod's where it has none. */
static const struct value *context_field(const struct trial *trial, const struct value *container,
					 const char *field)
{
	const struct value *own = value_get(value_get(container, "securityContext"), field);

	return own != NULL ? own : value_get(value_get(trial->pod, "securityContext"), field);
}

static const char *judge_user(const struct trial *trial, const struct value *container)
{
	const struct value *strategy = value_get(trial->rules, "runAsUser");
	const struct text rule = manifest_text(strategy, trial->kind->rule);
	const struct value *user = context_field(trial, container, "runAsUser");
	const struct value *non_root = context_field(trial, container, "runAsNonRoot");
	int64_t number;
	bool is_set;

	if (text_is(rule, "MustRunAsNonRoot")
	    && ((user != NULL && value_as_int(user, &number) && number == 0)
		|| (non_root != NULL && value_as_bool(non_root, &is_set) && !is_set)))
		return "it runs as root";
	if (text_starts_with(rule, TEXT("MustRunAs")) && !text_is(rule, "MustRunAsNonRoot")
	    && user != NULL && value_as_int(user, &number) && !is_in_ranges(strategy, number))
		return arena_printf(trial->arena, "runAsUser %lld", (long long)number);
	return NULL;
}

static const char *judge_capabilities(const struct trial *trial, const struct value *container)
{
	const struct value *added = value_find(container, "securityContext.capabilities.add");

	if (added == NULL)
		return NULL;
	VALUE_FOR_EACH(added, item)
	{
		if ((!list_has(value_get(trial->rules, "allowedCapabilities"), item->text)
		     && !list_has(value_get(trial->rules, "defaultAddCapabilities"), item->text))
		    || list_has(value_get(trial->rules, "requiredDropCapabilities"), item->text))
			return arena_printf(trial->arena, "capability %.*s", TEXT_ARGS(item->text));
	}
	return NULL;
}

static bool port_is_allowed(const struct trial *trial, int64_t port)
{
	const struct value *ranges = value_get(trial->rules, "hostPorts");
	int64_t low, high;

	if (manifest_is_true(trial->rules, "allowHostPorts"))
		return true;
	if (ranges == NULL || ranges->type != VALUE_SEQUENCE)
		return false;
	VALUE_FOR_EACH(ranges, range)
	{
		if (number_at(range, "min", &low) && number_at(range, "max", &high) && port >= low
		    && port <= high)
			return true;
	}
	return false;
}

static const char *judge_ports(const struct trial *trial, const struct value *container)
{
	const struct value *ports = value_get(container, "ports");
	int64_t number;

	if (ports == NULL)
		return NULL;
	VALUE_FOR_EACH(ports, port)
	{
		const struct value *host_port = value_get(port, "hostPort");

		if (host_port != NULL && value_as_int(host_port, &number) && number != 0
		    && !port_is_allowed(trial, number))
			return arena_printf(trial->arena, "hostPort %lld", (long long)number);
	}
	return NULL;
}

static bool forbids(const struct value *rules, const char *field)
{
	const struct value *value = value_get(rules, field);
	bool is_set;

	return value != NULL && value_as_bool(value, &is_set) && !is_set;
}

static const char *judge_container(const struct trial *trial, const struct value *container)
{
	const struct value *context = value_get(container, "securityContext");
	const char *reason;

	if (manifest_is_true(context, "privileged")
	    && !manifest_is_true(trial->rules, trial->kind->privileged))
		return "it is privileged";
	if (manifest_is_true(context, "allowPrivilegeEscalation")
	    && forbids(trial->rules, "allowPrivilegeEscalation"))
		return "allowPrivilegeEscalation";
	if (manifest_is_true(trial->rules, "readOnlyRootFilesystem")
	    && forbids(context, "readOnlyRootFilesystem"))
		return "readOnlyRootFilesystem is false";
	reason = judge_user(trial, container);
	if (reason == NULL)
		reason = judge_capabilities(trial, container);
	return reason != NULL ? reason : judge_ports(trial, container);
}

const char *legacy_refusal(const struct manifest_object *policy, const struct value *pod_spec,
			   struct arena *arena)
{
	const struct legacy_kind *kind = legacy_kind_of(policy);
	const struct trial trial = {
		.kind = kind,
		.rules = kind->spec[0] != '\0' ? value_get(policy->root, kind->spec) : policy->root,
		.pod = pod_spec,
		.arena = arena,
	};
	const char *reason = judge_namespaces(&trial);

	if (reason == NULL)
		reason = judge_volumes(&trial);
	if (reason != NULL)
		return reason;
	FOR_EACH_CONTAINER(pod_spec, container)
	{
		reason = judge_container(&trial, container);
		if (reason != NULL)
			return arena_printf(arena, "container \"%.*s\": %s",
					    TEXT_ARGS(manifest_text(container, "name")), reason);
	}
	return NULL;
}
