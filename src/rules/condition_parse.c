/* SPDX-License-Identifier: Apache-2.0 */
/* condition_parse.c — text -> tree, by recursive descent; the grammar is in condition.h. */
#include "rules/condition.h"

#include "rules/lexical.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct parser {
	struct arena *arena;
	const struct condition_source *source;
	struct text rest; /* what is still to read */
	unsigned depth;
	struct error *err;
};

static struct condition *parse_or(struct parser *parser);
static struct operand *parse_transformed(struct parser *parser, struct text name);

static size_t offset_of(const struct parser *parser)
{
	return parser->source->text.len - parser->rest.len;
}

static void *fail(struct parser *parser, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void *fail(struct parser *parser, const char *fmt, ...)
{
	char message[sizeof(parser->err->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	error_at(parser->err, -EINVAL, condition_locate(parser->source, offset_of(parser)), "%s",
		 message);
	return NULL;
}

/* What stands here, for messages: "'word'" or "the end". */
static const char *describe_next(const struct parser *parser, char out[40])
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

static bool enter(struct parser *parser)
{
	if (++parser->depth < CONDITION_DEPTH_MAX)
		return true;
	fail(parser, "the condition is nested too deeply (at most %d levels)", CONDITION_DEPTH_MAX);
	return false;
}

static struct text take(struct parser *parser, size_t len)
{
	const struct text token = text_until(parser->rest, len);

	parser->rest = text_from(parser->rest, len);
	return token;
}

static bool skip_blanks(struct parser *parser)
{
	const size_t before = parser->rest.len;

	while (parser->rest.len > 0 && lexical_is_blank(parser->rest.ptr[0]))
		take(parser, 1);
	return parser->rest.len != before;
}

static bool take_if(struct parser *parser, const char *token)
{
	if (!text_starts_with(parser->rest, text_of(token)))
		return false;
	take(parser, strlen(token));
	return true;
}

static bool next_word_is(const struct parser *parser, const char *word)
{
	return text_is(text_until(parser->rest, lexical_identifier(parser->rest)), word);
}

static bool is_keyword(struct text word)
{
	return text_is(word, "and") || text_is(word, "or") || text_is(word, "not");
}

static struct condition *new_condition(struct parser *parser, enum condition_kind kind,
				       size_t offset)
{
	struct condition *condition = ARENA_NEW(parser->arena, struct condition);

	condition->kind = kind;
	condition->offset = (uint32_t)offset;
	condition->source = parser->source;
	return condition;
}

static struct operand *new_operand(struct parser *parser, enum operand_kind kind, struct text text)
{
	struct operand *operand = ARENA_NEW(parser->arena, struct operand);

	operand->kind = kind;
	operand->offset = (uint32_t)offset_of(parser);
	operand->text = text;
	return operand;
}

struct items { /* pointers collected while their number is unknown */
	struct buffer bytes;
};

static void add_item(struct items *items, void *item)
{
	buffer_add(&items->bytes, &item, sizeof(item));
}

static void *keep_items(struct parser *parser, struct items *items, size_t *count)
{
	void **kept = ARENA_ARRAY(parser->arena, items->bytes.len / sizeof(void *) + 1, void *);

	*count = items->bytes.len / sizeof(void *);
	if (*count > 0)
		memcpy(kept, items->bytes.data, items->bytes.len);
	buffer_done(&items->bytes);
	return kept;
}

/* --- strings -----------------------------------------------------------------------------------
 */

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

	take(parser, 1);
	while (parser->rest.len > 0 && parser->rest.ptr[0] != quote) {
		if (parser->rest.ptr[0] != '\\') {
			text[len++] = take(parser, 1).ptr[0];
			continue;
		}

		const int c = parser->rest.len > 1 ? unescape(parser->rest.ptr[1]) : 0;

		if (c < 0) {
			fail(parser,
			     "unknown escape '\\%c' in a string; \\b \\f \\n \\r \\t \\\\ \\/ \\\" "
			     "\\' are known",
			     parser->rest.ptr[1]);
			return false;
		}
		if (parser->rest.len > 1)
			text[len++] = (char)c;
		take(parser, MIN_OF(parser->rest.len, (size_t)2));
	}
	if (parser->rest.len == 0) {
		parser->rest = whole;
		fail(parser, "the string that starts with %c does not end", quote);
		return false;
	}
	take(parser, 1);
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
	char next[40];

	if (at_quote(parser))
		return parse_quoted(parser, &operand->text) ? operand : NULL;

	const size_t len = lexical_bare(parser->rest);

	if (len == 0)
		return fail(parser, "expected a string before %s", describe_next(parser, next));
	operand->text = take(parser, len);
	return operand;
}

/* --- operands ----------------------------------------------------------------------------------
 */

static bool parse_argument(struct parser *parser, struct operand *operand)
{
	if (!take_if(parser, "["))
		return true;
	operand->has_argument = true;
	if (at_quote(parser)) {
		if (!parse_quoted(parser, &operand->argument))
			return false;
	} else {
		operand->argument = take(parser, lexical_bare_argument(parser->rest));
		if (operand->argument.len == 0) {
			fail(parser, "expected an argument after '[': a word or a quoted string");
			return false;
		}
	}
	if (!take_if(parser, "]")) {
		fail(parser, "expected ']' after the field's argument");
		return false;
	}
	return true;
}

static struct operand *parse_field(struct parser *parser)
{
	struct operand *operand = new_operand(parser, OPERAND_FIELD, TEXT(""));

	operand->text = take(parser, lexical_field_name(parser->rest));
	return parse_argument(parser, operand) ? operand : NULL;
}

/* The name before a '(' that touches it: that of a transformer, or val. */
static struct text peek_call(const struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	const struct text name = text_until(parser->rest, len);

	if (len == 0 || len >= parser->rest.len || parser->rest.ptr[len] != '(')
		return (struct text){ NULL, 0 };
	if (!transformer_exists(name) && !text_is(name, "val"))
		return (struct text){ NULL, 0 };
	return name;
}

static struct operand *parse_list(struct parser *parser)
{
	struct operand *list = new_operand(parser, OPERAND_LIST, TEXT(""));
	struct items items = { 0 };
	char next[40];

	take_if(parser, "(");
	skip_blanks(parser);
	while (parser->rest.len > 0 && parser->rest.ptr[0] != ')') {
		struct operand *item = parse_string(parser);

		if (item == NULL) {
			buffer_done(&items.bytes);
			return NULL;
		}
		add_item(&items, item);
		skip_blanks(parser);
		if (!take_if(parser, ","))
			break;
		skip_blanks(parser);
		if (parser->rest.len > 0 && parser->rest.ptr[0] == ')') {
			buffer_done(&items.bytes);
			return fail(parser, "expected a string after ','");
		}
	}
	list->items = keep_items(parser, &items, &list->count);
	if (!take_if(parser, ")"))
		return fail(parser, "expected ',' or ')' in the list before %s",
			    describe_next(parser, next));
	return list;
}

/* One thing between a transformer's parentheses. */
static struct operand *parse_call_item(struct parser *parser)
{
	const struct text call = peek_call(parser);

	if (call.ptr != NULL && !text_is(call, "val"))
		return parse_transformed(parser, call);
	if (parser->rest.len > 0 && parser->rest.ptr[0] == '(')
		return parse_list(parser);
	if (lexical_field_name(parser->rest) > 0)
		return parse_field(parser);
	return parse_string(parser);
}

static bool parse_call_items(struct parser *parser, struct operand *operand)
{
	struct items items = { 0 };
	struct operand *item;

	do {
		skip_blanks(parser);
		item = parse_call_item(parser);
		if (item != NULL)
			add_item(&items, item);
		skip_blanks(parser);
	} while (item != NULL && take_if(parser, ","));
	operand->items = keep_items(parser, &items, &operand->count);
	if (item == NULL)
		return false;
	if (!take_if(parser, ")")) {
		fail(parser, "expected ')' after the arguments of %.*s", TEXT_ARGS(operand->text));
		return false;
	}
	return true;
}

static struct operand *parse_transformed(struct parser *parser, struct text name)
{
	const bool is_val = text_is(name, "val");
	struct operand *operand =
		new_operand(parser, is_val ? OPERAND_VALUE_OF : OPERAND_TRANSFORMED, name);

	if (!enter(parser))
		return NULL;
	take(parser, name.len + 1);
	if (!parse_call_items(parser, operand))
		return NULL;
	if (is_val && (operand->count != 1 || operand->items[0]->kind != OPERAND_FIELD))
		return fail(parser, "val() takes one field");
	if (!parse_argument(parser, operand))
		return NULL;
	parser->depth--;
	return operand;
}

/* --- checks ------------------------------------------------------------------------------------
 */

static struct operand *parse_number(struct parser *parser)
{
	struct operand *operand = new_operand(parser, OPERAND_TEXT, TEXT(""));
	char next[40];

	operand->text = take(parser, lexical_number(parser->rest));
	if (operand->text.len == 0)
		return fail(parser, "expected a number before %s", describe_next(parser, next));
	return operand;
}

static struct operand *parse_list_or_name(struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	char next[40];

	if (parser->rest.len > 0 && parser->rest.ptr[0] == '(')
		return parse_list(parser);
	if (len == 0 || is_keyword(text_until(parser->rest, len)))
		return fail(parser, "expected a list in parentheses or a list's name before %s",
			    describe_next(parser, next));

	struct operand *name = new_operand(parser, OPERAND_TEXT, TEXT(""));

	name->text = take(parser, len);
	return name;
}

static struct operand *parse_value(struct parser *parser, enum operator op)
{
	const struct text call = peek_call(parser);

	if (call.ptr != NULL)
		return parse_transformed(parser, call);
	switch (operator_table[op].takes) {
	case OPERATOR_TAKES_NUMBER:
		return parse_number(parser);
	case OPERATOR_TAKES_LIST:
		return parse_list_or_name(parser);
	default:
		return parse_string(parser);
	}
}

/* A quantifier is one only before a list or the name of one: `= oneof and ...` compares a word. */
static enum quantifier parse_quantifier(struct parser *parser)
{
	size_t len;
	const enum quantifier quantifier = quantifier_lex(parser->rest, &len);
	struct parser after = *parser;

	if (quantifier == QUANTIFIER_NONE)
		return QUANTIFIER_NONE;
	take(&after, len);
	skip_blanks(&after);

	const size_t name = lexical_identifier(after.rest);
	const bool list = after.rest.len > 0 && after.rest.ptr[0] == '(';

	if (!list && (name == 0 || is_keyword(text_until(after.rest, name))))
		return QUANTIFIER_NONE;
	parser->rest = after.rest;
	return quantifier;
}

static struct condition *parse_comparison(struct parser *parser, struct operand *left)
{
	struct condition *check = new_condition(parser, CONDITION_CHECK, left->offset);
	char next[40];
	size_t len;

	skip_blanks(parser);
	check->left = left;
	check->op = operator_lex(parser->rest, &len);
	if (check->op == OPERATOR_NONE)
		return fail(parser,
			    "expected an operator before %s: exists, <, <=, >, >=, =, !=, glob, "
			    "iglob, contains, "
			    "icontains, bcontains, startswith, bstartswith, endswith, regex, in, "
			    "intersects or "
			    "pmatch",
			    describe_next(parser, next));
	take(parser, len);
	if (check->op == OPERATOR_EXISTS)
		return check;
	skip_blanks(parser);
	if (operator_table[check->op].takes == OPERATOR_TAKES_TEXT)
		check->quantifier = parse_quantifier(parser);
	check->right = check->quantifier != QUANTIFIER_NONE ? parse_list_or_name(parser)
							    : parse_value(parser, check->op);
	return check->right != NULL ? check : NULL;
}

static struct condition *parse_parenthesised(struct parser *parser)
{
	if (!enter(parser))
		return NULL;

	struct condition *inner = parse_or(parser);
	char next[40];

	if (inner == NULL)
		return NULL;
	skip_blanks(parser);
	if (!take_if(parser, ")"))
		return fail(parser, "expected 'and', 'or' or ')' before %s",
			    describe_next(parser, next));
	parser->depth--;
	return inner;
}

static struct condition *parse_macro(struct parser *parser)
{
	const size_t len = lexical_identifier(parser->rest);
	char next[40];

	if (len == 0 || is_keyword(text_until(parser->rest, len)))
		return fail(parser, "expected a field, a macro or '(' before %s",
			    describe_next(parser, next));

	struct condition *macro = new_condition(parser, CONDITION_MACRO, offset_of(parser));

	macro->macro = take(parser, len);
	return macro;
}

static struct condition *parse_check(struct parser *parser)
{
	struct condition *check = NULL;
	struct operand *left = NULL;

	if (!enter(parser))
		return NULL;
	skip_blanks(parser);

	const struct text call = peek_call(parser);

	if (take_if(parser, "(")) {
		check = parse_parenthesised(parser);
	} else if (call.ptr != NULL && !text_is(call, "val")) {
		left = parse_transformed(parser, call);
		check = left != NULL ? parse_comparison(parser, left) : NULL;
	} else if (lexical_field_name(parser->rest) > 0) {
		left = parse_field(parser);
		check = left != NULL ? parse_comparison(parser, left) : NULL;
	} else {
		check = parse_macro(parser);
	}
	parser->depth--;
	return check;
}

/* --- and, or, not ------------------------------------------------------------------------------
 */

/* The keyword, if it comes next: a blank or '(' must follow it. */
static bool take_keyword(struct parser *parser, const char *keyword)
{
	const size_t len = strlen(keyword);

	if (!next_word_is(parser, keyword) || len >= parser->rest.len
	    || (parser->rest.ptr[len] != '(' && !lexical_is_blank(parser->rest.ptr[len])))
		return false;
	take(parser, len);
	skip_blanks(parser);
	return true;
}

static struct condition *parse_not(struct parser *parser)
{
	bool negated = false;

	if (!enter(parser))
		return NULL;
	skip_blanks(parser);

	const size_t offset = offset_of(parser);

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
	struct condition *(*const parse_child)(struct parser *) =
		kind == CONDITION_OR ? NULL : parse_not;
	const char *keyword = kind == CONDITION_OR ? "or" : "and";
	struct items items = { 0 };
	struct condition *child;

	if (!enter(parser))
		return NULL;
	skip_blanks(parser);

	struct condition *chain = new_condition(parser, kind, offset_of(parser));

	do {
		child = parse_child != NULL ? parse_child(parser)
					    : parse_chain(parser, CONDITION_AND);
		if (child != NULL)
			add_item(&items, child);
		skip_blanks(parser);
	} while (child != NULL && take_keyword(parser, keyword));
	parser->depth--;
	chain->children = keep_items(parser, &items, &chain->count);
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
	char next[40];

	skip_blanks(&parser);
	if (parser.rest.len == 0) {
		fail(&parser, "the condition is empty");
		return -EINVAL;
	}

	struct condition *condition = parse_or(&parser);

	if (condition == NULL)
		return -EINVAL;
	skip_blanks(&parser);
	if (parser.rest.len > 0) {
		fail(&parser, "expected 'and' or 'or' before %s", describe_next(&parser, next));
		return -EINVAL;
	}
	*out = condition;
	return 0;
}
