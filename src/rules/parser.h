/* SPDX-License-Identifier: Apache-2.0 */
/* parser.h — reading a condition from left to right. Private to the room.
 *
 * What is read lies in the arena. A function that fails has filled err and returns NULL or false;
 * the caller passes that on. */
#pragma once

#include "rules/condition.h"

struct parser {
	struct arena *arena;
	const struct condition_source *source;
	struct text rest; /* what is still to read */
	unsigned depth;
	struct error *err;
};

size_t parser_offset(const struct parser *parser);
void *parser_fail(struct parser *parser, const char *fmt, ...) /* always NULL */
	__attribute__((format(printf, 2, 3)));

#define PARSER_NEXT_MAX 40
/* What stands here, for messages: "'word'" or "the end of the condition". Returns out. */
const char *parser_describe_next(const struct parser *parser, char out[PARSER_NEXT_MAX]);

bool parser_enter(struct parser *parser); /* one level deeper, up to CONDITION_DEPTH_MAX */
struct text parser_take(struct parser *parser, size_t len);
bool parser_take_if(struct parser *parser, const char *token);
bool parser_skip_blanks(struct parser *parser); /* were there any? */
bool parser_is_keyword(struct text word);       /* and, or, not */

struct parser_items { /* pointers collected while their number is unknown */
	struct buffer bytes;
};

void parser_add_item(struct parser_items *items, void *item);
void *parser_keep_items(struct parser *parser, struct parser_items *items, size_t *count);

/* --- operand_parse.c --------------------------------------------------------------------- */

/* The name before a '(' that touches it: that of a transformer, or val; else absent. */
struct text parser_peek_call(const struct parser *parser);
struct operand *operand_parse_field(struct parser *parser);
struct operand *operand_parse_transformed(struct parser *parser, struct text name);
struct operand *operand_parse_list(struct parser *parser); /* in parentheses, or a list's name */
struct operand *operand_parse_value(struct parser *parser, enum operator op);
