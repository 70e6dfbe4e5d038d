/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/parser.h"

#include "rules/lexical.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

size_t parser_offset(const struct parser *parser)
{
	return parser->source->text.len - parser->rest.len;
}

void *parser_fail(struct parser *parser, const char *fmt, ...)
{
	char message[sizeof(parser->err->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	error_at(parser->err, -EINVAL, condition_locate(parser->source, parser_offset(parser)),
		 "%s", message);
	return NULL;
}

/* What stands here, for messages: "'word'" or "the end". */
const char *parser_describe_next(const struct parser *parser, char out[40])
{
	size_t len = 0;

	while (len < parser->rest.len && len < 24 && !lexical_is_blank(parser->rest.ptr[len]))
		len++;
	if (parser->rest.len == 0)
		snprintf(out, 40, "the end of the condition");
	else
		snprintf(out, 40, "'%.*s'", (int)len, parser->rest.ptr);
	return out;
}

bool parser_enter(struct parser *parser)
{
	if (++parser->depth < CONDITION_DEPTH_MAX)
		return true;
	parser_fail(parser, "the condition is nested too deeply (at most %d levels)",
		    CONDITION_DEPTH_MAX);
	return false;
}

struct text parser_take(struct parser *parser, size_t len)
{
	const struct text token = text_until(parser->rest, len);

	parser->rest = text_from(parser->rest, len);
	return token;
}

bool parser_skip_blanks(struct parser *parser)
{
	const size_t before = parser->rest.len;

	while (parser->rest.len > 0 && lexical_is_blank(parser->rest.ptr[0]))
		parser_take(parser, 1);
	return parser->rest.len != before;
}

bool parser_take_if(struct parser *parser, const char *token)
{
	if (!text_starts_with(parser->rest, text_of(token)))
		return false;
	parser_take(parser, strlen(token));
	return true;
}

bool parser_is_keyword(struct text word)
{
	return text_is(word, "and") || text_is(word, "or") || text_is(word, "not");
}

void parser_add_item(struct parser_items *items, void *item)
{
	buffer_add(&items->bytes, &item, sizeof(item));
}

void *parser_keep_items(struct parser *parser, struct parser_items *items, size_t *count)
{
	void **kept = ARENA_ARRAY(parser->arena, items->bytes.len / sizeof(void *) + 1, void *);

	*count = items->bytes.len / sizeof(void *);
	if (*count > 0)
		memcpy(kept, items->bytes.data, items->bytes.len);
	buffer_done(&items->bytes);
	return kept;
}
