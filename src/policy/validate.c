/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#include "policy/field.h"
#include "policy/pattern.h"
#include "policy/rule.h"

#define RULES_MAX            512
#define SERVICE_ACCOUNTS_MAX 16

struct validation {
	struct problem_sink sink;
	const struct authorization_policy *policy;
	size_t rule;
};

static const char *const action_names[] = { "ALLOW", "DENY", "AUDIT", "CUSTOM" };

/* ---- one value ---- */

static void validate_service_account(const struct validation *v, struct source_pos at,
				     const char *list, struct text value)
{
	struct text rest = value;

	text_split(&rest, '/');
	if (text_find_char(value, '*') != TEXT_NONE)
		problem_add(&v->sink, SEVERITY_ERROR, at,
			    "'%.*s' in '%s': a service account is exact, 'NAME' or "
			    "'NAMESPACE/NAME', without '*'",
			    TEXT_ARGS(value), list);
	else if (text_starts_with(value, TEXT("/")) || text_ends_with(value, TEXT("/"))
		 || (rest.ptr != NULL && text_find_char(rest, '/') != TEXT_NONE))
		problem_add(&v->sink, SEVERITY_ERROR, at,
			    "'%.*s' in '%s' is no service account; write 'NAME' or "
			    "'NAMESPACE/NAME'",
			    TEXT_ARGS(value), list);
}

static void validate_value(const struct validation *v, enum field field, const char *list,
			   struct source_pos at, struct text value)
{
	struct ip_range range;
	uint64_t port;

	switch (fields[field].values) {
	case VALUES_IP:
		if (!ip_range_parse(value, &range))
			problem_add(&v->sink, SEVERITY_ERROR, at,
				    "'%.*s' in '%s' is neither an IP address nor a block of them; "
				    "write '10.1.2.3' or '10.1.0.0/16'",
				    TEXT_ARGS(value), list);
		break;
	case VALUES_PORT:
		if (!text_parse_number(value, UINT16_MAX, &port))
			problem_add(&v->sink, SEVERITY_ERROR, at,
				    "'%.*s' in '%s' is no port; ports are numbers up to 65535",
				    TEXT_ARGS(value), list);
		break;
	case VALUES_SERVICE_ACCOUNT:
		validate_service_account(v, at, list, value);
		break;
	default:
		if (field == FIELD_PATH && path_is_template(value)
		    && path_template_problem(value) != NULL)
			problem_add(&v->sink, SEVERITY_ERROR, at, "'%.*s' in '%s': %s",
				    TEXT_ARGS(value), list, path_template_problem(value));
		break;
	}
}

static void validate_list(const struct validation *v, enum field field, const char *list,
			  const struct text_list *values)
{
	for (size_t i = 0; i < values->count; i++)
		validate_value(v, field, list, values->at[i], values->items[i]);
	if (field == FIELD_SERVICE_ACCOUNT && values->count > SERVICE_ACCOUNTS_MAX)
		problem_add(&v->sink, SEVERITY_ERROR, values->at[SERVICE_ACCOUNTS_MAX],
			    "%zu service accounts in '%s'; at most %d are allowed", values->count,
			    list, SERVICE_ACCOUNTS_MAX);
}

/* ---- sources, operations, conditions ---- */

static void refuse_with_custom(const struct validation *v, enum field field, const char *name,
			       struct source_pos at)
{
	if (v->policy->action == AUTHORIZATION_CUSTOM && fields[field].needs_identity)
		problem_add(&v->sink, SEVERITY_ERROR, at,
			    "'%s' cannot be used with action CUSTOM; the external authorizer is "
			    "asked before identities are judged",
			    name);
}

static void validate_field(const struct validation *v, enum field field,
			   const struct text_list *values, const struct text_list *not_values)
{
	if (values == NULL)
		return;
	validate_list(v, field, fields[field].list, values);
	validate_list(v, field, fields[field].not_list, not_values);
	if (values->count > 0)
		refuse_with_custom(v, field, fields[field].list, values->at[0]);
	if (not_values->count > 0)
		refuse_with_custom(v, field, fields[field].not_list, not_values->at[0]);
}

static void validate_source(const struct validation *v, const struct authorization_source *source)
{
	for (enum field field = 1; field < FIELD_COUNT; field++)
		validate_field(v, field, source_list(source, field, false),
			       source_list(source, field, true));
	if (source->service_accounts.count + source->not_service_accounts.count > 0
	    && source->principals.count + source->not_principals.count + source->namespaces.count
			       + source->not_namespaces.count
		       > 0)
		problem_add(&v->sink, SEVERITY_ERROR, source->at,
			    "'serviceAccounts' cannot be combined with 'principals' or "
			    "'namespaces' in one source (rule %zu)",
			    v->rule);
}

static void validate_operation(const struct validation *v,
			       const struct authorization_operation *operation)
{
	for (enum field field = 1; field < FIELD_COUNT; field++)
		validate_field(v, field, operation_list(operation, field, false),
			       operation_list(operation, field, true));
}

static void validate_condition(const struct validation *v,
			       const struct authorization_condition *condition)
{
	struct text name;
	const char *problem;
	enum field field;

	field = field_of_key(condition->key, &name, &problem);
	if (field == FIELD_NONE) {
		problem_add(&v->sink, SEVERITY_ERROR, condition->at, "'%.*s' %s%s",
			    TEXT_ARGS(condition->key),
			    text_starts_with(condition->key, TEXT("destination.")) ? "is not used: "
										   : "",
			    problem);
		return;
	}
	validate_list(v, field, "values", &condition->values);
	validate_list(v, field, "notValues", &condition->not_values);
	refuse_with_custom(v, field, condition->key.ptr, condition->at);
}

/* ---- rules ---- */

static bool operations_name_ports(const struct authorization_rule *rule)
{
	for (size_t i = 0; i < rule->to.count; i++)
		if (rule->to.items[i].operation->ports.count
			    + rule->to.items[i].operation->not_ports.count
		    > 0)
			return true;
	return false;
}

static bool sources_are_only_tokens(const struct authorization_rule *rule)
{
	for (size_t i = 0; i < rule->from.count; i++) {
		const struct authorization_source *source = rule->from.items[i].source;

		if (source->request_principals.count + source->not_request_principals.count == 0)
			return false;
		for (enum field field = 1; field < FIELD_COUNT; field++) {
			const struct text_list *values = source_list(source, field, false);

			if (values != NULL && !fields[field].http_only
			    && values->count + source_list(source, field, true)->count > 0)
				return false;
		}
	}
	return rule->from.count > 0;
}

/* HTTP-only terms fall away for TCP, and a DENY rule is wider without them. */
static void warn_of_wide_deny(const struct validation *v, const struct authorization_rule *rule)
{
	bool by_source =
		rule->from.count > 0 && rule->to.count == 0 && sources_are_only_tokens(rule);
	bool by_operation = rule->to.count > 0 && !operations_name_ports(rule);

	if (v->policy->action == AUTHORIZATION_DENY && (by_source || by_operation))
		problem_add(&v->sink, SEVERITY_WARNING, rule->at,
			    "rule %zu denies all TCP traffic of its workloads, for it asks only "
			    "for what HTTP has; add 'ports' to say which it means",
			    v->rule);
}

static void validate_rule(struct validation *v, const struct authorization_rule *rule)
{
	if (rule->from.count > RULES_MAX)
		problem_add(&v->sink, SEVERITY_WARNING, rule->from.items[RULES_MAX].at,
			    "%zu sources in rule %zu; Istio accepts no more than %d",
			    rule->from.count, v->rule, RULES_MAX);
	for (size_t i = 0; i < rule->from.count; i++)
		validate_source(v, rule->from.items[i].source);
	for (size_t i = 0; i < rule->to.count; i++)
		validate_operation(v, rule->to.items[i].operation);
	for (size_t i = 0; i < rule->when.count; i++)
		validate_condition(v, &rule->when.items[i]);
	warn_of_wide_deny(v, rule);
}

static void validate_action(const struct validation *v)
{
	const struct authorization_policy *policy = v->policy;
	bool is_custom = policy->action == AUTHORIZATION_CUSTOM;

	if ((is_custom || policy->action == AUTHORIZATION_DENY) && policy->rules.count == 0)
		problem_add(&v->sink, SEVERITY_ERROR, policy->meta.name_at,
			    "action %s without 'rules' never has an effect; write 'rules: [{}]' "
			    "if every request is meant",
			    action_names[policy->action]);
	if (is_custom && (policy->provider == NULL || policy->provider->name.len == 0))
		problem_add(&v->sink, SEVERITY_ERROR, policy->meta.at,
			    "action CUSTOM needs 'provider.name', one of MeshConfig's "
			    "extensionProviders");
	if (!is_custom && policy->provider != NULL)
		problem_add(&v->sink, SEVERITY_ERROR, policy->provider->at,
			    "'provider' belongs to action CUSTOM, not to %s",
			    action_names[policy->action]);
}

void authorization_validate(const struct authorization_policy *policy, problem_fn *report,
			    void *context)
{
	struct validation v = { .sink = { report, context }, .policy = policy };

	validate_action(&v);
	if (policy->rules.count > RULES_MAX)
		problem_add(&v.sink, SEVERITY_WARNING, policy->rules.items[RULES_MAX].at,
			    "%zu rules; Istio accepts no more than %d in one policy",
			    policy->rules.count, RULES_MAX);
	for (v.rule = 0; v.rule < policy->rules.count; v.rule++)
		validate_rule(&v, &policy->rules.items[v.rule]);
}
