/* SPDX-License-Identifier: Apache-2.0 */
/* condition.h — a rule's condition as a tree: parsed from text, printed back as canonical text.
 *
 *	or     = and { "or" and }            binds weakest
 *	and    = not { "and" not }
 *	not    = { "not" } check             pairs cancel out
 *	check  = "(" or ")" | macro | operand "exists" | operand operator [quantifier] value
 *	operand = field [ "[" argument "]" ] | transformer "(" values ")" [ "[" argument "]" ]
 *	value  = string | number | "(" string, ... ")" | name | transformer | "val(" field ")"
 *
 * A tree lies in the caller's arena and borrows the text. It knows only shapes: whether a field
 * exists and an operator fits it is asked when the condition is compiled (compile.h).
 * condition_print gives text that parses to an equal tree, always. */
#pragma once

#include "rules/operator.h"

#include "base/base.h"

#define CONDITION_DEPTH_MAX 1000 /* of the parser's recursion; five steps a parenthesis */

/* Where a condition's text came from, so that an error can name the line in the file. What was
 * appended to a rule is a part of its own. */
struct condition_part {
	size_t begin;    /* its first byte in the written text */
	struct text raw; /* as it stands in the file, folded lines and all; absent: as written;
			  * empty: all of it counts as standing at `start` */
	struct source_pos start; /* of raw */
	struct condition_part *next;
};

struct condition_source {
	struct text text;    /* what is parsed: lists already put in */
	struct text written; /* as the rule has it; absent: same as text */
	const uint32_t
		*origin; /* for each byte of text its place in written; NULL: the same place */
	struct condition_part part; /* the first */
};

struct source_pos condition_locate(const struct condition_source *source, size_t offset);

enum operand_kind {
	OPERAND_FIELD = 1,
	OPERAND_TRANSFORMED, /* name(items) */
	OPERAND_VALUE_OF,    /* val(items[0]): the field's value, on the right */
	OPERAND_TEXT,        /* a string or a number */
	OPERAND_LIST,
};

struct operand {
	enum operand_kind kind;
	uint32_t offset;
	bool has_argument;
	struct text text;     /* the field's or transformer's name; the string */
	struct text argument; /* between [ and ] */
	struct operand **items;
	size_t count;
};

enum condition_kind {
	CONDITION_AND = 1,
	CONDITION_OR,
	CONDITION_NOT,
	CONDITION_CHECK,
	CONDITION_MACRO
};

struct condition {
	enum condition_kind kind;
	uint32_t offset;
	const struct condition_source *source;
	struct condition **children; /* AND, OR: two or more; NOT: one */
	size_t count;
	struct text macro;
	struct operand *left, *right; /* CHECK; right NULL for "exists" */
	enum operator op;
	enum quantifier quantifier;
	uint32_t compiled; /* the compiler's mark: its node's number + 1 */
};

/* source must live as long as the tree. The error's position is in the file. */
int condition_parse(struct arena *arena, const struct condition_source *source,
		    struct condition **out, struct error *err);

void condition_print(const struct condition *condition, struct buffer *out);
void operand_print(const struct operand *operand, struct buffer *out);
void condition_print_text(struct text text,
			  struct buffer *out); /* bare, or quoted where it must be */

bool condition_equal(const struct condition *a, const struct condition *b);
bool operand_equal(const struct operand *a, const struct operand *b);

/* tolower, toupper, b64, basename, len, join, concat, getopt */
bool transformer_exists(struct text name);
