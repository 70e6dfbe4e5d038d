/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/access_policy.h"

#include "resource/kinds/kinds.h"

static const struct field operation_fields[] = {
	FIELD("name", FIELD_TEXT, struct access_operation, name, .flags = FIELD_REQUIRED),
	FIELD("methods", FIELD_TEXT_LIST, struct access_operation, methods,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("paths", FIELD_TEXT_LIST, struct access_operation, paths, .flags = FIELD_NOT_EMPTY),
};
static const struct schema operation_schema =
	SCHEMA("an operation", struct access_operation, operation_fields);

static const struct word operator_words[] = {
	{ "equals", ACCESS_EQUALS, NULL },     { "not_equals", ACCESS_NOT_EQUALS, NULL },
	{ "contains", ACCESS_CONTAINS, NULL }, { "in", ACCESS_IN, NULL },
	{ "between", ACCESS_BETWEEN, NULL },   { NULL, 0, NULL },
};

static void check_condition(struct decoder *decoder, const struct value *value, void *message)
{
	const struct access_condition *condition = message;
	const size_t count = condition->values.count;

	if (condition->comparison == ACCESS_BETWEEN && count != 2)
		decode_error(decoder, decode_place(value, "value"),
			     "'between' needs a list of two: the least and the most, such as "
			     "[6, 22]");
	else if (condition->comparison != ACCESS_IN && condition->comparison != ACCESS_BETWEEN
		 && count > 1)
		decode_error(decoder, decode_place(value, "value"),
			     "this operator compares with one value; use 'in' for a list");
}

static const struct field condition_fields[] = {
	FIELD("field", FIELD_TEXT, struct access_condition, field, .flags = FIELD_REQUIRED),
	FIELD("operator", FIELD_ENUM, struct access_condition, comparison, .words = operator_words,
	      .flags = FIELD_REQUIRED),
	FIELD("value", FIELD_SCALAR_LIST, struct access_condition, values, .flags = FIELD_REQUIRED),
};
static const struct schema condition_schema = SCHEMA("a condition", struct access_condition,
						     condition_fields, .validate = check_condition);

static const struct word action_words[] = {
	{ "DENY", ACCESS_DENY, NULL },
	{ "ALLOW", ACCESS_ALLOW, NULL },
	{ NULL, 0, NULL },
};

static const struct field rule_fields[] = {
	FIELD("name", FIELD_TEXT, struct access_rule, name, .flags = FIELD_REQUIRED),
	FIELD("priority", FIELD_INT32, struct access_rule, priority),
	FIELD("sources", FIELD_TEXT_LIST, struct access_rule, sources,
	      .flags = FIELD_REQUIRED | FIELD_NOT_EMPTY),
	FIELD("target", FIELD_TEXT, struct access_rule, target),
	FIELD("operations", FIELD_TEXT_LIST, struct access_rule, operations,
	      .flags = FIELD_NOT_EMPTY),
	FIELD("conditions", FIELD_MESSAGE_LIST, struct access_rule, conditions,
	      .schema = &condition_schema),
	FIELD("action", FIELD_ENUM, struct access_rule, action, .words = action_words,
	      .flags = FIELD_REQUIRED),
};
static const struct schema rule_schema = SCHEMA("a rule", struct access_rule, rule_fields);

static const struct field spec_fields[] = {
	FIELD("selector", FIELD_MESSAGE, struct access_policy, selector,
	      .schema = &workload_selector_schema),
	FIELD("dryRun", FIELD_BOOL, struct access_policy, dry_run),
	FIELD("operations", FIELD_MESSAGE_LIST, struct access_policy, operations,
	      .schema = &operation_schema),
	FIELD("rules", FIELD_MESSAGE_LIST, struct access_policy, rules, .schema = &rule_schema),
};

/* "METHOD /path" says it here; any other word must be defined. */
static void check_operations(struct decoder *decoder, const struct text_list *used,
			     const struct map *defined)
{
	for (size_t i = 0; i < used->count; i++)
		if (text_find_char(used->items[i], ' ') == TEXT_NONE
		    && map_get(defined, used->items[i]) == NULL)
			decode_error(decoder, used->at[i],
				     "no operation is named '%.*s'; define it in spec.operations, "
				     "or write it as \"METHOD /path\"",
				     TEXT_ARGS(used->items[i]));
}

static void check(struct decoder *decoder, const struct value *value, void *message)
{
	const struct access_policy *policy = message;
	AUTO_MAP struct map defined = { 0 };
	AUTO_MAP struct map rules = { 0 };

	(void)value;
	for (size_t i = 0; i < policy->operations.count; i++) {
		const struct access_operation *operation = &policy->operations.items[i];
		const struct source_pos *before =
			decode_seen(&defined, operation->name, &operation->at);

		if (before != NULL)
			decode_error(decoder, operation->at,
				     "operation '%.*s' is already defined in line %u",
				     TEXT_ARGS(operation->name), before->line);
	}
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct access_rule *rule = &policy->rules.items[i];
		const struct source_pos *before = decode_seen(&rules, rule->name, &rule->at);

		if (before != NULL)
			decode_error(decoder, rule->at,
				     "rule '%.*s' is already in line %u; its name is how answers "
				     "tell of it",
				     TEXT_ARGS(rule->name), before->line);
		check_operations(decoder, &rule->operations, &defined);
	}
}

static const struct schema spec_schema = SCHEMA("AccessPolicy", struct access_policy, spec_fields,
						.is_inline = true, .validate = check);
static const struct schema document = SPEC_DOCUMENT(struct access_policy, spec_schema, 0);

const struct kind_info access_policy_kind = {
	.kind = KIND_ACCESS_POLICY,
	.name = "AccessPolicy",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct access_policy),
	.is_namespaced = true,
	.document = &document,
};
