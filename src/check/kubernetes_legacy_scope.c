/* SPDX-License-Identifier: Apache-2.0 */
#include "check/kubernetes_legacy.h"

#include <stdio.h>

#define RBAC "rbac.authorization.k8s.io"

static bool list_has(const struct value *list, const char *word)
{
	if (list == NULL)
		return false;
	VALUE_FOR_EACH(list, item)
	{
		if (text_is(item->text, word) || text_is(item->text, "*"))
			return true;
	}
	return false;
}

static bool names_policy(const struct value *rule, struct text name)
{
	const struct value *names = value_get(rule, "resourceNames");

	if (names == NULL || names->count == 0)
		return true;
	VALUE_FOR_EACH(names, item)
	{
		if (text_equal(item->text, name))
			return true;
	}
	return false;
}

/* The role has "use" on policies of this kind; name absent: of any name. */
static bool role_uses(const struct manifest_object *role, const struct legacy_kind *kind,
		      struct text name)
{
	const struct value *rules = value_get(role->root, "rules");

	if ((!manifest_is(role, RBAC, "Role") && !manifest_is(role, RBAC, "ClusterRole"))
	    || rules == NULL)
		return false;
	VALUE_FOR_EACH(rules, rule)
	{
		if (list_has(value_get(rule, "verbs"), "use")
		    && list_has(value_get(rule, "resources"), kind->resource)
		    && (name.ptr == NULL || names_policy(rule, name)))
			return true;
	}
	return false;
}

static bool says_who_uses(const struct tree *tree, const struct legacy_kind *kind)
{
	for (size_t i = 0; i < tree->count; i++)
		if (role_uses(&tree->objects[i].object, kind, (struct text){ 0 }))
			return true;
	return false;
}

static struct text account_of(const struct manifest_object *workload)
{
	const struct text name = manifest_text(workload->pod_spec, "serviceAccountName");

	return name.len > 0 ? name : TEXT("default");
}

/* "system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated" */
static bool is_in_group(const struct manifest_object *workload, struct text group)
{
	const struct text all = TEXT("system:serviceaccounts");

	if (text_is(group, "system:authenticated") || text_equal(group, all))
		return true;
	return text_starts_with(group, all) && group.len > all.len + 1
	       && text_equal(text_from(group, all.len + 1), workload->namespace);
}

static bool is_subject(const struct manifest_object *workload, const struct value *subject,
		       struct text binding_namespace)
{
	const struct text kind = manifest_text(subject, "kind");
	const struct text name = manifest_text(subject, "name");
	struct text namespace = manifest_text(subject, "namespace");

	if (text_is(kind, "Group"))
		return is_in_group(workload, name);
	if (namespace.len == 0)
	namespace = binding_namespace;
	return text_is(kind, "ServiceAccount") && text_equal(name, account_of(workload))
	       && text_equal(namespace, workload->namespace);
}

static bool binds(const struct manifest_object *binding, const struct manifest_object *role,
		  const struct manifest_object *workload)
{
	const struct value *subjects = value_get(binding->root, "subjects");
	const bool is_local = manifest_is(binding, RBAC, "RoleBinding");

	if ((!is_local && !manifest_is(binding, RBAC, "ClusterRoleBinding")) || subjects == NULL
	    || !text_equal(manifest_text(binding->root, "roleRef.kind"), role->kind)
	    || !text_equal(manifest_text(binding->root, "roleRef.name"), role->name)
	    || (is_local && !text_equal(binding->namespace, workload->namespace)))
		return false;
	VALUE_FOR_EACH(subjects, subject)
	{
		if (is_subject(workload, subject, binding->namespace))
			return true;
	}
	return false;
}

static bool is_granted(const struct tree *tree, const struct legacy_kind *kind,
		       const struct tree_object *policy, const struct manifest_object *workload)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (!role_uses(&tree->objects[i].object, kind, policy->object.name))
			continue;
		for (size_t j = 0; j < tree->count; j++)
			if (binds(&tree->objects[j].object, &tree->objects[i].object, workload))
				return true;
	}
	return false;
}

/* SecurityContextConstraints name users and groups themselves, too. */
static bool is_named(const struct value *root, const struct manifest_object *workload)
{
	const struct value *users = value_get(root, "users"), *groups = value_get(root, "groups");
	char user[512];

	snprintf(user, sizeof(user), "system:serviceaccount:%.*s:%.*s",
		 TEXT_ARGS(workload->namespace), TEXT_ARGS(account_of(workload)));
	if (users != NULL)
		VALUE_FOR_EACH(users, item)
		{
			if (text_is(item->text, user))
				return true;
		}
	if (groups != NULL)
		VALUE_FOR_EACH(groups, item)
		{
			if (is_in_group(workload, item->text))
				return true;
		}
	return false;
}

bool legacy_governs(const struct tree *tree, const struct tree_object *policy,
		    const struct manifest_object *workload)
{
	const struct legacy_kind *kind = legacy_kind_of(&policy->object);
	const bool names_someone = value_get(policy->object.root, "users") != NULL
				   || value_get(policy->object.root, "groups") != NULL;

	if (is_named(policy->object.root, workload) || is_granted(tree, kind, policy, workload))
		return true;
	return !names_someone && !says_who_uses(tree, kind);
}
