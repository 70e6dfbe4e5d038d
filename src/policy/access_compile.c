/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/access_index.h"
#include "policy/compiled.h"

static const struct {
	const char *name;
	enum access_field field;
} field_names[] = {
	{ "source.namespace", ACCESS_SOURCE_NAMESPACE },
	{ "source.service", ACCESS_SOURCE_SERVICE },
	{ "source.principal", ACCESS_SOURCE_PRINCIPAL },
	{ "source.role", ACCESS_SOURCE_ROLE },
	{ "source.roles", ACCESS_SOURCE_ROLE },
	{ "source.permission", ACCESS_SOURCE_PERMISSION },
	{ "source.permissions", ACCESS_SOURCE_PERMISSION },
	{ "time.hour", ACCESS_TIME_HOUR },
	{ "time.day_of_week", ACCESS_TIME_DAY },
	{ "certificate.fingerprint", ACCESS_FINGERPRINT },
	{ "request.method", ACCESS_METHOD },
	{ "request.path", ACCESS_PATH },
	{ "request.host", ACCESS_HOST },
};

enum access_field access_field_of(struct text name, struct text *header)
{
	const struct text headers = TEXT("request.headers[");

	for (size_t i = 0; i < COUNT_OF(field_names); i++)
		if (text_is(name, field_names[i].name))
			return field_names[i].field;
	if (!text_starts_with(name, headers) || !text_ends_with(name, TEXT("]"))
	    || name.len <= headers.len + 1)
		return ACCESS_FIELD_NONE;
	*header = text_until(text_from(name, headers.len), name.len - headers.len - 1);
	return ACCESS_HEADER;
}

/* "*" is anyone; "name" is of the policy's namespace, "ns/name" of another. */
static struct access_source read_source(const struct access_policy *policy, struct text written)
{
	struct text rest = written, first = text_split(&rest, '/');

	if (text_is(written, "*"))
		return (struct access_source){ .name = { .kind = PATTERN_ANY } };
	return (struct access_source){
		.namespace = rest.ptr != NULL ? first : policy->meta.namespace,
		.name = pattern_of(rest.ptr != NULL ? rest : written, PATTERN_ANY),
	};
}

static void read_paths(struct arena *arena, const struct text *paths, size_t count,
		       struct access_request *out)
{
	out->paths = ARENA_ARRAY(arena, count, struct pattern);
	out->path_count = count;
	for (size_t i = 0; i < count; i++)
		out->paths[i] =
			path_is_template(paths[i])
				? (struct pattern){ .kind = PATTERN_TEMPLATE, .text = paths[i] }
				: pattern_of(paths[i], PATTERN_NON_EMPTY);
}

/* A name of the policy's operations, or "METHOD PATH". */
static void read_operation(struct arena *arena, const struct access_policy *policy,
			   const struct text *written, struct access_request *out)
{
	struct text *path = ARENA_NEW(arena, struct text);

	for (size_t i = 0; i < policy->operations.count; i++) {
		const struct access_operation *operation = &policy->operations.items[i];

		if (text_equal(operation->name, *written)) {
			out->methods = operation->methods;
			read_paths(arena, operation->paths.items, operation->paths.count, out);
			return;
		}
	}
	*path = *written;
	out->method = text_split(path, ' ');
	read_paths(arena, path, 1, out);
}

static void read_test(struct arena *arena, const struct access_condition *condition,
		      struct access_test *out)
{
	struct text header = { 0 };
	uint64_t low = 0, high = 0;

	out->source = condition;
	out->field = access_field_of(condition->field, &header);
	if (out->field == ACCESS_HEADER) {
		char *lower = arena_strndup(arena, header.ptr, header.len);

		for (char *c = lower; *c != '\0'; c++)
			*c = char_lower(*c);
		out->header = (struct text){ lower, header.len };
	}
	if (condition->comparison == ACCESS_BETWEEN) {
		text_parse_number(condition->values.items[0], INT32_MAX, &low);
		text_parse_number(condition->values.items[1], INT32_MAX, &high);
		out->low = (int64_t)low;
		out->high = (int64_t)high;
	}
}

static void compile_rule(struct arena *arena, const struct access_policy *policy, size_t index,
			 struct access_rule_compiled *out)
{
	const struct access_rule *rule = &policy->rules.items[index];

	out->source = rule;
	out->policy = policy;
	out->origin = rule_origin_make(arena, &policy->meta, index, rule->at);
	out->origin.rule_name = rule->name.ptr;
	out->sources = ARENA_ARRAY(arena, rule->sources.count, struct access_source);
	out->source_count = rule->sources.count;
	for (size_t i = 0; i < rule->sources.count; i++)
		out->sources[i] = read_source(policy, rule->sources.items[i]);
	out->operations = ARENA_ARRAY(arena, rule->operations.count, struct access_request);
	out->operation_count = rule->operations.count;
	for (size_t i = 0; i < rule->operations.count; i++)
		read_operation(arena, policy, &rule->operations.items[i], &out->operations[i]);
	out->tests = ARENA_ARRAY(arena, rule->conditions.count, struct access_test);
	out->test_count = rule->conditions.count;
	for (size_t i = 0; i < rule->conditions.count; i++)
		read_test(arena, &rule->conditions.items[i], &out->tests[i]);
}

void access_compile(struct arena *arena, const struct access_policy *source,
		    struct compiled_access *out)
{
	out->source = source;
	out->rule_count = source->rules.count;
	out->rules = ARENA_ARRAY(arena, source->rules.count, struct access_rule_compiled);
	for (size_t i = 0; i < source->rules.count; i++)
		compile_rule(arena, source, i, &out->rules[i]);
}

/* ---- for a workload ---- */

bool access_targets(const struct access_rule_compiled *rule, struct text namespace,
		    struct text name, struct text service_account)
{
	struct text rest = rule->source->target, first = text_split(&rest, '/');

	if (rule->source->target.len == 0 || text_is(rule->source->target, "*"))
		return true;
	if (rest.ptr != NULL && !text_equal(first, namespace))
		return false;

	struct pattern pattern =
		pattern_of(rest.ptr != NULL ? rest : rule->source->target, PATTERN_ANY);

	return pattern_matches(&pattern, name) || pattern_matches(&pattern, service_account);
}

/* Keeps the order of equals: the policies' own, then that of the file. */
static void insert_by_priority(struct access_stage *stage, const struct access_rule_compiled *rule)
{
	size_t at = stage->rule_count++;

	for (; at > 0 && stage->rules[at - 1]->source->priority < rule->source->priority; at--)
		stage->rules[at] = stage->rules[at - 1];
	stage->rules[at] = rule;
}

static size_t count_rules(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->access_count; i++)
		count += policy->accesses[i].rule_count;
	return count;
}

static void index_stage(struct access_stage *stage, struct arena *arena)
{
	stage->index = access_index_build(arena, stage->rules, stage->rule_count);
}

void access_select(const struct policy *policy, const struct policy_target *target,
		   struct workload_policy *workload)
{
	size_t most = count_rules(policy);

	workload->access.rules =
		ARENA_ARRAY(&workload->arena, most, const struct access_rule_compiled *);
	workload->shadow_access.rules =
		ARENA_ARRAY(&workload->arena, most, const struct access_rule_compiled *);
	for (size_t i = 0; i < policy->access_count; i++) {
		const struct compiled_access *access = &policy->accesses[i];
		bool dry = access->source->dry_run || resource_is_dry_run(&access->source->meta);
		struct access_stage *stage = dry ? &workload->shadow_access : &workload->access;

		if (!scope_selects(policy, &access->source->meta, access->source->selector, NULL, 0,
				   target))
			continue;
		stage->policy_count++;
		for (size_t j = 0; j < access->rule_count; j++)
			if (access_targets(&access->rules[j], target->namespace, target->name,
					   target->service_account))
				insert_by_priority(stage, &access->rules[j]);
	}
	index_stage(&workload->access, &workload->arena);
	index_stage(&workload->shadow_access, &workload->arena);
}
