/* SPDX-License-Identifier: Apache-2.0 */
#include "check/kubernetes.h"
#include "check/tree.h"

#include <string.h>

#define RBAC "rbac.authorization.k8s.io"

typedef void (*rbac_rule_fn)(struct examination *exam, const struct manifest_object *role,
			     const struct value *rule);

static void each_rule(struct examination *exam, rbac_rule_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *role = &exam->manifest->objects[i];
		const struct value *rules = value_get(role->root, "rules");

		if ((!manifest_is(role, RBAC, "Role") && !manifest_is(role, RBAC, "ClusterRole"))
		    || rules == NULL)
			continue;
		VALUE_FOR_EACH(rules, rule)
		visit(exam, role, rule);
	}
}

/* The item of the list that is `word`, or the wildcard; NULL where neither is there. */
static const struct value *grants(const struct value *rule, const char *list, const char *word)
{
	const struct value *items = value_get(rule, list);

	if (items == NULL)
		return NULL;
	VALUE_FOR_EACH(items, item)
	{
		if (text_is(item->text, word) || text_is(item->text, "*"))
			return item;
	}
	return NULL;
}

static bool grants_any(const struct value *rule, const char *list, const char *const *words)
{
	for (; *words != NULL; words++)
		if (grants(rule, list, *words) != NULL)
			return true;
	return false;
}

static void check_wildcard(struct examination *exam, const struct manifest_object *role,
			   const struct value *rule)
{
	static const char *const lists[] = { "verbs", "resources", "apiGroups" };

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct value *item = grants(rule, lists[i], "*");

		if (item != NULL)
			manifest_report(exam, role, item,
					"%s: * grants what does not exist yet, too", lists[i]);
	}
}

void rb_wildcard(struct examination *exam)
{
	each_rule(exam, check_wildcard);
}

static void check_secrets(struct examination *exam, const struct manifest_object *role,
			  const struct value *rule)
{
	static const char *const reading[] = { "get", "list", "watch", NULL };
	const struct value *names = value_get(rule, "resourceNames");
	const struct value *secrets = grants(rule, "resources", "secrets");

	if (secrets != NULL && grants_any(rule, "verbs", reading)
	    && (names == NULL || names->count == 0))
		manifest_report(exam, role, secrets, "%s", exam->check->title);
}

void rb_secrets(struct examination *exam)
{
	each_rule(exam, check_secrets);
}

/* A verb on a resource from which one gets to everything else; the list is that of Kubernetes' own
 * "RBAC good practices". */
static const struct escalation {
	const char *resource, *verb, *means;
} escalations[] = {
	{ "roles", "escalate", "rights can be granted that one does not have" },
	{ "clusterroles", "escalate", "rights can be granted that one does not have" },
	{ "roles", "bind", "any role can be bound to oneself" },
	{ "clusterroles", "bind", "any role can be bound to oneself" },
	{ "users", "impersonate", "one can act as anyone" },
	{ "groups", "impersonate", "one can act as system:masters" },
	{ "serviceaccounts", "impersonate", "one can act as any service account" },
	{ "serviceaccounts/token", "create", "tokens of any service account can be made" },
	{ "uids", "impersonate", "one can act as anyone" },
	{ "userextras", "impersonate", "one can act as anyone" },
	{ "nodes/proxy", "create", "every pod of a node can be read and entered" },
	{ "nodes/proxy", "get", "every pod of a node can be read and entered" },
	{ "certificatesigningrequests/approval", "update", "certificates of anyone can be issued" },
	{ "certificatesigningrequests/approval", "patch", "certificates of anyone can be issued" },
	{ "signers", "approve", "certificates of anyone can be issued" },
	{ "signers", "sign", "certificates of anyone can be issued" },
	{ "mutatingwebhookconfigurations", "patch", "every object can be changed on its way in" },
	{ "validatingwebhookconfigurations", "delete", "what refuses objects can be taken away" },
	{ "validatingwebhookconfigurations", "update", "what refuses objects can be taken away" },
	{ "validatingwebhookconfigurations", "patch", "what refuses objects can be taken away" },
	{ "validatingadmissionpolicies", "delete", "what refuses objects can be taken away" },
	{ "validatingadmissionpolicies", "update", "what refuses objects can be taken away" },
	{ "namespaces", "patch", "a namespace's Pod Security level can be lowered" },
	{ "namespaces", "update", "a namespace's Pod Security level can be lowered" },
	{ "nodes", "patch", "pods can be drawn to a node of one's choice" },
	{ "nodes/status", "patch", "pods can be drawn to a node of one's choice" },
	{ "mutatingwebhookconfigurations", "create", "every object can be changed on its way in" },
	{ "mutatingwebhookconfigurations", "update", "every object can be changed on its way in" },
	{ "persistentvolumes", "create", "directories of the host can be mounted" },
};

static void check_escalation(struct examination *exam, const struct manifest_object *role,
			     const struct value *rule)
{
	for (size_t i = 0; i < COUNT_OF(escalations); i++) {
		const struct escalation *row = &escalations[i];
		const struct value *resource = grants(rule, "resources", row->resource);
		const struct value *verb = grants(rule, "verbs", row->verb);

		if (resource == NULL || verb == NULL || text_is(resource->text, "*"))
			continue;
		manifest_report(exam, role, verb, "%s on %s: %s", row->verb, row->resource,
				row->means);
		return;
	}
}

void rb_escalation(struct examination *exam)
{
	each_rule(exam, check_escalation);
}

static void check_exec(struct examination *exam, const struct manifest_object *role,
		       const struct value *rule)
{
	static const char *const resources[] = { "pods/exec", "pods/attach", "pods/portforward",
						 "pods/ephemeralcontainers" };

	for (size_t i = 0; i < COUNT_OF(resources); i++) {
		const struct value *resource = grants(rule, "resources", resources[i]);

		if (resource != NULL && !text_is(resource->text, "*"))
			manifest_report(exam, role, resource,
					"%s lets one into every pod, with its secrets",
					resources[i]);
	}
}

void rb_exec(struct examination *exam)
{
	each_rule(exam, check_exec);
}

static void each_binding(struct examination *exam, object_fn visit)
{
	each_object(exam, RBAC, "RoleBinding", visit);
	each_object(exam, RBAC, "ClusterRoleBinding", visit);
}

static void check_cluster_admin(struct examination *exam, const struct manifest_object *binding)
{
	const struct value *name = value_find(binding->root, "roleRef.name");

	if (name != NULL && (text_is(name->text, "cluster-admin") || text_is(name->text, "admin")))
		manifest_report(exam, binding, name, "%.*s is bound", TEXT_ARGS(name->text));
}

void rb_cluster_admin(struct examination *exam)
{
	each_binding(exam, check_cluster_admin);
}

static void check_everyone(struct examination *exam, const struct manifest_object *binding)
{
	const struct value *subjects = value_get(binding->root, "subjects");

	if (subjects == NULL)
		return;
	VALUE_FOR_EACH(subjects, subject)
	{
		const struct text name = manifest_text(subject, "name");

		if (text_is(name, "system:anonymous") || text_is(name, "system:unauthenticated")
		    || text_is(name, "system:authenticated"))
			manifest_report(exam, binding, value_get(subject, "name"),
					"%.*s is nearly everyone", TEXT_ARGS(name));
	}
}

void rb_everyone(struct examination *exam)
{
	each_binding(exam, check_everyone);
}

static void check_default(struct examination *exam, const struct manifest_object *binding)
{
	const struct value *subjects = value_get(binding->root, "subjects");

	if (subjects == NULL)
		return;
	VALUE_FOR_EACH(subjects, subject)
	{
		if (text_is(manifest_text(subject, "kind"), "ServiceAccount")
		    && text_is(manifest_text(subject, "name"), "default"))
			manifest_report(exam, binding, value_get(subject, "name"), "%s",
					exam->check->title);
	}
}

void rb_default_account(struct examination *exam)
{
	each_binding(exam, check_default);
}

/* Who makes a pod chooses its account and its volumes. */
static void check_pods(struct examination *exam, const struct manifest_object *role,
		       const struct value *rule)
{
	static const char *const makers[] = { "pods",        "deployments",           "daemonsets",
					      "replicasets", "statefulsets",          "jobs",
					      "cronjobs",    "replicationcontrollers" };
	static const char *const making[] = { "create", "update", "patch", NULL };

	for (size_t i = 0; i < COUNT_OF(makers); i++) {
		const struct value *resource = grants(rule, "resources", makers[i]);

		if (resource == NULL || text_is(resource->text, "*")
		    || !grants_any(rule, "verbs", making))
			continue;
		manifest_report(exam, role, resource,
				"who makes %s has every account and every Secret of the namespace",
				makers[i]);
		return;
	}
}

void rb_makes_pods(struct examination *exam)
{
	each_rule(exam, check_pods);
}

static void check_masters(struct examination *exam, const struct manifest_object *binding)
{
	const struct value *subjects = value_get(binding->root, "subjects");

	if (subjects == NULL)
		return;
	VALUE_FOR_EACH(subjects, subject)
	{
		if (text_is(manifest_text(subject, "name"), "system:masters"))
			manifest_report(exam, binding, value_get(subject, "name"), "%s",
					exam->check->title);
	}
}

void rb_masters(struct examination *exam)
{
	each_binding(exam, check_masters);
}

static void check_urls(struct examination *exam, const struct manifest_object *role,
		       const struct value *rule)
{
	const struct value *urls = value_get(rule, "nonResourceURLs");

	if (urls == NULL)
		return;
	VALUE_FOR_EACH(urls, url)
	{
		if (text_is(url->text, "*") || text_is(url->text, "/*"))
			manifest_report(exam, role, url, "%s", exam->check->title);
	}
}

void rb_every_url(struct examination *exam)
{
	each_rule(exam, check_urls);
}

static bool is_built_in(struct text name)
{
	static const char *const names[] = { "cluster-admin", "admin", "edit", "view" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(name, names[i]))
			return true;
	return text_starts_with(name, TEXT("system:"));
}

static void check_role_ref(struct examination *exam, const struct manifest_object *binding)
{
	const struct text kind = manifest_text(binding->root, "roleRef.kind");
	const struct text name = manifest_text(binding->root, "roleRef.name");
	bool has_roles = false;

	if (name.len == 0 || is_built_in(name))
		return;
	for (size_t i = 0; i < exam->tree->count; i++) {
		const struct manifest_object *role = &exam->tree->objects[i].object;

		if (!text_equal(role->kind, kind) || !text_is(role->group, RBAC))
			continue;
		if (text_equal(role->name, name))
			return;
		has_roles = true;
	}
	if (has_roles) /* else they are kept elsewhere */
		manifest_report(exam, binding, value_find(binding->root, "roleRef.name"),
				"no file has the %.*s '%.*s'", TEXT_ARGS(kind), TEXT_ARGS(name));
}

void rb_dangling(struct examination *exam)
{
	each_binding(exam, check_role_ref);
}
