/* SPDX-License-Identifier: Apache-2.0 */
#include "check/nginx.h"

#include <string.h>

const struct nginx_directive *nginx_next(const struct nginx_directive *at)
{
	if (at->first != NULL)
		return at->first;
	while (at != NULL && at->next == NULL)
		at = at->parent;
	return at != NULL ? at->next : NULL;
}

bool nginx_is(const struct nginx_directive *directive, const char *name)
{
	return text_is(directive->name, name);
}

struct text nginx_arg(const struct nginx_directive *directive, size_t index)
{
	return index < directive->count ? directive->args[index].text : (struct text){ 0 };
}

bool nginx_has_arg(const struct nginx_directive *directive, const char *arg)
{
	for (size_t i = 0; i < directive->count; i++)
		if (text_is(directive->args[i].text, arg))
			return true;
	return false;
}

const struct nginx_directive *nginx_child(const struct nginx_directive *block, const char *name)
{
	NGINX_FOR_EACH(block, item)
	{
		if (nginx_is(item, name))
			return item;
	}
	return NULL;
}

const struct nginx_directive *nginx_effective(const struct nginx_directive *block, const char *name)
{
	for (; block != NULL; block = block->parent) {
		const struct nginx_directive *found = nginx_child(block, name);

		if (found != NULL)
			return found;
	}
	return NULL;
}

const struct nginx_directive *nginx_enclosing(const struct nginx_directive *at, const char *name)
{
	while (at != NULL && !nginx_is(at, name))
		at = at->parent;
	return at;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* "1m30s": numbers with units; a bare number takes the first unit. */
static bool parse_units(struct text text, const struct unit *units, size_t count, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || !char_is_digit(text.ptr[0]))
		return false;
	while (text.len > 0) {
		size_t digits = 0, letters;
		uint64_t number, factor = 0;

		while (digits < text.len && char_is_digit(text.ptr[digits]))
			digits++;
		if (!text_parse_number(text_until(text, digits), UINT32_MAX, &number))
			return false;
		text = text_from(text, digits);
		for (letters = 0; letters < text.len && !char_is_digit(text.ptr[letters]);
		     letters++)
			;
		for (size_t i = 0; i < count; i++)
			if (text_equal_nocase(text_until(text, letters), text_of(units[i].name)))
				factor = units[i].factor;
		if (factor == 0)
			return false;
		*out += number * factor;
		text = text_from(text, letters);
	}
	return true;
}

bool nginx_parse_seconds(struct text text, uint64_t *out)
{
	static const struct unit units[] = { { "", 1000 },      { "ms", 1 },      { "s", 1000 },
					     { "m", 60000 },    { "h", 3600000 }, { "d", 86400000 },
					     { "w", 604800000 } };

	if (!parse_units(text, units, COUNT_OF(units), out))
		return false;
	*out /= 1000;
	return true;
}

bool nginx_parse_size(struct text text, uint64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1024 }, { "m", (uint64_t)1 << 20 }, { "g", (uint64_t)1 << 30 }
	};

	return parse_units(text, units, COUNT_OF(units), out);
}

static bool is_name_char(char c)
{
	return char_is_digit(c) || c == '_' || (char_lower(c) >= 'a' && char_lower(c) <= 'z');
}

/* "$arg_" names all that begin so. */
bool nginx_uses_variable(struct text text, const char *name)
{
	const struct text wanted = text_of(name);
	const bool is_prefix = wanted.len > 0 && wanted.ptr[wanted.len - 1] == '_';

	for (size_t at = 0; at + 1 < text.len; at++) {
		struct text rest;

		if (text.ptr[at] != '$')
			continue;
		rest = text_from(text, at + 1 + (text.ptr[at + 1] == '{'));
		if (text_starts_with(rest, wanted)
		    && (is_prefix || rest.len == wanted.len || !is_name_char(rest.ptr[wanted.len])))
			return true;
	}
	return false;
}
