/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

/* ---- selectors that select nothing ---- */

static const struct text_map *labels_of(const struct resource *resource)
{
	switch (resource->kind) {
	case KIND_WORKLOAD:
		return workload_of(resource)->labels.count > 0 ? &workload_of(resource)->labels
							       : &resource->labels;
	case KIND_WORKLOAD_ENTRY:
		return &workload_entry_of(resource)->endpoint.labels;
	case KIND_SERVICE:
		return &service_of(resource)->selector;
	default:
		return &resource->labels;
	}
}

static const enum resource_kind workload_kinds[] = { KIND_WORKLOAD, KIND_WORKLOAD_ENTRY, KIND_POD,
						     KIND_SERVICE };

static bool knows_workloads(const struct resource_set *set)
{
	for (size_t i = 0; i < COUNT_OF(workload_kinds); i++)
		if (resource_set_list(set, workload_kinds[i]).count > 0)
			return true;
	return false;
}

static bool selects_something(const struct resource_set *set, struct text namespace,
			      const struct workload_selector *selector)
{
	bool everywhere = text_equal(namespace, resource_set_root_namespace(set));

	for (size_t i = 0; i < COUNT_OF(workload_kinds); i++) {
		struct resource_list list = resource_set_list(set, workload_kinds[i]);

		for (size_t j = 0; j < list.count; j++)
			if ((everywhere || text_equal(list.items[j]->namespace, namespace))
			    && resource_selector_matches(selector, labels_of(list.items[j])))
				return true;
	}
	return false;
}

static void lint_selector(const struct problem_sink *sink, const struct resource_set *set,
			  const struct resource *meta, const struct workload_selector *selector)
{
	if (selector == NULL || selector->match_labels.count == 0
	    || selects_something(set, meta->namespace, selector))
		return;
	problem_add(sink, SEVERITY_WARNING, selector->at,
		    "this selector selects none of the workloads that the resources name in '%s'",
		    meta->namespace.ptr);
}

static const struct workload_selector *selector_of(const struct resource *resource)
{
	switch (resource->kind) {
	case KIND_AUTHORIZATION_POLICY:
		return authorization_policy_of(resource)->selector;
	case KIND_PEER_AUTHENTICATION:
		return peer_authentication_of(resource)->selector;
	case KIND_REQUEST_AUTHENTICATION:
		return request_authentication_of(resource)->selector;
	case KIND_ACCESS_POLICY:
		return access_policy_of(resource)->selector;
	default:
		return NULL;
	}
}

static void lint_selectors(const struct problem_sink *sink, const struct resource_set *set)
{
	static const enum resource_kind kinds[] = { KIND_AUTHORIZATION_POLICY,
						    KIND_PEER_AUTHENTICATION,
						    KIND_REQUEST_AUTHENTICATION,
						    KIND_ACCESS_POLICY };

	if (!knows_workloads(set))
		return;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct resource_list list = resource_set_list(set, kinds[i]);

		for (size_t j = 0; j < list.count; j++)
			lint_selector(sink, set, list.items[j], selector_of(list.items[j]));
	}
}

/* ---- policies that another one makes void ---- */

static bool has_empty_rule(const struct authorization_policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		if (policy->rules.items[i].from.count + policy->rules.items[i].to.count
			    + policy->rules.items[i].when.count
		    == 0)
			return true;
	return false;
}

/* Every workload that `b` selects `a` selects too. */
static bool covers(const struct authorization_policy *a, const struct authorization_policy *b,
		   struct text root_namespace)
{
	static const struct text_map no_labels = { 0 };

	if (a->target_ref != NULL || a->target_refs.count + b->target_refs.count > 0
	    || b->target_ref != NULL)
		return false;
	if (!text_equal(a->meta.namespace, b->meta.namespace)
	    && !text_equal(a->meta.namespace, root_namespace))
		return false;
	return resource_selector_matches(
		a->selector, b->selector != NULL ? &b->selector->match_labels : &no_labels);
}

/* An ALLOW of everything makes other ALLOW policies void, a DENY of everything all of both. */
static bool makes_void(const struct authorization_policy *a, const struct authorization_policy *b)
{
	if (resource_is_dry_run(&a->meta) || resource_is_dry_run(&b->meta) || !has_empty_rule(a))
		return false;
	if (a->action == AUTHORIZATION_DENY)
		return b->action == AUTHORIZATION_ALLOW
		       || (b->action == AUTHORIZATION_DENY && !has_empty_rule(b));
	return a->action == AUTHORIZATION_ALLOW && b->action == AUTHORIZATION_ALLOW
	       && !has_empty_rule(b);
}

static void lint_shadows(const struct problem_sink *sink, const struct resource_set *set)
{
	struct resource_list list = resource_set_list(set, KIND_AUTHORIZATION_POLICY);

	for (size_t i = 0; i < list.count; i++) {
		const struct authorization_policy *a = authorization_policy_of(list.items[i]);

		for (size_t j = 0; has_empty_rule(a) && j < list.count; j++) {
			const struct authorization_policy *b =
				authorization_policy_of(list.items[j]);

			if (a != b && makes_void(a, b)
			    && covers(a, b, resource_set_root_namespace(set)))
				problem_add(
					sink, SEVERITY_WARNING, b->meta.name_at,
					"this policy has no effect: %s/%s (%s:%u) %s everything "
					"for all of its workloads",
					a->meta.namespace.ptr, a->meta.name.ptr, a->meta.at.file,
					a->meta.at.line,
					a->action == AUTHORIZATION_DENY ? "denies" : "allows");
		}
	}
}

/* ---- tokens that nobody verifies ---- */

static const struct text_list *first_token_list(const struct authorization_policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		for (size_t j = 0; j < policy->rules.items[i].from.count; j++) {
			const struct authorization_source *source =
				policy->rules.items[i].from.items[j].source;

			if (source->request_principals.count > 0)
				return &source->request_principals;
			if (source->not_request_principals.count > 0)
				return &source->not_request_principals;
		}
	return NULL;
}

static bool has_token_rules(const struct resource_set *set, struct text namespace)
{
	struct resource_list list = resource_set_list(set, KIND_REQUEST_AUTHENTICATION);
	struct text root = resource_set_root_namespace(set);

	for (size_t i = 0; i < list.count; i++)
		if (text_equal(list.items[i]->namespace, namespace)
		    || text_equal(list.items[i]->namespace, root) || text_equal(namespace, root))
			return true;
	return false;
}

static void lint_tokens(const struct problem_sink *sink, const struct resource_set *set)
{
	struct resource_list list = resource_set_list(set, KIND_AUTHORIZATION_POLICY);

	for (size_t i = 0; i < list.count; i++) {
		const struct text_list *tokens =
			first_token_list(authorization_policy_of(list.items[i]));

		if (tokens != NULL && !has_token_rules(set, list.items[i]->namespace))
			problem_add(
				sink, SEVERITY_WARNING, tokens->at[0],
				"no RequestAuthentication of '%s' or the root namespace verifies "
				"tokens: no request has a principal",
				list.items[i]->namespace.ptr);
	}
}

/* ---- AccessPolicy rules behind one that takes everything ---- */

static bool takes_everything(const struct access_rule *rule)
{
	return text_list_has(&rule->sources, TEXT("*")) && rule->operations.count == 0
	       && rule->conditions.count == 0
	       && (rule->target.len == 0 || text_is(rule->target, "*"));
}

static void lint_access(const struct problem_sink *sink, const struct access_policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++)
		for (size_t j = 0; j < policy->rules.count; j++) {
			const struct access_rule *a = &policy->rules.items[i];
			const struct access_rule *b = &policy->rules.items[j];

			if (takes_everything(a)
			    && (a->priority > b->priority || (a->priority == b->priority && i < j)))
				problem_add(sink, SEVERITY_WARNING, b->at,
					    "rule '%s' is never reached: '%s' comes before it and "
					    "takes everything",
					    b->name.ptr, a->name.ptr);
		}
}

void lint_set(const struct problem_sink *sink, const struct resource_set *set)
{
	struct resource_list accesses = resource_set_list(set, KIND_ACCESS_POLICY);

	lint_selectors(sink, set);
	lint_shadows(sink, set);
	lint_tokens(sink, set);
	for (size_t i = 0; i < accesses.count; i++)
		lint_access(sink, access_policy_of(accesses.items[i]));
}
