/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

/* ---- values that match nothing ---- */

static void lint_principals(const struct problem_sink *sink, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_starts_with(list->items[i], TEXT("spiffe://")))
			problem_add(sink, SEVERITY_WARNING, list->at[i],
				    "'%.*s' never matches: a principal is written without "
				    "'spiffe://'",
				    TEXT_ARGS(list->items[i]));
}

static void lint_request_principals(const struct problem_sink *sink, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_find_char(list->items[i], '/') == TEXT_NONE
		    && text_find_char(list->items[i], '*') == TEXT_NONE)
			problem_add(
				sink, SEVERITY_WARNING, list->at[i],
				"'%.*s' never matches a real token: it is ISSUER/SUBJECT; write "
				"'%.*s/*' for every subject",
				TEXT_ARGS(list->items[i]), TEXT_ARGS(list->items[i]));
}

static void lint_methods(const struct problem_sink *sink, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < list->items[i].len; j++)
			if (list->items[i].ptr[j] != char_lower(list->items[i].ptr[j])) {
				break;
			} else if (j + 1 == list->items[i].len
				   && text_find_char(list->items[i], '*') == TEXT_NONE) {
				problem_add(sink, SEVERITY_WARNING, list->at[i],
					    "'%.*s' matches no usual method: methods are "
					    "case-sensitive and in upper case",
					    TEXT_ARGS(list->items[i]));
			}
}

static void lint_paths(const struct problem_sink *sink, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct text path = list->items[i];

		if (!text_starts_with(path, TEXT("/")) && !text_starts_with(path, TEXT("*")))
			problem_add(sink, SEVERITY_WARNING, list->at[i],
				    "'%.*s' never matches: a path begins with '/'",
				    TEXT_ARGS(path));
		else if (text_find_char(path, '?') != TEXT_NONE)
			problem_add(sink, SEVERITY_WARNING, list->at[i],
				    "'%.*s' never matches: paths are compared without their query",
				    TEXT_ARGS(path));
	}
}

/* ---- matches that another spelling gets around ---- */

static bool names_port_of(const struct text_list *list, struct text host)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].len > host.len && text_starts_with_nocase(list->items[i], host)
		    && (list->items[i].ptr[host.len] == ':' || list->items[i].ptr[host.len] == '*'))
			return true;
	return false;
}

static void lint_hosts(const struct problem_sink *sink, const struct text_list *list,
		       const char *what_follows)
{
	for (size_t i = 0; i < list->count; i++) {
		struct text host = list->items[i];

		if (text_ends_with(host, TEXT("*")) || text_find_char(host, ':') != TEXT_NONE
		    || names_port_of(list, host))
			continue;
		problem_add(sink, SEVERITY_WARNING, list->at[i],
			    "'%.*s' does not match a Host with a port, as in '%.*s:8080', %s; add "
			    "'%.*s:*'",
			    TEXT_ARGS(host), TEXT_ARGS(host), what_follows, TEXT_ARGS(host));
		return;
	}
}

static const char *what_gets_around(enum path_normalization normalization)
{
	switch (normalization) {
	case NORMALIZE_NONE:
		return "under pathNormalization NONE '/x/../admin', '//admin' and '/%61dmin' are "
		       "other paths than '/admin'";
	case NORMALIZE_MERGE_SLASHES:
		return "under pathNormalization MERGE_SLASHES '/x%2fadmin' is another path than "
		       "'/x/admin'";
	case NORMALIZE_DECODE_AND_MERGE_SLASHES:
		return NULL;
	default:
		return "under pathNormalization BASE '//admin' and '/x%2fadmin' are other paths "
		       "than '/admin' and '/x/admin'";
	}
}

/* A denial by path is as good as the path's one spelling. */
static void lint_denied_paths(const struct problem_sink *sink, const struct text_list *list,
			      enum path_normalization normalization)
{
	const char *around = what_gets_around(normalization);

	if (list->count > 0 && around != NULL && !text_is(list->items[0], "*"))
		problem_add(sink, SEVERITY_WARNING, list->at[0],
			    "this denies by path, and %s; set DECODE_AND_MERGE_SLASHES, or allow "
			    "the paths that may be reached instead",
			    around);
}

static void lint_operation(const struct problem_sink *sink,
			   const struct authorization_operation *operation, bool is_deny,
			   enum path_normalization normalization)
{
	lint_paths(sink, &operation->paths);
	lint_paths(sink, &operation->not_paths);
	lint_methods(sink, &operation->methods);
	lint_methods(sink, &operation->not_methods);
	lint_hosts(sink, &operation->hosts,
		   is_deny ? "which gets around the denial" : "which is then not allowed");
	lint_hosts(sink, &operation->not_hosts,
		   is_deny ? "which is then denied" : "which gets around the exception");
	lint_denied_paths(sink, is_deny ? &operation->paths : &operation->not_paths, normalization);
}

static void lint_conditions(const struct problem_sink *sink, const struct authorization_rule *rule)
{
	for (size_t i = 0; i < rule->when.count; i++) {
		const struct authorization_condition *condition = &rule->when.items[i];

		if (text_starts_with(condition->key, TEXT("experimental.envoy.filters.")))
			problem_add(
				sink, SEVERITY_WARNING, condition->at,
				"'%.*s' is metadata of Envoy's filters, which there are none of "
				"here: 'values' never match, 'notValues' always do",
				TEXT_ARGS(condition->key));
		if (text_is(condition->key, "source.principal"))
			lint_principals(sink, &condition->values);
		if (text_is(condition->key, "request.auth.principal"))
			lint_request_principals(sink, &condition->values);
	}
}

/* ---- rules beside each other ---- */

enum { PART_FROM = 1, PART_TO = 2, PART_WHEN = 4 };

static unsigned parts_of(const struct authorization_rule *rule)
{
	return (rule->from.count > 0 ? PART_FROM : 0U) | (rule->to.count > 0 ? PART_TO : 0U)
	       | (rule->when.count > 0 ? PART_WHEN : 0U);
}

/* "- from: …", "- to: …", "- when: …": three alternatives where one rule was meant. */
static void lint_split_rule(const struct problem_sink *sink,
			    const struct authorization_policy *policy)
{
	unsigned seen = 0;

	if (policy->rules.count < 2)
		return;
	for (size_t i = 0; i < policy->rules.count; i++) {
		unsigned parts = parts_of(&policy->rules.items[i]);

		if (__builtin_popcount(parts) != 1 || (seen & parts) != 0)
			return;
		seen |= parts;
	}
	problem_add(
		sink, SEVERITY_WARNING, policy->rules.items[1].at,
		"these %zu rules are alternatives, any one of them is enough: the second does not "
		"narrow the first; if one rule was meant, put 'from', 'to' and 'when' under one "
		"'-'",
		policy->rules.count);
}

static void lint_empty_rule(const struct problem_sink *sink,
			    const struct authorization_policy *policy)
{
	for (size_t i = 0; i < policy->rules.count && policy->rules.count > 1; i++)
		if (parts_of(&policy->rules.items[i]) == 0)
			problem_add(
				sink, SEVERITY_WARNING, policy->rules.items[i].at,
				"an empty rule matches everything: the other rules of this policy "
				"have no effect");
}

void lint_authorization(const struct problem_sink *sink, const struct authorization_policy *policy,
			enum path_normalization normalization)
{
	bool is_deny = policy->action == AUTHORIZATION_DENY;

	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct authorization_rule *rule = &policy->rules.items[i];

		for (size_t j = 0; j < rule->from.count; j++) {
			const struct authorization_source *source = rule->from.items[j].source;

			lint_principals(sink, &source->principals);
			lint_principals(sink, &source->not_principals);
			lint_request_principals(sink, &source->request_principals);
			lint_request_principals(sink, &source->not_request_principals);
		}
		for (size_t j = 0; j < rule->to.count; j++)
			lint_operation(sink, rule->to.items[j].operation, is_deny, normalization);
		lint_conditions(sink, rule);
	}
	lint_split_rule(sink, policy);
	lint_empty_rule(sink, policy);
}
