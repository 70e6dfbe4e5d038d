/* SPDX-License-Identifier: Apache-2.0 */
/* field.h — the fields that rules ask about, and the values that events answer with.
 *
 * The table (field_table.h) is part of the language: names, types, arguments. Where a value comes
 * from is the event's business: a live system call, a capture, a line of JSON. */
#pragma once

#include "base/base.h"

enum field_type {
	FIELD_TEXT = 1,
	FIELD_NUMBER,
	FIELD_BOOL,
	FIELD_ADDRESS,
	FIELD_NETWORK, /* an address, asked whether it lies in networks */
	FIELD_BYTES,
	FIELD_ANY, /* number or text, as the event has it */
};

enum field_flag {
	FIELD_FLAG_INDEX = 1 << 0,
	FIELD_FLAG_KEY = 1 << 1,
	FIELD_FLAG_NEEDS_KEY = 1 << 2,
	FIELD_FLAG_SUFFIX = 1 << 3,
	FIELD_FLAG_MANY = 1 << 4,
	FIELD_FLAG_ENDS = 1 << 5,
	FIELD_FLAG_FILTER_ONLY = 1 << 6,
	FIELD_FLAG_ANCESTOR = 1 << 7, /* without an index: all ancestors, and then filter-only */
	FIELD_FLAG_HOST = 1 << 8,     /* compared with host names, see ruleset_hosts */
	FIELD_FLAG_DEPRECATED = 1 << 9,
};

enum field_id {
	FIELD_NONE,
#define FIELD(id, name, type, flags) FIELD_##id,
#include "rules/field_table.h"
#undef FIELD
	FIELD_COUNT,
};

struct field {
	const char *name;
	enum field_type type;
	unsigned flags; /* enum field_flag */
};

const struct field *field_of(enum field_id id);
const char *field_type_name(enum field_type type);          /* "number" */
const char *field_argument_rule(const struct field *field); /* "[number]", "" for none */

/* A field as a rule asks for it. */
struct field_use {
	enum field_id id;
	int index;       /* [n], or -1 */
	struct text key; /* [word] or the suffix; absent where none */
};

/* From a name as written ("proc.aname", "evt.arg.path") and what stands between brackets (absent
 * where nothing does). Errors carry no position. */
int field_resolve(struct text name, struct text argument, struct field_use *out, struct error *err);
/* What Falco calls a field that people write but Falco does not have; NULL for all others. */
const char *field_portable_name(struct text name);
bool field_use_equal(const struct field_use *a, const struct field_use *b);
bool field_use_is_filter_only(const struct field_use *use);

/* The longest field that `text` begins with, with its argument, as output formats need it. Returns
 * the bytes used, 0 where there is none; *out is filled. */
size_t field_lex(struct text text, struct field_use *out);

enum field_value_kind {
	FIELD_VALUE_NONE,
	FIELD_VALUE_TEXT,
	FIELD_VALUE_NUMBER,
	FIELD_VALUE_BOOL,
	FIELD_VALUE_ADDRESS
};

union field_item {
	struct text text;
	int64_t number; /* of NUMBER and BOOL */
	struct ip_address address;
};

/* What an event answers. More than one item: ancestors, both ends of a connection, a list. */
struct field_value {
	enum field_value_kind kind; /* NONE: the event has no such thing */
	uint32_t count;
	union {
		union field_item one;         /* count 1 */
		const union field_item *many; /* otherwise; the event's storage */
	};
};

static inline struct field_value field_value_text(struct text text)
{
	return (struct field_value){ FIELD_VALUE_TEXT, 1, { { .text = text } } };
}

static inline struct field_value field_value_number(int64_t number)
{
	return (struct field_value){ FIELD_VALUE_NUMBER, 1, { { .number = number } } };
}

static inline struct field_value field_value_bool(bool yes)
{
	return (struct field_value){ FIELD_VALUE_BOOL, 1, { { .number = yes } } };
}

static inline struct field_value field_value_address(struct ip_address address)
{
	return (struct field_value){ FIELD_VALUE_ADDRESS, 1, { { .address = address } } };
}

static inline struct field_value field_value_many(enum field_value_kind kind,
						  const union field_item *items, uint32_t count)
{
	struct field_value value = { .kind = count > 0 ? kind : FIELD_VALUE_NONE, .count = count };

	if (count == 1)
		value.one = items[0];
	else
		value.many = items;
	return value;
}

static inline const union field_item *field_value_items(const struct field_value *value)
{
	return value->count == 1 ? &value->one : value->many;
}
