/* SPDX-License-Identifier: Apache-2.0 */
/* operand_parse.c — what stands on either side of an operator: fields, transformers, strings,
 * numbers, lists. */
#include "rules/parser.h"

#include "rules/lexical.h"

static struct operand *new_operand(struct parser *parser, enum operand_kind kind, struct text text)
{
	struct operand *operand = ARENA_NEW(parser->arena, struct operand);

	operand->kind = kind;
	operand->offset = (uint32_t)parser_offset(parser);
	operand->text = text;
	return operand;
}

/* --- strings ----------------------------------------------------------------------------- */

static int unescape(char c)
{
	static const char from[] = "bfnrt\\/\"' ";
	static const char to[] = "\b\f\n\r\t\\/\"'\\"; /* backslash-blank: a backslash, as ever */
	const char *found = c != '\0' ? strchr(from, c) : NULL;

	return found != NULL ? to[found - from] : -1;
}

static bool parse_quoted(struct parser *parser, struct text *out)
{
	const char quote = parser->rest.ptr[0];
	char *text = arena_alloc_bytes(parser->arena, parser->rest.len + 1);
	size_t len = 0;
	const struct text whole = parser->rest;

	parser_take(parser, 1);
	while (parser->rest.len > 0 && parser->rest.ptr[0] != quote) {
		if (parser->rest.ptr[0] != '\\') {
			text[len++] = parser_take(parser, 1).ptr[0];
			continue;
		}

		const int c = parser->rest.len > 1 ? unescape(parser->rest.ptr[1]) : 0;

		if (c < 0) {
			parser_fail(parser,
				    "unknown escape '\\%c' in a string; \\b \\f \\n \\r \\t \\\\ "
				    "\\/ \\\" "
				    "\\' are known",
				    parser->rest.ptr[1]);
			return false;
		}
		if (parser->rest.len > 1)
			text[len++] = (char)c;
		parser_take(parser, MIN_OF(parser->rest.len, (size_t)2));
	}
	if (parser->rest.len == 0) {
		parser->rest = whole;
		parser_fail(parser, "the string that starts with %c does not end", quote);
		return false;
	}
	parser_take(parser, 1);
	*out = (struct text){ text, len };
	return true;
}

static bool at_quote(const struct parser *parser)
{
	return parser->rest.len > 0 && (parser->rest.ptr[0] == '"' || parser->rest.ptr[0] == '\'');
}

static struct operand *parse_string(struct parser *parser)
{
	struct operand *operand = new_operand(parser, OPERAND_TEXT, TEXT(""));
	char next[PARSER_NEXT_MAX];

	if (at_quote(parser))
		return parse_quoted(parser, &operand->text) ? operand : NULL;

	const size_t len = lexical_bare(parser->rest);

	if (len == 0)
		return parser_fail(parser, "expected a string before %s",
				   parser_describe_next(parser, next));
	operand->text = parser_take(parser, len);
	return operand;
}

/* --- operands ---------------------------------------------------------------------------- */

static bool parse_argument(struct parser *parser, struct operand *operand)
{
	if (!parser_take_if(parser, "["))
		return true;
	operand->has_argument = true;
	if (at_quote(parser)) {
		if (!parse_quoted(parser, &operand->argument))
			return false;
	} else {
		operand->argument = parser_take(parser, lexical_bare_argument(parser->rest));
		if (operand->argument.len == 0) {
			parser_fail(parser,
				    "expected an argument after '[': a word or a quoted string");
			return false;
		}
	}
	if (!parser_take_if(parser, "]")) {
		parser_fail(parser, "expected ']' after the field's argument");
		return false;
	}
	return true;
}

struct operand *operand_parse_field(struct parser *parser)
{
	struct operand *operand = new_operand(parser, OPERAND_FIELD, TEXT(""));

	operand->text = parser_take(parser, lexical_field_name(parser->rest));
	return parse_argument(parser, operand) ? operand : NULL;
}

struct text parser_peek_call(const struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	const struct text name = text_until(parser->rest, len);

	if (len == 0 || len >= parser->rest.len || parser->rest.ptr[len] != '(')
		return (struct text){ NULL, 0 };
	if (!transformer_exists(name) && !text_is(name, "val"))
		return (struct text){ NULL, 0 };
	return name;
}

static struct operand *parse_items(struct parser *parser)
{
	struct operand *list = new_operand(parser, OPERAND_LIST, TEXT(""));
	struct parser_items items = { 0 };
	char next[PARSER_NEXT_MAX];

	parser_take_if(parser, "(");
	parser_skip_blanks(parser);
	while (parser->rest.len > 0 && parser->rest.ptr[0] != ')') {
		struct operand *item = parse_string(parser);

		if (item == NULL) {
			buffer_done(&items.bytes);
			return NULL;
		}
		parser_add_item(&items, item);
		parser_skip_blanks(parser);
		if (!parser_take_if(parser, ","))
			break;
		parser_skip_blanks(parser);
		if (parser->rest.len > 0 && parser->rest.ptr[0] == ')') {
			buffer_done(&items.bytes);
			return parser_fail(parser, "expected a string after ','");
		}
	}
	list->items = parser_keep_items(parser, &items, &list->count);
	if (!parser_take_if(parser, ")"))
		return parser_fail(parser, "expected ',' or ')' in the list before %s",
				   parser_describe_next(parser, next));
	return list;
}

/* One thing between a transformer's parentheses. */
static struct operand *parse_call_item(struct parser *parser)
{
	const struct text call = parser_peek_call(parser);

	if (call.ptr != NULL && !text_is(call, "val"))
		return operand_parse_transformed(parser, call);
	if (parser->rest.len > 0 && parser->rest.ptr[0] == '(')
		return parse_items(parser);
	if (lexical_field_name(parser->rest) > 0)
		return operand_parse_field(parser);
	return parse_string(parser);
}

static bool parse_call_items(struct parser *parser, struct operand *operand)
{
	struct parser_items items = { 0 };
	struct operand *item;

	do {
		parser_skip_blanks(parser);
		item = parse_call_item(parser);
		if (item != NULL)
			parser_add_item(&items, item);
		parser_skip_blanks(parser);
	} while (item != NULL && parser_take_if(parser, ","));
	operand->items = parser_keep_items(parser, &items, &operand->count);
	if (item == NULL)
		return false;
	if (!parser_take_if(parser, ")")) {
		parser_fail(parser, "expected ')' after the arguments of %.*s",
			    TEXT_ARGS(operand->text));
		return false;
	}
	return true;
}

struct operand *operand_parse_transformed(struct parser *parser, struct text name)
{
	const bool is_val = text_is(name, "val");
	struct operand *operand =
		new_operand(parser, is_val ? OPERAND_VALUE_OF : OPERAND_TRANSFORMED, name);

	if (!parser_enter(parser))
		return NULL;
	parser_take(parser, name.len + 1);
	if (!parse_call_items(parser, operand))
		return NULL;
	if (is_val && (operand->count != 1 || operand->items[0]->kind != OPERAND_FIELD))
		return parser_fail(parser, "val() takes one field");
	if (!parse_argument(parser, operand))
		return NULL;
	parser->depth--;
	return operand;
}

/* --- values ------------------------------------------------------------------------------ */

static struct operand *parse_number(struct parser *parser)
{
	struct operand *operand = new_operand(parser, OPERAND_TEXT, TEXT(""));
	char next[PARSER_NEXT_MAX];

	operand->text = parser_take(parser, lexical_number(parser->rest));
	if (operand->text.len == 0)
		return parser_fail(parser, "expected a number before %s",
				   parser_describe_next(parser, next));
	return operand;
}

struct operand *operand_parse_list(struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	char next[PARSER_NEXT_MAX];

	if (parser->rest.len > 0 && parser->rest.ptr[0] == '(')
		return parse_items(parser);
	if (len == 0 || parser_is_keyword(text_until(parser->rest, len)))
		return parser_fail(parser,
				   "expected a list in parentheses or a list's name before %s",
				   parser_describe_next(parser, next));

	struct operand *name = new_operand(parser, OPERAND_TEXT, TEXT(""));

	name->text = parser_take(parser, len);
	return name;
}

struct operand *operand_parse_value(struct parser *parser, enum operator op)
{
	const struct text call = parser_peek_call(parser);

	if (call.ptr != NULL)
		return operand_parse_transformed(parser, call);
	switch (operator_table[op].takes) {
	case OPERATOR_TAKES_NUMBER:
		return parse_number(parser);
	case OPERATOR_TAKES_LIST:
		return operand_parse_list(parser);
	default:
		return parse_string(parser);
	}
}
