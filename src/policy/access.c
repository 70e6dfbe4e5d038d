/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/access.h"

#include "policy/access_index.h"
#include "policy/field.h"

#include <stdio.h>

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY  86400

/* ---- who asks, and for what ---- */

static bool source_is(const struct access_source *source, const struct access_caller *caller)
{
	const struct access_identity *identity = caller->identity;

	if (source->namespace.ptr == NULL)
		return true;
	if (!text_equal(source->namespace, caller->namespace))
		return false;
	if (pattern_matches(&source->name, caller->account))
		return true;
	for (size_t i = 0; identity != NULL && i < identity->names.count; i++)
		if (pattern_matches(&source->name, identity->names.items[i]))
			return true;
	return false;
}

static bool any_source_is(const struct access_rule_compiled *rule,
			  const struct access_caller *caller)
{
	for (size_t i = 0; i < rule->source_count; i++)
		if (source_is(&rule->sources[i], caller))
			return true;
	return rule->source_count == 0;
}

static bool operation_is(const struct access_request *operation, const struct request_facts *facts)
{
	bool method = operation->method.ptr != NULL
			      ? text_equal(operation->method, facts->method)
			      : operation->methods.count == 0
					|| text_list_has(&operation->methods, facts->method);

	if (!method)
		return false;
	for (size_t i = 0; i < operation->path_count; i++)
		if (pattern_matches(&operation->paths[i], facts->path))
			return true;
	return operation->path_count == 0;
}

/* Over TCP there is no operation: an ALLOW rule that names one does not match, a DENY rule does. */
static bool any_operation_is(const struct access_rule_compiled *rule,
			     const struct request_facts *facts)
{
	if (rule->operation_count == 0)
		return true;
	if (facts->protocol == REQUEST_TCP)
		return rule->source->action == ACCESS_DENY;
	for (size_t i = 0; i < rule->operation_count; i++)
		if (operation_is(&rule->operations[i], facts))
			return true;
	return false;
}

/* ---- conditions ---- */

static bool compare_text(enum access_operator comparison, struct text value,
			 const struct text_list *wanted)
{
	switch (comparison) {
	case ACCESS_EQUALS:
	case ACCESS_IN:
		return value.ptr != NULL && text_list_has(wanted, value);
	case ACCESS_NOT_EQUALS:
		return value.ptr == NULL || !text_list_has(wanted, value);
	case ACCESS_CONTAINS:
		for (size_t i = 0; i < wanted->count; i++)
			if (value.ptr != NULL && text_contains(value, wanted->items[i]))
				return true;
		return false;
	default:
		return false;
	}
}

/* Of several values (roles, names): any of them, but all must differ for not_equals. */
static bool compare_list(enum access_operator comparison, const struct text_list *values,
			 const struct text_list *wanted)
{
	for (size_t i = 0; values != NULL && i < values->count; i++)
		if (text_list_has(wanted, values->items[i]))
			return comparison != ACCESS_NOT_EQUALS;
	return comparison == ACCESS_NOT_EQUALS;
}

static bool compare_number(const struct access_test *test, int64_t value)
{
	char digits[TEXT_NUMBER_MAX];
	struct text text = { digits, text_format_number(digits, (uint64_t)value) };

	if (test->source->comparison == ACCESS_BETWEEN)
		return value >= test->low && value <= test->high;
	return compare_text(test->source->comparison, text, &test->source->values);
}

/* Hex in either case, with or without colons. */
static bool is_fingerprint(struct text written, const unsigned char *fingerprint)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < written.len; i++) {
		if (written.ptr[i] == ':')
			continue;
		if (at == 2 * CERTIFICATE_FINGERPRINT_SIZE)
			return false;

		unsigned nibble = at % 2 == 0 ? fingerprint[at / 2] >> 4 : fingerprint[at / 2] & 15;

		if (char_lower(written.ptr[i]) != digits[nibble])
			return false;
		at++;
	}
	return at == 2 * CERTIFICATE_FINGERPRINT_SIZE;
}

static bool compare_fingerprint(const struct access_test *test, const unsigned char *fingerprint)
{
	bool listed = false;

	for (size_t i = 0; fingerprint != NULL && i < test->source->values.count; i++)
		listed = listed || is_fingerprint(test->source->values.items[i], fingerprint);
	return test->source->comparison == ACCESS_NOT_EQUALS ? !listed : listed;
}

static bool service_test(const struct access_test *test, const struct access_identity *identity,
			 struct text peer)
{
	enum access_operator comparison = test->source->comparison;
	bool account =
		compare_text(comparison, identity_service_account(peer), &test->source->values);
	bool names = compare_list(comparison, identity != NULL ? &identity->names : NULL,
				  &test->source->values);

	return comparison == ACCESS_NOT_EQUALS ? account && names : account || names;
}

static struct text request_text(const struct access_test *test, const struct request_facts *facts)
{
	switch (test->field) {
	case ACCESS_METHOD:
		return facts->method;
	case ACCESS_PATH:
		return facts->path;
	case ACCESS_HOST:
		return facts->host;
	default:
		return field_text(FIELD_HEADER, test->header, facts);
	}
}

static bool request_test(const struct access_rule_compiled *rule, const struct access_test *test,
			 const struct request_facts *facts)
{
	if (facts->protocol == REQUEST_TCP)
		return rule->source->action == ACCESS_DENY;
	return compare_text(test->source->comparison, request_text(test, facts),
			    &test->source->values);
}

/* Times are UTC; 1 January 1970 was a Thursday. */
static int64_t hour_of(int64_t time_ns)
{
	return time_ns / (int64_t)NS_PER_SEC % SECONDS_PER_DAY / SECONDS_PER_HOUR;
}

static int64_t day_of_week(int64_t time_ns)
{
	return (time_ns / (int64_t)NS_PER_SEC / SECONDS_PER_DAY + 4) % 7;
}

static bool test_holds(const struct access_rule_compiled *rule, const struct access_test *test,
		       const struct access_identity *identity, const struct request_facts *facts)
{
	const struct text_list *wanted = &test->source->values;
	enum access_operator comparison = test->source->comparison;

	switch (test->field) {
	case ACCESS_SOURCE_NAMESPACE:
		return compare_text(comparison, identity_namespace(facts->peer), wanted);
	case ACCESS_SOURCE_SERVICE:
		return service_test(test, identity, facts->peer);
	case ACCESS_SOURCE_PRINCIPAL:
		return compare_text(comparison, identity_principal(facts->peer), wanted);
	case ACCESS_SOURCE_ROLE:
		return compare_list(comparison, identity != NULL ? &identity->roles : NULL, wanted);
	case ACCESS_SOURCE_PERMISSION:
		return compare_list(comparison, identity != NULL ? &identity->permissions : NULL,
				    wanted);
	case ACCESS_TIME_HOUR:
		return compare_number(test, hour_of(facts->time_ns));
	case ACCESS_TIME_DAY:
		return compare_number(test, day_of_week(facts->time_ns));
	case ACCESS_FINGERPRINT:
		return compare_fingerprint(test, facts->peer_fingerprint);
	default:
		return request_test(rule, test, facts);
	}
}

/* ---- deciding ---- */

static struct access_mismatch find_mismatch(const struct access_rule_compiled *rule,
					    const struct access_caller *caller,
					    const struct request_facts *facts)
{
	if (!any_source_is(rule, caller))
		return (struct access_mismatch){ ACCESS_PART_SOURCE, NULL };
	if (!any_operation_is(rule, facts))
		return (struct access_mismatch){ ACCESS_PART_OPERATION, NULL };
	for (size_t i = 0; i < rule->test_count; i++)
		if (!test_holds(rule, &rule->tests[i], caller->identity, facts))
			return (struct access_mismatch){ ACCESS_PART_CONDITION, &rule->tests[i] };
	return (struct access_mismatch){ ACCESS_PART_NONE, NULL };
}

bool access_rule_matches(const struct access_rule_compiled *rule,
			 const struct access_directory *directory,
			 const struct request_facts *facts, struct access_mismatch *failed)
{
	const struct access_caller caller = access_caller_of(directory, facts->peer);

	*failed = find_mismatch(rule, &caller, facts);
	return failed->part == ACCESS_PART_NONE;
}

struct decide {
	const struct access_stage *stage;
	const struct access_caller *caller;
	const struct request_facts *facts;
	size_t first; /* that matches; rule_count: none yet */
};

static bool try_rule(void *context, uint32_t number)
{
	struct decide *decide = context;

	if (number < decide->first
	    && find_mismatch(decide->stage->rules[number], decide->caller, decide->facts).part
		       == ACCESS_PART_NONE)
		decide->first = number;
	return number < decide->first;
}

struct access_outcome access_decide(const struct access_stage *stage,
				    const struct access_directory *directory,
				    const struct request_facts *facts)
{
	const struct access_caller caller = access_caller_of(directory, facts->peer);
	struct decide decide = { stage, &caller, facts, stage->rule_count };
	const struct access_rule_compiled *rule;

	access_index_visit(stage->index, &caller, try_rule, &decide);
	if (decide.first == stage->rule_count)
		return (struct access_outcome){ VERDICT_DENY, NULL };
	rule = stage->rules[decide.first];
	return (struct access_outcome){
		rule->source->action == ACCESS_ALLOW ? VERDICT_ALLOW : VERDICT_DENY,
		&rule->origin,
	};
}
