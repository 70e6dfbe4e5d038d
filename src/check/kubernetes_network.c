/* SPDX-License-Identifier: Apache-2.0 */
#include "check/kubernetes.h"
#include "check/tree.h"

#include <string.h>

/* Calls `visit` for each rule of ingress and egress. */
typedef void (*rule_fn)(struct examination *exam, const struct manifest_object *policy,
			const struct value *rule, const char *peers);

static void each_rule(struct examination *exam, rule_fn visit)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *policy = &exam->manifest->objects[i];
		const struct value *ingress, *egress;

		if (!manifest_is(policy, "networking.k8s.io", "NetworkPolicy"))
			continue;
		ingress = value_find(policy->root, "spec.ingress");
		egress = value_find(policy->root, "spec.egress");
		if (ingress != NULL)
			VALUE_FOR_EACH(ingress, rule)
		visit(exam, policy, rule, "from");
		if (egress != NULL)
			VALUE_FOR_EACH(egress, rule)
		visit(exam, policy, rule, "to");
	}
}

static bool is_world(struct text cidr)
{
	return text_is(cidr, "0.0.0.0/0") || text_is(cidr, "::/0");
}

/* An empty list of peers means all of them, not none. */
static void check_world(struct examination *exam, const struct manifest_object *policy,
			const struct value *rule, const char *peers)
{
	const struct value *list = value_get(rule, peers);

	if (list == NULL || list->count == 0) {
		manifest_report(exam, policy, list != NULL ? list : rule,
				list != NULL ? "'%s: []' does not block: it allows every address"
					     : "a rule without '%s' allows every address",
				peers);
		return;
	}
	VALUE_FOR_EACH(list, peer)
	{
		const struct value *cidr = value_find(peer, "ipBlock.cidr");

		if (cidr != NULL && is_world(cidr->text)
		    && value_find(peer, "ipBlock.except") == NULL)
			manifest_report(exam, policy, cidr, "%.*s is every address",
					TEXT_ARGS(cidr->text));
	}
}

void np_world(struct examination *exam)
{
	each_rule(exam, check_world);
}

static void check_any_namespace(struct examination *exam, const struct manifest_object *policy,
				const struct value *rule, const char *peers)
{
	const struct value *list = value_get(rule, peers);

	if (list == NULL)
		return;
	VALUE_FOR_EACH(list, peer)
	{
		const struct value *selector = value_get(peer, "namespaceSelector");

		if (selector != NULL && selector->count == 0
		    && value_get(peer, "podSelector") == NULL)
			manifest_report(exam, policy, selector, "%s", exam->check->title);
	}
}

void np_any_namespace(struct examination *exam)
{
	each_rule(exam, check_any_namespace);
}

/* "- namespaceSelector" followed by "- podSelector": either is enough, where both were meant. */
static void check_alternatives(struct examination *exam, const struct manifest_object *policy,
			       const struct value *rule, const char *peers)
{
	const struct value *list = value_get(rule, peers);
	const struct value *pods = NULL;
	bool namespaces = false;

	if (list == NULL)
		return;
	VALUE_FOR_EACH(list, peer)
	{
		if (value_get(peer, "podSelector") == NULL)
			namespaces |= value_get(peer, "namespaceSelector") != NULL;
		else if (value_get(peer, "namespaceSelector") == NULL)
			pods = value_get(peer, "podSelector");
	}
	if (namespaces && pods != NULL)
		manifest_report(exam, policy, pods, "%s", exam->check->title);
}

void np_alternatives(struct examination *exam)
{
	each_rule(exam, check_alternatives);
}

static bool is_labelled_here(const struct examination *exam, struct text key, struct text value)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *namespace = &exam->manifest->objects[i];
		const struct value *labels = value_find(namespace->root, "metadata.labels");

		if (!manifest_is(namespace, "", "Namespace") || labels == NULL)
			continue;
		VALUE_FOR_EACH(labels, label)
		{
			if (text_equal(label->key->text, key) && text_equal(label->text, value))
				return true;
		}
	}
	return false;
}

/* Kubernetes itself sets only kubernetes.io/metadata.name. */
static void check_label(struct examination *exam, const struct manifest_object *policy,
			const struct value *rule, const char *peers)
{
	const struct value *list = value_get(rule, peers);

	if (list == NULL)
		return;
	VALUE_FOR_EACH(list, peer)
	{
		const struct value *label = value_find(peer, "namespaceSelector.matchLabels.name");

		if (label == NULL || is_labelled_here(exam, TEXT("name"), label->text))
			continue;
		exam_mend(exam,
			  manifest_report(
				  exam, policy, label->key,
				  "nothing labels the namespace name=%.*s: the rule may match "
				  "no one",
				  TEXT_ARGS(label->text)),
			  (struct range){ label->key->start, label->key->end },
			  "kubernetes.io/metadata.name");
	}
}

void np_unlabelled_namespace(struct examination *exam)
{
	each_rule(exam, check_label);
}

static bool matches_labels(const struct value *selector, const struct value *labels)
{
	const struct value *wanted = value_get(selector, "matchLabels");

	if (wanted == NULL)
		return true;
	VALUE_FOR_EACH(wanted, label)
	{
		bool found = false;

		if (labels == NULL)
			return false;
		VALUE_FOR_EACH(labels, own)
		{
			found |= text_equal(own->key->text, label->key->text)
				 && text_equal(own->text, label->text);
		}
		if (!found)
			return false;
	}
	return true;
}

/* Judged where there are policies of the namespace, in whatever file. */
static void check_selected(struct examination *exam, const struct manifest_object *workload)
{
	const struct value *labels = value_get(workload->pod_metadata, "labels");
	bool has_policies = false;

	for (size_t i = 0; i < exam->tree->count; i++) {
		const struct tree_object *policy = &exam->tree->objects[i];

		if (!manifest_is(&policy->object, "networking.k8s.io", "NetworkPolicy")
		    || !tree_same_namespace(policy, workload, exam->file))
			continue;
		has_policies = true;
		if (matches_labels(value_find(policy->object.root, "spec.podSelector"), labels))
			return;
	}
	if (has_policies)
		manifest_report(exam, workload, value_find(workload->root, "metadata.name"), "%s",
				exam->check->title);
}

void np_unselected(struct examination *exam)
{
	each_workload(exam, check_selected);
}

static void check_egress(struct examination *exam, const struct manifest_object *policy)
{
	const struct value *types = value_find(policy->root, "spec.policyTypes");

	if (value_find(policy->root, "spec.egress") != NULL)
		return;
	if (types != NULL)
		VALUE_FOR_EACH(types, type)
	if (text_is(type->text, "Egress"))
		return;
	manifest_report(exam, policy, manifest_nearest(policy->root, "spec.policyTypes"), "%s",
			exam->check->title);
}

void np_no_egress(struct examination *exam)
{
	each_object(exam, "networking.k8s.io", "NetworkPolicy", check_egress);
}
