/* SPDX-License-Identifier: Apache-2.0 */
/* exception.c — exceptions become text: `(condition) and not (...) and not (...)`, read by the same
 * parser as everything else. */
#include "rules/definition.h"

#include <errno.h>

/* "in", "startswith oneof" -> the operator and its quantifier. */
static enum operator parse_comparison(struct text text, enum quantifier *quantifier)
{
	const size_t blank = text_find_char(text, ' ');
	size_t len;

	*quantifier = QUANTIFIER_NONE;
	if (blank == TEXT_NONE)
		return operator_find(text);

	const struct text word = text_trim(text_from(text, blank));
	const enum operator op = operator_find(text_until(text, blank));

	*quantifier = quantifier_lex(word, &len);
	if (*quantifier == QUANTIFIER_NONE || len != word.len
	    || operator_table[op].takes != OPERATOR_TAKES_TEXT)
		return OPERATOR_NONE;
	return op;
}

static bool takes_list(struct text comparison)
{
	enum quantifier quantifier;
	const enum operator op = parse_comparison(comparison, &quantifier);

	return quantifier != QUANTIFIER_NONE || operator_table[op].takes == OPERATOR_TAKES_LIST;
}

static int check_field(struct definitions *all, const struct exception_entry *field)
{
	const size_t bracket = MIN_OF(text_find_char(field->text, '['), field->text.len);
	struct text argument = { 0 };
	struct field_use use;
	struct error err = { 0 };

	if (field->is_list)
		return report_issue(all->report, LOAD_ERR_VALIDATE, field->at,
				    "a field of an exception must be a string");
	if (bracket < field->text.len)
		argument = text_from(text_until(field->text, field->text.len - 1), bracket + 1);
	if (field_resolve(text_until(field->text, bracket), argument, &use, &err) == 0)
		return 0;
	return report_issue(all->report, LOAD_ERR_VALIDATE, field->at,
			    "'%.*s' is no field that exceptions can use: %s",
			    TEXT_ARGS(field->text), err.text);
}

static int check_operator(struct definitions *all, const struct exception_entry *comparison)
{
	enum quantifier quantifier;

	if (comparison->is_list || parse_comparison(comparison->text, &quantifier) == OPERATOR_NONE)
		return report_issue(all->report, LOAD_ERR_VALIDATE, comparison->at,
				    "'%.*s' is no comparison operator",
				    TEXT_ARGS(comparison->text));
	return 0;
}

static const struct exception_entry *default_comps(struct arena *arena,
						   const struct exception_entry *fields)
{
	struct exception_entry *comps = ARENA_NEW(arena, struct exception_entry);
	struct exception_entry *items;

	*comps = (struct exception_entry){ .is_list = fields->is_list, .text = TEXT("in") };
	if (!fields->is_list)
		return comps;
	items = ARENA_ARRAY(arena, fields->count + 1, struct exception_entry);
	for (size_t i = 0; i < fields->count; i++)
		items[i].text = TEXT("=");
	comps->items = items;
	comps->count = fields->count;
	return comps;
}

int exception_check(struct definitions *all, struct exception *exception, bool known_source)
{
	const struct exception_entry *fields = exception->fields;
	const bool given = exception->comps != NULL;

	if (!given)
		exception->comps = default_comps(all->arena, fields);
	if (fields->is_list != exception->comps->is_list)
		return report_issue(all->report, LOAD_ERR_VALIDATE, exception->at,
				    "fields and comps must both be strings or both be lists");
	if (!fields->is_list && !takes_list(exception->comps->text))
		return report_issue(
			all->report, LOAD_ERR_VALIDATE, exception->at,
			"with a single field, comps must be one of in, pmatch, intersects, or "
			"an operator with oneof, anyof or allof");
	if (fields->count != exception->comps->count)
		return report_issue(all->report, LOAD_ERR_VALIDATE, exception->at,
				    "fields and comps must have as many items as each other");
	for (size_t i = 0; i < fields->count; i++)
		if (check_operator(all, &exception->comps->items[i]) != 0
		    || (known_source && check_field(all, &fields->items[i]) != 0))
			return -EINVAL;
	return fields->is_list || !known_source ? 0 : check_field(all, fields);
}

/* --- writing ----------------------------------------------------------------------------- */

static bool is_quoted(struct text text)
{
	return text.len > 0 && (text.ptr[0] == '"' || text.ptr[0] == '\'');
}

static void write_item(struct buffer *out, struct text item)
{
	const bool quote = text_find_char(item, ' ') != TEXT_NONE && !is_quoted(item);

	buffer_printf(out, quote ? "\"%.*s\"" : "%.*s", TEXT_ARGS(item));
}

static void write_list(struct buffer *out, const struct exception_entry *list)
{
	buffer_add_char(out, '(');
	for (size_t i = 0; i < list->count; i++) {
		buffer_add_text(out, i > 0 ? ", " : "");
		write_item(out, list->items[i].text);
	}
	buffer_add_char(out, ')');
}

static void write_value(struct buffer *out, const struct exception_entry *value,
			struct text comparison)
{
	if (value->is_list)
		write_list(out, value);
	else if (takes_list(comparison) && (value->text.len == 0 || value->text.ptr[0] != '('))
		write_list(out, &(struct exception_entry){ .items = value, .count = 1 });
	else if (takes_list(comparison))
		buffer_add(out, value->text.ptr, value->text.len);
	else
		write_item(out, value->text);
}

/* One field: all values are one list. */
static int write_single(struct definitions *all, const struct exception *exception,
			struct buffer *out)
{
	buffer_printf(out, "(%.*s %.*s (", TEXT_ARGS(exception->fields->text),
		      TEXT_ARGS(exception->comps->text));
	for (const struct exception_values *v = exception->values; v != NULL; v = v->next) {
		if (v->entry->is_list)
			return report_issue(
				all->report, LOAD_ERR_VALIDATE, v->entry->at,
				"with a single field, values must be a list of strings");
		buffer_add_text(out, v != exception->values ? ", " : "");
		write_item(out, v->entry->text);
	}
	buffer_add_text(out, "))");
	return 0;
}

/* Several fields: each row a conjunction, one of the rows must hold. */
static int write_rows(struct definitions *all, const struct exception *exception,
		      struct buffer *out)
{
	const struct exception_entry *fields = exception->fields;

	buffer_add_char(out, '(');
	for (const struct exception_values *v = exception->values; v != NULL; v = v->next) {
		if (!v->entry->is_list || v->entry->count != fields->count)
			return report_issue(
				all->report, LOAD_ERR_VALIDATE, v->entry->at,
				"each row of values must have as many items as there are fields "
				"(%zu)",
				fields->count);
		buffer_add_text(out, v != exception->values ? " or (" : "(");
		for (size_t i = 0; i < fields->count; i++) {
			buffer_printf(out, "%s%.*s %.*s ", i > 0 ? " and " : "",
				      TEXT_ARGS(fields->items[i].text),
				      TEXT_ARGS(exception->comps->items[i].text));
			write_value(out, &v->entry->items[i], exception->comps->items[i].text);
		}
		buffer_add_char(out, ')');
	}
	buffer_add_char(out, ')');
	return 0;
}

static void add_part(struct arena *arena, struct condition_part *first, size_t begin,
		     struct source_pos at)
{
	struct condition_part *part = ARENA_NEW(arena, struct condition_part);

	*part = (struct condition_part){ .begin = begin, .raw = TEXT(""), .start = at };
	while (first->next != NULL)
		first = first->next;
	first->next = part;
}

static bool has_values(const struct exception *exception)
{
	return exception->values != NULL
	       && !(exception->fields->is_list && exception->fields->count == 0);
}

static bool any_has_values(const struct exception *exceptions)
{
	for (const struct exception *e = exceptions; e != NULL; e = e->next)
		if (has_values(e))
			return true;
	return false;
}

int exceptions_write(struct definitions *all, const struct rule_definition *rule,
		     struct written_condition *condition)
{
	AUTO_BUFFER struct buffer text = { 0 };

	if (!any_has_values(rule->exceptions))
		return 0;
	buffer_printf(&text, "(%.*s)", TEXT_ARGS(condition->text));
	for (struct condition_part *part = &condition->part; part != NULL; part = part->next)
		part->begin++; /* the parenthesis before it */
	for (const struct exception *e = rule->exceptions; e != NULL; e = e->next) {
		if (!has_values(e))
			continue;
		add_part(all->arena, &condition->part, text.len, e->at);
		buffer_add_text(&text, " and not ");
		if ((e->fields->is_list ? write_rows : write_single)(all, e, &text) != 0)
			return -EINVAL;
	}
	condition->text.ptr = arena_strndup(all->arena, text.data, text.len);
	condition->text.len = text.len;
	return 0;
}
