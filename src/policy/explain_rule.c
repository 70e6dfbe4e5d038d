/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain_rule.h"

#define VALUES_SHOWN 4

/* ---- saying what there is ---- */

static void add_quoted(struct buffer *out, struct text text)
{
	buffer_add_char(out, '"');
	buffer_add(out, text.ptr, text.len);
	buffer_add_char(out, '"');
}

static void add_ip(struct buffer *out, struct ip_address ip)
{
	char text[IP_TEXT_MAX];

	buffer_add_text(out, ip.family == IP_NONE ? "none" : ip_format(text, ip));
}

static void add_actual(struct buffer *out, const struct term *term,
		       const struct request_facts *facts)
{
	struct text text = { 0 };

	switch (fields[term->field].values) {
	case VALUES_TEXT:
		text = field_text(term->field, term->name, facts);
		break;
	case VALUES_NAMESPACE:
	case VALUES_SERVICE_ACCOUNT:
		text = identity_principal(facts->peer);
		break;
	case VALUES_IP:
		add_ip(out, field_ip(term->field, facts));
		return;
	case VALUES_PORT:
		buffer_add_number(out, facts->destination_port);
		return;
	case VALUES_REQUEST_PRINCIPAL:
	case VALUES_CLAIM:
		buffer_add_text(out, facts->token != NULL ? "a token without it" : "no token");
		return;
	case VALUES_NOTHING:
		break;
	}
	if (text.ptr == NULL)
		buffer_add_text(out, "none");
	else
		add_quoted(out, text);
}

static void add_values(struct buffer *out, const struct match_values *values)
{
	struct text last = { 0 };
	size_t shown = 0;

	for (size_t i = 0; i < values->count; i++) {
		if (text_equal(values->items[i].written, last)) /* aliases of one value */
			continue;
		last = values->items[i].written;
		if (shown == VALUES_SHOWN) {
			buffer_add_text(out, ", …");
			return;
		}
		if (shown++ > 0)
			buffer_add_text(out, ", ");
		add_quoted(out, last);
	}
}

static void add_field(struct buffer *out, const struct term *term, bool negative)
{
	const struct field_info *field = &fields[term->field];

	if (field->list != NULL)
		buffer_add_text(out, negative ? field->not_list : field->list);
	else
		buffer_add_text(out, field->key);
	if (term->field == FIELD_HEADER)
		buffer_printf(out, "[%.*s]", TEXT_ARGS(term->name));
	for (size_t i = 0; term->field == FIELD_CLAIM && i < term->path_len; i++)
		buffer_printf(out, "[%.*s]", TEXT_ARGS(term->path[i]));
}

static const char *describe(struct arena *arena, const struct term *term,
			    const struct request_facts *facts)
{
	AUTO_BUFFER struct buffer text = { 0 };
	bool excluded = term->values.count == 0 || values_match(term, &term->values, facts);

	add_field(&text, term, excluded);
	buffer_add_text(&text, excluded ? " excludes " : " wants ");
	add_values(&text, excluded ? &term->not_values : &term->values);
	buffer_add_text(&text, "; the request has ");
	add_actual(&text, term, facts);
	return arena_strndup(arena, text.data, text.len);
}

/* ---- counting ---- */

static size_t failures(const struct clause *clause, const struct request_facts *facts)
{
	size_t count = 0;

	for (size_t i = 0; i < clause->count; i++)
		count += !term_matches(&clause->terms[i], facts);
	return count;
}

static const struct clause *nearest(const struct clause *clauses, size_t count,
				    const struct request_facts *facts)
{
	const struct clause *best = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t failed = failures(&clauses[i], facts);

		if (failed < least) {
			least = failed;
			best = &clauses[i];
		}
	}
	return best;
}

static void add_mismatch(struct near_miss *miss, struct source_pos at, const char *text)
{
	if (miss->count < MISMATCHES_MAX)
		miss->mismatches[miss->count++] = (struct mismatch){ at, text };
}

static void explain_clause(struct arena *arena, const struct clause *clause,
			   const struct request_facts *facts, struct near_miss *miss)
{
	for (size_t i = 0; clause != NULL && i < clause->count; i++) {
		miss->parts++;
		if (!term_matches(&clause->terms[i], facts))
			add_mismatch(miss, clause->terms[i].at,
				     describe(arena, &clause->terms[i], facts));
	}
}

struct near_miss rule_explain(struct arena *arena, const struct rule *rule,
			      const struct request_facts *facts)
{
	struct near_miss miss = { .rule = &rule->origin };

	explain_clause(arena, nearest(rule->sources, rule->source_count, facts), facts, &miss);
	explain_clause(arena, nearest(rule->operations, rule->operation_count, facts), facts,
		       &miss);
	explain_clause(arena, &rule->conditions, facts, &miss);
	return miss;
}

/* ---- AccessPolicy ---- */

static const char *describe_list(struct arena *arena, const char *what,
				 const struct text_list *wanted, struct text actual)
{
	AUTO_BUFFER struct buffer text = { 0 };

	buffer_printf(&text, "%s wants ", what);
	for (size_t i = 0; i < wanted->count && i < VALUES_SHOWN; i++) {
		if (i > 0)
			buffer_add_text(&text, ", ");
		add_quoted(&text, wanted->items[i]);
	}
	if (wanted->count > VALUES_SHOWN)
		buffer_add_text(&text, ", …");
	buffer_add_text(&text, "; the request has ");
	if (actual.ptr == NULL)
		buffer_add_text(&text, "none");
	else
		add_quoted(&text, actual);
	return arena_strndup(arena, text.data, text.len);
}

static const char *operator_name(enum access_operator comparison)
{
	static const char *const names[] = {
		"", "equals", "not_equals", "contains", "in", "between"
	};

	return names[comparison];
}

static const char *describe_test(struct arena *arena, const struct access_test *test)
{
	AUTO_BUFFER struct buffer text = { 0 };
	const struct text_list *values = &test->source->values;

	buffer_printf(&text, "%.*s %s ", TEXT_ARGS(test->source->field),
		      operator_name(test->source->comparison));
	for (size_t i = 0; i < values->count; i++)
		buffer_printf(&text, "%s%.*s", i > 0 ? ", " : "", TEXT_ARGS(values->items[i]));
	buffer_add_text(&text, " does not hold");
	return arena_strndup(arena, text.data, text.len);
}

struct near_miss access_rule_explain(struct arena *arena, const struct access_rule_compiled *rule,
				     const struct access_directory *directory,
				     const struct request_facts *facts)
{
	struct near_miss miss = { .rule = &rule->origin, .parts = 2 + rule->test_count };
	const struct access_rule *source = rule->source;
	struct access_mismatch failed;
	const char *operation;

	if (access_rule_matches(rule, directory, facts, &failed))
		return miss;
	switch (failed.part) {
	case ACCESS_PART_SOURCE:
		add_mismatch(&miss, source->at,
			     describe_list(arena, "sources", &source->sources,
					   identity_principal(facts->peer)));
		break;
	case ACCESS_PART_OPERATION:
		operation = arena_printf(arena, "%.*s %.*s", TEXT_ARGS(facts->method),
					 TEXT_ARGS(facts->path));
		add_mismatch(&miss, source->at,
			     describe_list(arena, "operations", &source->operations,
					   text_of(operation)));
		break;
	default:
		add_mismatch(&miss, failed.test->source->at, describe_test(arena, failed.test));
		break;
	}
	return miss;
}
