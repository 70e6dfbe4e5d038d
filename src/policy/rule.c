/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule.h"

#include "policy/rule_share.h"

const struct text_list *source_list(const struct authorization_source *source, enum field field,
				    bool negative)
{
	switch (field) {
	case FIELD_PRINCIPAL:
		return negative ? &source->not_principals : &source->principals;
	case FIELD_NAMESPACE:
		return negative ? &source->not_namespaces : &source->namespaces;
	case FIELD_SERVICE_ACCOUNT:
		return negative ? &source->not_service_accounts : &source->service_accounts;
	case FIELD_TRUST_DOMAIN:
		return negative ? &source->not_trust_domains : &source->trust_domains;
	case FIELD_SOURCE_IP:
		return negative ? &source->not_ip_blocks : &source->ip_blocks;
	case FIELD_REMOTE_IP:
		return negative ? &source->not_remote_ip_blocks : &source->remote_ip_blocks;
	case FIELD_REQUEST_PRINCIPAL:
		return negative ? &source->not_request_principals : &source->request_principals;
	default:
		return NULL;
	}
}

const struct text_list *operation_list(const struct authorization_operation *operation,
				       enum field field, bool negative)
{
	switch (field) {
	case FIELD_HOST:
		return negative ? &operation->not_hosts : &operation->hosts;
	case FIELD_METHOD:
		return negative ? &operation->not_methods : &operation->methods;
	case FIELD_PATH:
		return negative ? &operation->not_paths : &operation->paths;
	case FIELD_DESTINATION_PORT:
		return negative ? &operation->not_ports : &operation->ports;
	default:
		return NULL;
	}
}

static bool constrains(const struct text_list *values, const struct text_list *not_values)
{
	return values != NULL && values->count + not_values->count > 0;
}

static bool source_uses_http(const struct authorization_source *source)
{
	return constrains(&source->request_principals, &source->not_request_principals);
}

static bool operation_uses_http(const struct authorization_operation *operation)
{
	return constrains(&operation->hosts, &operation->not_hosts)
	       || constrains(&operation->methods, &operation->not_methods)
	       || constrains(&operation->paths, &operation->not_paths);
}

static enum field condition_field(const struct authorization_condition *condition,
				  struct text *name)
{
	const char *problem;

	return field_of_key(condition->key, name, &problem);
}

bool rule_uses_http(const struct authorization_rule *rule)
{
	struct text name;

	for (size_t i = 0; i < rule->from.count; i++)
		if (source_uses_http(rule->from.items[i].source))
			return true;
	for (size_t i = 0; i < rule->to.count; i++)
		if (operation_uses_http(rule->to.items[i].operation))
			return true;
	for (size_t i = 0; i < rule->when.count; i++)
		if (fields[condition_field(&rule->when.items[i], &name)].http_only)
			return true;
	return false;
}

static void add_term(const struct term_context *context, enum request_protocol protocol,
		     enum field field, struct text name, const struct text_list *values,
		     const struct text_list *not_values, struct term *terms, size_t *count)
{
	if (constrains(values, not_values)
	    && (protocol == REQUEST_HTTP || !fields[field].http_only))
		terms[(*count)++] = term_make(context, field, name, values, not_values);
}

/* Only as many as there are: what a decision walks lies close together. */
static const struct term *keep_terms(struct arena *arena, const struct term *terms, size_t count)
{
	struct term *kept = ARENA_ARRAY(arena, count, struct term);

	for (size_t i = 0; i < count; i++)
		kept[i] = terms[i];
	return kept;
}

static struct clause compile_source(const struct term_context *context,
				    enum request_protocol protocol,
				    const struct authorization_source *source)
{
	struct term terms[FIELD_COUNT];
	struct clause clause = { .at = source->at };

	for (enum field field = 1; field < FIELD_COUNT; field++)
		add_term(context, protocol, field, (struct text){ 0 },
			 source_list(source, field, false), source_list(source, field, true), terms,
			 &clause.count);
	clause.terms = keep_terms(context->arena, terms, clause.count);
	return clause;
}

static struct clause compile_operation(const struct term_context *context,
				       enum request_protocol protocol,
				       const struct authorization_operation *operation)
{
	struct term terms[FIELD_COUNT];
	struct clause clause = { .at = operation->at };

	for (enum field field = 1; field < FIELD_COUNT; field++)
		add_term(context, protocol, field, (struct text){ 0 },
			 operation_list(operation, field, false),
			 operation_list(operation, field, true), terms, &clause.count);
	clause.terms = keep_terms(context->arena, terms, clause.count);
	return clause;
}

static struct clause compile_conditions(const struct term_context *context,
					enum request_protocol protocol,
					const struct authorization_rule *rule)
{
	struct term *terms = ARENA_ARRAY(context->arena, rule->when.count, struct term);
	struct clause clause = { .terms = terms };

	for (size_t i = 0; i < rule->when.count; i++) {
		const struct authorization_condition *condition = &rule->when.items[i];
		struct text name;
		enum field field = condition_field(condition, &name);

		add_term(context, protocol, field, name, &condition->values, &condition->not_values,
			 terms, &clause.count);
	}
	return clause;
}

struct rule_origin rule_origin_make(struct arena *arena, const struct resource *meta, size_t index,
				    struct source_pos at)
{
	char *id = arena_printf(arena, "ns[%s]-policy[%s]-rule[%zu]", meta->namespace.ptr,
				meta->name.ptr, index);

	return (struct rule_origin){
		.kind = resource_kind_name(meta->kind),
		.namespace = meta->namespace.ptr,
		.policy = meta->name.ptr,
		.rule = (unsigned)index,
		.at = at,
		.id = id,
		.detail = arena_printf(arena, "rbac_access_denied_matched_policy[%s]", id),
	};
}

static void share_parts(struct rule *rule, struct rule_share *share)
{
	const struct clause_list parts[RULE_PARTS] = {
		[PART_OPERATIONS] = { rule->operations, rule->operation_count },
		[PART_SOURCES] = { rule->sources, rule->source_count },
		[PART_CONDITIONS] = { &rule->conditions, rule->conditions.count > 0 },
	};

	for (enum rule_part part = 0; part < RULE_PARTS; part++)
		if (parts[part].count > 0)
			rule->judged[part] = rule_share_list(share, parts[part]);
}

const struct rule *rule_compile(const struct term_context *context, struct rule_share *share,
				const struct authorization_policy *policy, size_t index,
				enum request_protocol protocol)
{
	const struct authorization_rule *written = &policy->rules.items[index];

	if (protocol == REQUEST_TCP && policy->action == AUTHORIZATION_ALLOW
	    && rule_uses_http(written))
		return NULL;

	struct rule *rule = ARENA_NEW(context->arena, struct rule);
	struct clause *sources = ARENA_ARRAY(context->arena, written->from.count, struct clause);
	struct clause *operations = ARENA_ARRAY(context->arena, written->to.count, struct clause);

	for (size_t i = 0; i < written->from.count; i++)
		sources[i] = compile_source(context, protocol, written->from.items[i].source);
	for (size_t i = 0; i < written->to.count; i++)
		operations[i] =
			compile_operation(context, protocol, written->to.items[i].operation);
	rule->origin = rule_origin_make(context->arena, &policy->meta, index, written->at);
	rule->sources = sources;
	rule->source_count = written->from.count;
	rule->operations = operations;
	rule->operation_count = written->to.count;
	rule->conditions = compile_conditions(context, protocol, written);
	rule->conditions.at = written->at;
	share_parts(rule, share);
	return rule;
}

bool clause_matches(const struct clause *clause, const struct request_facts *facts)
{
	for (size_t i = 0; i < clause->count; i++)
		if (!term_matches(&clause->terms[i], facts))
			return false;
	return true;
}

static bool list_holds(const struct clause_list *list, const struct request_facts *facts)
{
	for (size_t i = 0; i < list->count; i++)
		if (clause_matches(&list->items[i], facts))
			return true;
	return list->count == 0;
}

bool rule_rest_matches(const struct rule *rule, enum rule_part known,
		       const struct request_facts *facts)
{
	for (enum rule_part part = 0; part < RULE_PARTS; part++)
		if (part != known && !list_holds(&rule->judged[part], facts))
			return false;
	return true;
}

bool rule_matches(const struct rule *rule, const struct request_facts *facts)
{
	return rule_rest_matches(rule, RULE_PARTS, facts);
}
