/* SPDX-License-Identifier: Apache-2.0 */
/* condition_parse.c — text -> tree, by recursive descent; the grammar is in condition.h. */
#include "rules/parser.h"

#include "rules/lexical.h"

#include <errno.h>

static struct condition *parse_or(struct parser *parser);

static struct condition *new_condition(struct parser *parser, enum condition_kind kind,
				       size_t offset)
{
	struct condition *condition = ARENA_NEW(parser->arena, struct condition);

	condition->kind = kind;
	condition->offset = (uint32_t)offset;
	condition->source = parser->source;
	return condition;
}

/* --- checks ------------------------------------------------------------------------------ */

/* A quantifier is one only before a list or the name of one: `= oneof and ...` compares a word. */
static enum quantifier parse_quantifier(struct parser *parser)
{
	size_t len;
	const enum quantifier quantifier = quantifier_lex(parser->rest, &len);
	struct parser after = *parser;

	if (quantifier == QUANTIFIER_NONE)
		return QUANTIFIER_NONE;
	parser_take(&after, len);
	parser_skip_blanks(&after);

	const size_t name = lexical_identifier(after.rest);
	const bool list = after.rest.len > 0 && after.rest.ptr[0] == '(';

	if (!list && (name == 0 || parser_is_keyword(text_until(after.rest, name))))
		return QUANTIFIER_NONE;
	parser->rest = after.rest;
	return quantifier;
}

static struct condition *parse_comparison(struct parser *parser, struct operand *left)
{
	struct condition *check = new_condition(parser, CONDITION_CHECK, left->offset);
	char next[PARSER_NEXT_MAX];
	size_t len;

	parser_skip_blanks(parser);
	check->left = left;
	check->op = operator_lex(parser->rest, &len);
	if (check->op == OPERATOR_NONE)
		return parser_fail(
			parser,
			"expected an operator before %s: exists, <, <=, >, >=, =, !=, glob, "
			"iglob, contains, "
			"icontains, bcontains, startswith, bstartswith, endswith, regex, in, "
			"intersects or "
			"pmatch",
			parser_describe_next(parser, next));
	parser_take(parser, len);
	if (check->op == OPERATOR_EXISTS)
		return check;
	parser_skip_blanks(parser);
	if (operator_table[check->op].takes == OPERATOR_TAKES_TEXT)
		check->quantifier = parse_quantifier(parser);
	check->right = check->quantifier != QUANTIFIER_NONE
			       ? operand_parse_list(parser)
			       : operand_parse_value(parser, check->op);
	return check->right != NULL ? check : NULL;
}

static struct condition *parse_parenthesised(struct parser *parser)
{
	if (!parser_enter(parser))
		return NULL;

	struct condition *inner = parse_or(parser);
	char next[PARSER_NEXT_MAX];

	if (inner == NULL)
		return NULL;
	parser_skip_blanks(parser);
	if (!parser_take_if(parser, ")"))
		return parser_fail(parser, "expected 'and', 'or' or ')' before %s",
				   parser_describe_next(parser, next));
	parser->depth--;
	return inner;
}

static struct condition *parse_macro(struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	char next[PARSER_NEXT_MAX];

	if (len == 0 || parser_is_keyword(text_until(parser->rest, len)))
		return parser_fail(parser, "expected a field, a macro or '(' before %s",
				   parser_describe_next(parser, next));

	struct condition *macro = new_condition(parser, CONDITION_MACRO, parser_offset(parser));

	macro->macro = parser_take(parser, len);
	return macro;
}

static struct condition *parse_check(struct parser *parser)
{
	struct condition *check = NULL;
	struct operand *left = NULL;

	if (!parser_enter(parser))
		return NULL;
	parser_skip_blanks(parser);

	const struct text call = parser_peek_call(parser);

	if (parser_take_if(parser, "(")) {
		check = parse_parenthesised(parser);
	} else if (call.ptr != NULL && !text_is(call, "val")) {
		left = operand_parse_transformed(parser, call);
		check = left != NULL ? parse_comparison(parser, left) : NULL;
	} else if (lexical_field_name(parser->rest) > 0) {
		left = operand_parse_field(parser);
		check = left != NULL ? parse_comparison(parser, left) : NULL;
	} else {
		check = parse_macro(parser);
	}
	parser->depth--;
	return check;
}

/* --- and, or, not ------------------------------------------------------------------------ */

/* The keyword, if it comes next: a blank or '(' must follow it. */
static bool take_keyword(struct parser *parser, const char *keyword)
{
	const size_t len = lexical_identifier(parser->rest);

	if (!text_is(text_until(parser->rest, len), keyword) || len >= parser->rest.len
	    || (parser->rest.ptr[len] != '(' && !lexical_is_blank(parser->rest.ptr[len])))
		return false;
	parser_take(parser, len);
	parser_skip_blanks(parser);
	return true;
}

static struct condition *parse_not(struct parser *parser)
{
	bool negated = false;

	if (!parser_enter(parser))
		return NULL;
	parser_skip_blanks(parser);

	const size_t offset = parser_offset(parser);

	while (take_keyword(parser, "not"))
		negated = !negated;

	struct condition *check = parse_check(parser);

	parser->depth--;
	if (check == NULL || !negated)
		return check;
	if (check->kind == CONDITION_NOT) /* not (not x) */
		return check->children[0];

	struct condition *not_node = new_condition(parser, CONDITION_NOT, offset);

	not_node->children = ARENA_ARRAY(parser->arena, 1, struct condition *);
	not_node->children[0] = check;
	not_node->count = 1;
	return not_node;
}

/* A chain of one level: children joined by the keyword, one node for all of them. */
static struct condition *parse_chain(struct parser *parser, enum condition_kind kind)
{
	const char *keyword = kind == CONDITION_OR ? "or" : "and";
	struct parser_items items = { 0 };
	struct condition *child;

	if (!parser_enter(parser))
		return NULL;
	parser_skip_blanks(parser);

	struct condition *chain = new_condition(parser, kind, parser_offset(parser));

	do {
		child = kind == CONDITION_OR ? parse_chain(parser, CONDITION_AND)
					     : parse_not(parser);
		if (child != NULL)
			parser_add_item(&items, child);
		parser_skip_blanks(parser);
	} while (child != NULL && take_keyword(parser, keyword));
	parser->depth--;
	chain->children = parser_keep_items(parser, &items, &chain->count);
	if (child == NULL)
		return NULL;
	return chain->count == 1 ? chain->children[0] : chain;
}

static struct condition *parse_or(struct parser *parser)
{
	return parse_chain(parser, CONDITION_OR);
}

int condition_parse(struct arena *arena, const struct condition_source *source,
		    struct condition **out, struct error *err)
{
	struct error scratch = { 0 };
	struct parser parser = { .arena = arena,
				 .source = source,
				 .rest = source->text,
				 .err = err != NULL ? err : &scratch };
	char next[PARSER_NEXT_MAX];

	parser_skip_blanks(&parser);
	if (parser.rest.len == 0) {
		parser_fail(&parser, "the condition is empty");
		return -EINVAL;
	}

	struct condition *condition = parse_or(&parser);

	if (condition == NULL)
		return -EINVAL;
	parser_skip_blanks(&parser);
	if (parser.rest.len > 0) {
		parser_fail(&parser, "expected 'and' or 'or' before %s",
			    parser_describe_next(&parser, next));
		return -EINVAL;
	}
	*out = condition;
	return 0;
}
