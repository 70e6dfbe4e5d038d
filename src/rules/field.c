/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/field.h"

#include "rules/lexical.h"

#include <assert.h>
#include <errno.h>

#define INDEX       FIELD_FLAG_INDEX
#define KEY         FIELD_FLAG_KEY
#define NEEDS_KEY   FIELD_FLAG_NEEDS_KEY
#define SUFFIX      FIELD_FLAG_SUFFIX
#define MANY        FIELD_FLAG_MANY
#define ENDS        FIELD_FLAG_ENDS
#define FILTER_ONLY FIELD_FLAG_FILTER_ONLY
#define ANCESTOR    FIELD_FLAG_ANCESTOR
#define HOST        FIELD_FLAG_HOST
#define DEPRECATED  FIELD_FLAG_DEPRECATED

static const struct field table[FIELD_COUNT] = {
#define FIELD(id, name, type, flags) [FIELD_##id] = { name, FIELD_##type, flags },
#include "rules/field_table.h"
#undef FIELD
};

const struct field *field_of(enum field_id id)
{
	return &table[id];
}

const char *field_type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_TEXT] = "text",       [FIELD_NUMBER] = "number",   [FIELD_BOOL] = "bool",
		[FIELD_ADDRESS] = "address", [FIELD_NETWORK] = "network", [FIELD_BYTES] = "bytes",
		[FIELD_ANY] = "any",
	};

	return names[type];
}

const char *field_argument_rule(const struct field *field)
{
	if (field->flags & FIELD_FLAG_SUFFIX)
		return ".NAME or [NAME]";
	if (field->flags & FIELD_FLAG_NEEDS_KEY)
		return "[NAME]";
	if (field->flags & FIELD_FLAG_KEY)
		return field->flags & FIELD_FLAG_INDEX ? "[NUMBER or NAME], optional"
						       : "[NAME], optional";
	return field->flags & FIELD_FLAG_INDEX ? "[NUMBER], optional" : "";
}

static enum field_id find(struct text name)
{
	for (enum field_id id = 1; id < FIELD_COUNT; id++)
		if (text_is(name, table[id].name))
			return id;
	return FIELD_NONE;
}

/* "evt.arg.path": the field before the first dot from which the rest can be its key. */
static enum field_id find_with_suffix(struct text name, struct text *key)
{
	for (enum field_id id = 1; id < FIELD_COUNT; id++) {
		const struct text prefix = text_of(table[id].name);

		if ((table[id].flags & FIELD_FLAG_SUFFIX) && name.len > prefix.len + 1
		    && text_starts_with(name, prefix) && name.ptr[prefix.len] == '.') {
			*key = text_from(name, prefix.len + 1);
			return id;
		}
	}
	return FIELD_NONE;
}

static int unknown_field(struct text name, struct error *err)
{
	const char *names[FIELD_COUNT];

	if (err == NULL)
		return -ENOENT; /* only asked whether there is one */
	for (enum field_id id = 1; id < FIELD_COUNT; id++)
		names[id - 1] = table[id].name;

	const char *near = text_closest(name, names, FIELD_COUNT - 1);

	return error_set(err, -ENOENT, "nonexistent field '%.*s'%s%s%s", TEXT_ARGS(name),
			 near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			 near != NULL ? "'?" : "");
}

static const struct alias {
	const char *name, *portable;
} aliases[] = {
	{ "fd.dport", "fd.sport" }, /* a connection's destination is its server */
	{ "fd.dip", "fd.sip" },
};

const char *field_portable_name(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(aliases); i++)
		if (text_is(name, aliases[i].name))
			return aliases[i].portable;
	return NULL;
}

static int resolve_argument(struct text argument, struct field_use *use, struct error *err)
{
	const struct field *field = field_of(use->id);
	uint64_t index;

	if (argument.ptr == NULL)
		return 0;
	if ((field->flags & FIELD_FLAG_INDEX) && text_parse_number(argument, INT32_MAX, &index)) {
		use->index = (int)index;
		return 0;
	}
	if (!(field->flags & (FIELD_FLAG_KEY | FIELD_FLAG_NEEDS_KEY)) || use->key.ptr != NULL)
		return error_set(err, -EINVAL, "field '%s' takes no argument '%.*s'%s", field->name,
				 TEXT_ARGS(argument),
				 (field->flags & FIELD_FLAG_INDEX) ? ", only a number" : "");
	use->key = argument;
	return 0;
}

int field_resolve(struct text name, struct text argument, struct field_use *out, struct error *err)
{
	struct field_use use = { .index = -1 };
	int result;

	use.id = find(name);
	if (use.id == FIELD_NONE)
		use.id = find_with_suffix(name, &use.key);
	if (use.id == FIELD_NONE)
		return unknown_field(name, err);
	result = resolve_argument(argument, &use, err);
	if (result != 0)
		return result;
	if ((table[use.id].flags & FIELD_FLAG_NEEDS_KEY) && use.key.len == 0)
		return error_set(err, -EINVAL, "field '%s' needs an argument: %s[...]",
				 table[use.id].name, table[use.id].name);
	*out = use;
	return 0;
}

bool field_use_equal(const struct field_use *a, const struct field_use *b)
{
	return a->id == b->id && a->index == b->index && text_equal(a->key, b->key);
}

bool field_use_is_filter_only(const struct field_use *use)
{
	const unsigned flags = table[use->id].flags;

	return (flags & FIELD_FLAG_FILTER_ONLY)
	       || ((flags & FIELD_FLAG_ANCESTOR) && use->index < 0);
}

/* The bytes of "[...]" at the start of the text, and what is inside; 0 where there is no such. */
static size_t lex_argument(struct text text, struct text *argument)
{
	if (text.len == 0 || text.ptr[0] != '[')
		return 0;

	const size_t end = text_find_char(text, ']');

	if (end == TEXT_NONE || end < 2)
		return 0;
	*argument = text_from(text_until(text, end), 1);
	return end + 1;
}

size_t field_lex(struct text text, struct field_use *out)
{
	size_t len = lexical_field_name(text);

	while (len > 0) {
		assert(text.ptr != NULL); /* it has a length */

		struct text argument = { 0 };
		const size_t brackets = lex_argument(text_from(text, len), &argument);

		if (field_resolve(text_until(text, len), argument, out, NULL) == 0)
			return len + brackets;

		const size_t dot = text_find_last_char(text_until(text, len), '.');

		/* "%fd.name.": what follows the last dot is no part of the field */
		len = dot != TEXT_NONE ? lexical_field_name(text_until(text, dot)) : 0;
	}
	return 0;
}
