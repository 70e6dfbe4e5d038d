/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#define HOUR_MAX 23
#define DAY_MAX  6

struct access_validation {
	struct problem_sink sink;
	const struct access_policy *policy;
	const struct access_rule *rule;
};

static bool is_named_operation(const struct access_policy *policy, struct text name)
{
	for (size_t i = 0; i < policy->operations.count; i++)
		if (text_equal(policy->operations.items[i].name, name))
			return true;
	return false;
}

static const char *closest_operation(const struct access_policy *policy, struct text name)
{
	const char *names[64];
	size_t count = MIN_OF(policy->operations.count, COUNT_OF(names));

	for (size_t i = 0; i < count; i++)
		names[i] = policy->operations.items[i].name.ptr;
	return text_closest(name, names, count);
}

static void validate_operations(const struct access_validation *v)
{
	const struct text_list *list = &v->rule->operations;

	for (size_t i = 0; i < list->count; i++) {
		struct text path = list->items[i], method = text_split(&path, ' ');
		const char *near;

		if (is_named_operation(v->policy, list->items[i]))
			continue;
		if (path.len > 0 && method.len > 0)
			continue;
		near = closest_operation(v->policy, list->items[i]);
		problem_add(&v->sink, SEVERITY_ERROR, list->at[i],
			    "'%.*s' is neither one of this policy's 'operations' nor a "
			    "\"METHOD PATH\"%s%s%s",
			    TEXT_ARGS(list->items[i]), near != NULL ? "; did you mean '" : "",
			    near != NULL ? near : "", near != NULL ? "'?" : "");
	}
}

static bool is_number_field(enum access_field field)
{
	return field == ACCESS_TIME_HOUR || field == ACCESS_TIME_DAY;
}

static void validate_numbers(const struct access_validation *v,
			     const struct access_condition *condition, enum access_field field)
{
	uint64_t most = field == ACCESS_TIME_HOUR ? HOUR_MAX : DAY_MAX, number, previous = 0;

	for (size_t i = 0; i < condition->values.count; i++) {
		if (!text_parse_number(condition->values.items[i], most, &number)) {
			problem_add(&v->sink, SEVERITY_ERROR, condition->values.at[i],
				    "'%.*s' is no '%.*s'; it is a number from 0 to %u",
				    TEXT_ARGS(condition->values.items[i]),
				    TEXT_ARGS(condition->field), (unsigned)most);
			return;
		}
		if (condition->operator== ACCESS_BETWEEN && i == 1 && number<previous)
			problem_add(&v->sink, SEVERITY_ERROR, condition->values.at[i],
				    "between %u and %u is never: the first bound is the lower one; "
				    "for a span over midnight write two rules",
				    (unsigned)previous, (unsigned)number);
		previous = number;
	}
}

static bool is_hex_fingerprint(struct text text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = char_lower(text.ptr[i]);

		if (c == ':')
			continue;
		if (!char_is_digit(c) && !(c >= 'a' && c <= 'f'))
			return false;
		digits++;
	}
	return digits == 2 * CERTIFICATE_FINGERPRINT_SIZE;
}

static void validate_fingerprints(const struct access_validation *v,
				  const struct access_condition *condition)
{
	if (condition->operator== ACCESS_CONTAINS)
		problem_add(&v->sink, SEVERITY_ERROR, condition->at,
			    "a certificate.fingerprint is compared whole; use equals, not_equals "
			    "or in");
	for (size_t i = 0; i < condition->values.count; i++)
		if (!is_hex_fingerprint(condition->values.items[i]))
			problem_add(&v->sink, SEVERITY_ERROR, condition->values.at[i],
				    "a certificate.fingerprint is the SHA-256 of the certificate, "
				    "64 hex digits");
}

static void validate_condition(const struct access_validation *v,
			       const struct access_condition *condition)
{
	struct text header;
	enum access_field field = access_field_of(condition->field, &header);

	if (field == ACCESS_FIELD_NONE) {
		problem_add(&v->sink, SEVERITY_ERROR, condition->at,
			    "'%.*s' is no field; source.namespace, source.service, "
			    "source.principal, source.role, source.permission, time.hour, "
			    "time.day_of_week, certificate.fingerprint, request.method, "
			    "request.path, request.host and request.headers[NAME] are",
			    TEXT_ARGS(condition->field));
		return;
	}
	if (condition->operator== ACCESS_OPERATOR_NONE || condition->values.count == 0) {
		problem_add(&v->sink, SEVERITY_ERROR, condition->at,
			    "the condition on '%.*s' needs 'operator' (equals, not_equals, "
			    "contains, in, between) and 'value'",
			    TEXT_ARGS(condition->field));
		return;
	}
	if (condition->operator== ACCESS_BETWEEN &&(!is_number_field(field)
						    || condition->values.count != 2))
		problem_add(&v->sink, SEVERITY_ERROR, condition->at,
			    "'between' takes two numbers, [LOW, HIGH], on time.hour or "
			    "time.day_of_week");
	if (is_number_field(field))
		validate_numbers(v, condition, field);
	if (field == ACCESS_FINGERPRINT)
		validate_fingerprints(v, condition);
}

static void validate_rule(const struct access_validation *v)
{
	if (v->rule->sources.count == 0)
		problem_add(&v->sink, SEVERITY_ERROR, v->rule->at,
			    "rule '%.*s' has no 'sources'; write [\"*\"] for anyone",
			    TEXT_ARGS(v->rule->name));
	for (size_t i = 0; i < v->rule->sources.count; i++)
		if (v->rule->sources.items[i].len == 0)
			problem_add(&v->sink, SEVERITY_ERROR, v->rule->sources.at[i],
				    "an empty source; write \"*\" for anyone");
	validate_operations(v);
	for (size_t i = 0; i < v->rule->conditions.count; i++)
		validate_condition(v, &v->rule->conditions.items[i]);
}

void access_validate(const struct access_policy *policy, problem_fn *report, void *context)
{
	struct access_validation v = { .sink = { report, context }, .policy = policy };

	scope_validate(&v.sink, policy->selector, NULL, NULL, 0);
	for (size_t i = 0; i < policy->operations.count; i++)
		if (policy->operations.items[i].name.len == 0)
			problem_add(&v.sink, SEVERITY_ERROR, policy->operations.items[i].at,
				    "an operation needs a 'name'");
	for (size_t i = 0; i < policy->rules.count; i++) {
		v.rule = &policy->rules.items[i];
		validate_rule(&v);
	}
}
