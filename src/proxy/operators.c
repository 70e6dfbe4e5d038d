/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/operators.h"

#include "proxy/operator_values.h"

#include <errno.h>

/* ---- parsing ---- */

static const struct operator* find(struct text name)
{
	for (const struct operator* operator= operators; operator->name != NULL; operator++)
		if (text_is(name, operator->name))
			return operator;
	return NULL;
}

static int unknown(struct text name, struct error *err)
{
	const char *names[128];
	char wanted[64];
	size_t count = 0;

	for (const struct operator* operator= operators; operator->name != NULL; operator++)
		names[count++] = operator->name;
	snprintf(wanted, sizeof(wanted), "%.*s", TEXT_ARGS(name));

	const char *near = text_closest(text_of(wanted), names, count);

	return error_set(err, -EINVAL, "there is no operator %%%s%%%s%s%s", wanted,
			 near != NULL ? "; did you mean %" : "", near != NULL ? near : "",
			 near != NULL ? "%?" : "");
}

/* "(argument?alternative)" is cut off *rest. */
static int take_argument(struct text *rest, struct operator_call *call, struct arena *arena,
			 struct error *err)
{
	const size_t close = text_find_char(*rest, ')');

	if (close == TEXT_NONE)
		return error_set(err, -EINVAL, "the '(' of an operator is not closed");

	struct text inside = text_until(text_from(*rest, 1), close - 1);
	char *copy = arena_strndup(arena, inside.ptr, inside.len);

	*rest = text_from(*rest, close + 1);
	if (!(call->operator->flags & OPERATOR_KEEPS_CASE))
		for (size_t i = 0; i < inside.len; i++)
			copy[i] = char_lower(copy[i]);
	inside = (struct text){ copy, inside.len };
	if (call->operator->flags & OPERATOR_KEEPS_CASE) {
		call->argument = inside;
		return 0;
	}
	call->argument = text_split(&inside, '?');
	call->alternative = inside;
	return 0;
}

static int take_length(struct text rest, struct operator_call *call, struct error *err)
{
	uint64_t length;

	if (rest.len == 0)
		return 0;
	if (rest.ptr[0] != ':' || !text_parse_number(text_from(rest, 1), SIZE_MAX, &length)
	    || length == 0)
		return error_set(err, -EINVAL,
				 "'%.*s' after an operator; only ':LENGTH' may stand there",
				 TEXT_ARGS(rest));
	call->length = (size_t)length;
	return 0;
}

/* What stands between two percent signs. */
static int parse_call(struct text text, struct arena *arena, const struct operator_call **out,
		      struct error *err)
{
	struct operator_call *call = ARENA_NEW(arena, struct operator_call);
	size_t end = 0;

	while (end < text.len && text.ptr[end] != '(' && text.ptr[end] != ':')
		end++;

	struct text rest = text_from(text, end);
	const struct text name = text_until(text, end);

	call->operator= find(name);
	if (call->operator== NULL)
		return unknown(name, err);
	if (rest.len > 0 && rest.ptr[0] == '('
	    && !(call->operator->flags & OPERATOR_TAKES_ARGUMENT))
		return error_set(err, -EINVAL, "%%%s%% takes no argument", call->operator->name);
	if (rest.len > 0 && rest.ptr[0] == '(') {
		const int code = take_argument(&rest, call, arena, err);

		if (code < 0)
			return code;
	}
	if (call->argument.len == 0 && (call->operator->flags & OPERATOR_NEEDS_ARGUMENT))
		return error_set(err, -EINVAL, "%%%s%% needs the name of a header: %%%s(NAME)%%",
				 call->operator->name, call->operator->name);
	*out = call;
	return take_length(rest, call, err);
}

/* The '%' that ends an operator: not one inside its parentheses, as START_TIME has them. */
static size_t end_of_call(struct text text)
{
	bool inside = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '(')
			inside = true;
		else if (text.ptr[i] == ')')
			inside = false;
		else if (text.ptr[i] == '%' && !inside)
			return i;
	}
	return TEXT_NONE;
}

static struct format_part *add_part(struct format *format)
{
	return &format->parts[format->count++];
}

static int parse_parts(struct text rest, struct arena *arena, struct format *out, struct error *err)
{
	while (rest.len > 0) {
		const size_t percent = text_find_char(rest, '%');
		struct format_part *part = add_part(out);

		if (percent != 0) {
			part->literal = percent == TEXT_NONE ? rest : text_until(rest, percent);
			rest = text_from(rest, part->literal.len);
			continue;
		}
		if (rest.len > 1 && rest.ptr[1] == '%') {
			part->literal = text_until(rest, 1);
			rest = text_from(rest, 2);
			continue;
		}

		const size_t end = end_of_call(text_from(rest, 1));

		if (end == TEXT_NONE)
			return error_set(err, -EINVAL,
					 "a '%%' opens an operator that no '%%' closes; write %%%% "
					 "for a percent sign");

		const int code =
			parse_call(text_until(text_from(rest, 1), end), arena, &part->call, err);

		if (code < 0)
			return code;
		out->reads_response |= (part->call->operator->flags & OPERATOR_OF_RESPONSE) != 0;
		rest = text_from(rest, end + 2);
	}
	return 0;
}

int format_parse(struct text text, struct arena *arena, struct format *out, struct error *err)
{
	const struct text copy = { arena_strndup(arena, text.ptr, text.len), text.len };
	size_t most = 1;

	for (size_t i = 0; i < text.len; i++)
		most += text.ptr[i] == '%';
	*out = (struct format){ .parts = arena_alloc(arena, most * 2 * sizeof(*out->parts)) };
	return parse_parts(copy, arena, out, err);
}

/* ---- reading ---- */

struct operator_value operator_read(const struct operator_call *call,
				    const struct operator_subject *subject,
				    char scratch[OPERATOR_SCRATCH_MAX])
{
	struct operator_value value = { 0 };

	if (subject->exchange != NULL || (call->operator->flags & OPERATOR_OF_CONNECTION))
		value = call->operator->read(call, subject, scratch);
	if (value.kind == VALUE_TEXT && value.text.len == 0)
		value.kind = VALUE_ABSENT;
	if (value.kind == VALUE_TEXT && call->length > 0)
		value.text.len = MIN_OF(value.text.len, call->length);
	return value;
}
