/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/validate.h"

#define HOUR_MAX 23
#define DAY_MAX  6

static bool is_number_field(enum access_field field)
{
	return field == ACCESS_TIME_HOUR || field == ACCESS_TIME_DAY;
}

static void validate_numbers(const struct problem_sink *sink,
			     const struct access_condition *condition, enum access_field field)
{
	uint64_t most = field == ACCESS_TIME_HOUR ? HOUR_MAX : DAY_MAX, number, previous = 0;

	for (size_t i = 0; i < condition->values.count; i++) {
		if (!text_parse_number(condition->values.items[i], most, &number)) {
			problem_add(sink, SEVERITY_ERROR, condition->values.at[i],
				    "'%.*s' is no '%.*s'; it is a number from 0 to %u",
				    TEXT_ARGS(condition->values.items[i]),
				    TEXT_ARGS(condition->field), (unsigned)most);
			return;
		}
		if (condition->comparison == ACCESS_BETWEEN && i == 1 && number < previous)
			problem_add(sink, SEVERITY_ERROR, condition->values.at[i],
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

static void validate_fingerprints(const struct problem_sink *sink,
				  const struct access_condition *condition)
{
	if (condition->comparison == ACCESS_CONTAINS)
		problem_add(sink, SEVERITY_ERROR, condition->at,
			    "a certificate.fingerprint is compared whole; use equals, not_equals "
			    "or in");
	for (size_t i = 0; i < condition->values.count; i++)
		if (!is_hex_fingerprint(condition->values.items[i]))
			problem_add(sink, SEVERITY_ERROR, condition->values.at[i],
				    "a certificate.fingerprint is the SHA-256 of the certificate, "
				    "64 hex digits");
}

static void validate_condition(const struct problem_sink *sink,
			       const struct access_condition *condition)
{
	struct text header;
	enum access_field field = access_field_of(condition->field, &header);

	if (field == ACCESS_FIELD_NONE)
		problem_add(sink, SEVERITY_ERROR, condition->at,
			    "'%.*s' is no field; source.namespace, source.service, "
			    "source.principal, source.role, source.permission, time.hour, "
			    "time.day_of_week, certificate.fingerprint, request.method, "
			    "request.path, request.host and request.headers[NAME] are",
			    TEXT_ARGS(condition->field));
	else if (condition->comparison == ACCESS_BETWEEN && !is_number_field(field))
		problem_add(sink, SEVERITY_ERROR, condition->at,
			    "'between' compares time.hour and time.day_of_week");
	else if (is_number_field(field))
		validate_numbers(sink, condition, field);
	else if (field == ACCESS_FINGERPRINT)
		validate_fingerprints(sink, condition);
}

void access_validate(const struct access_policy *policy, problem_fn *report, void *context)
{
	const struct problem_sink sink = { report, context };

	for (size_t i = 0; i < policy->rules.count; i++)
		for (size_t j = 0; j < policy->rules.items[i].conditions.count; j++)
			validate_condition(&sink, &policy->rules.items[i].conditions.items[j]);
}
