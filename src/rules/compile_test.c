/* SPDX-License-Identifier: Apache-2.0 */
/* compile_test.c — a check becomes a test: operator, type and constants must fit the field. */
#include "rules/program.h"

#include "rules/event_type.h"
#include "rules/lexical.h"

#include <errno.h>
#include <stdlib.h>

#define SET_LEAST 4 /* below this, comparing one by one is as fast as a set */

static const char *type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_TEXT] = "text",          [FIELD_NUMBER] = "a number",
		[FIELD_BOOL] = "true or false", [FIELD_ADDRESS] = "an address",
		[FIELD_NETWORK] = "a network",  [FIELD_BYTES] = "bytes",
		[FIELD_ANY] = "text",
	};

	return names[type];
}

static bool operator_fits(enum operator op, enum field_type type)
{
	const struct operator_row *row = &operator_table[op];

	switch (type) {
	case FIELD_NUMBER:
		return row->numbers;
	case FIELD_BOOL:
		return row->numbers && row->takes != OPERATOR_TAKES_NUMBER;
	case FIELD_ADDRESS:
	case FIELD_NETWORK:
		return row->addresses;
	case FIELD_BYTES:
		return row->bytes;
	default:
		return row->texts;
	}
}

/* --- constants --------------------------------------------------------------------------- */

struct constants {
	const struct operand *const *items;
	size_t count;
};

static bool parse_integer(struct text text, int64_t *out)
{
	char copy[64];
	char *end;

	if (text.len == 0 || text.len >= sizeof(copy) || lexical_number(text) != text.len)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	errno = 0;
	*out = strtoll(copy, &end, lexical_is_letter(copy[1]) ? 16 : 10);
	if (*end == '\0')
		return errno == 0;

	const double real = strtod(copy, &end); /* "1.5e+3" */

	if (*end != '\0' || real < -9e18 || real > 9e18)
		return false;
	*out = (int64_t)real;
	return true;
}

static int compile_numbers(struct program_builder *builder, const struct condition *check,
			   struct constants constants, struct test *test, struct compile_error *err)
{
	int64_t *numbers = ARENA_ARRAY(builder->arena, constants.count + 1, int64_t);

	for (size_t i = 0; i < constants.count; i++) {
		const struct text text = constants.items[i]->text;
		const bool is_true = text_equal_nocase(text, TEXT("true"));
		const bool is_bool = is_true || text_equal_nocase(text, TEXT("false"));

		if (test->type == FIELD_BOOL ? !is_bool : !parse_integer(text, &numbers[i]))
			return compile_fail(check, constants.items[i], err,
					    "'%.*s' is not %s, which the field holds",
					    TEXT_ARGS(text), type_name(test->type));
		if (test->type == FIELD_BOOL)
			numbers[i] = is_true;
	}
	test->numbers = numbers;
	return 0;
}

static int compile_ranges(struct program_builder *builder, const struct condition *check,
			  struct constants constants, struct test *test, struct compile_error *err)
{
	struct ip_range *ranges = ARENA_ARRAY(builder->arena, constants.count + 1, struct ip_range);

	for (size_t i = 0; i < constants.count; i++)
		if (!ip_range_parse(constants.items[i]->text, &ranges[i]))
			return compile_fail(
				check, constants.items[i], err,
				"'%.*s' is no address such as 10.0.0.1 and no network such as "
				"10.0.0.0/8",
				TEXT_ARGS(constants.items[i]->text));
	test->ranges = ranges;
	return 0;
}

/* "^(?:P)$": RE2's full match. That P stands alone first keeps its parentheses inside ours. */
static int compile_pattern(struct program_builder *builder, const struct condition *check,
			   const struct operand *item, hs_database_t **out,
			   struct compile_error *err)
{
	const unsigned flags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
	char *pattern = arena_strndup(builder->arena, item->text.ptr, item->text.len);
	char *anchored = arena_printf(builder->arena, "\\A(?:%s)\\z", pattern);
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;
	int result = 0;

	if (strlen(pattern) != item->text.len
	    || hs_expression_info(pattern, flags, &info, &why) != HS_SUCCESS
	    || hs_compile(anchored, flags, HS_MODE_BLOCK, NULL, out, &why) != HS_SUCCESS)
		result = compile_fail(check, item, err, "'%s' is no valid regular expression: %s",
				      pattern, why != NULL ? why->message : "it has a NUL byte");
	free(info); /* vectorscan's allocator is malloc */
	if (why != NULL)
		hs_free_compile_error(why);
	return result;
}

static int compile_patterns(struct program_builder *builder, const struct condition *check,
			    struct constants constants, struct test *test,
			    struct compile_error *err)
{
	hs_database_t **patterns =
		ARENA_ARRAY(builder->arena, constants.count + 1, hs_database_t *);

	for (size_t i = 0; i < constants.count; i++) {
		if (compile_pattern(builder, check, constants.items[i], &patterns[i], err) != 0)
			return -EINVAL;
		buffer_add(&builder->databases, &patterns[i], sizeof(void *));
	}
	test->patterns = patterns;
	return 0;
}

/* A constant that is spelt like a field is most often a forgotten val(). */
static void warn_of_field(struct program_builder *builder, const struct condition *check,
			  const struct operand *item)
{
	struct field_use use;

	if (field_lex(item->text, &use) == item->text.len && item->text.len > 0)
		report_issue(
			builder->report, LOAD_COMPILE_CONDITION,
			condition_locate(check->source, item->offset),
			"'%.*s' is compared as a string, but is also the name of a field; for its "
			"value write val(%.*s)",
			TEXT_ARGS(item->text), TEXT_ARGS(item->text));
}

static int compile_texts(struct program_builder *builder, const struct condition *check,
			 struct constants constants, struct test *test, struct compile_error *err)
{
	struct text *texts = ARENA_ARRAY(builder->arena, constants.count + 1, struct text);
	const bool hex = test->op == OPERATOR_BCONTAINS || test->op == OPERATOR_BSTARTSWITH;

	for (size_t i = 0; i < constants.count; i++) {
		const struct operand *item = constants.items[i];

		texts[i] = item->text;
		warn_of_field(builder, check, item);
		if (hex && !hex_decode(builder->arena, item->text, &texts[i]))
			return compile_fail(
				check, item, err,
				"%s takes bytes in hexadecimal, such as cafe01, not '%.*s'",
				operator_table[test->op].name, TEXT_ARGS(item->text));
	}
	test->texts = texts;
	if (constants.count >= SET_LEAST && test->quantifier == QUANTIFIER_NONE
	    && (test->op == OPERATOR_IN || test->op == OPERATOR_INTERSECTS))
		text_set_init(&test->set, builder->arena, texts, constants.count);
	return 0;
}

static enum quick quick_of(const struct test *test)
{
	if (test->type != FIELD_TEXT || test->other != NO_SUBJECT
	    || test->quantifier != QUANTIFIER_NONE)
		return QUICK_NONE;
	if (test->set.slots != NULL)
		return QUICK_SET;
	if (test->count != 1 || test->texts == NULL || test->texts[0].len == 0)
		return QUICK_NONE;
	switch (test->op) {
	case OPERATOR_EQUAL:
	case OPERATOR_IN:
	case OPERATOR_INTERSECTS:
		return QUICK_EQUAL;
	case OPERATOR_STARTSWITH:
		return QUICK_STARTSWITH;
	case OPERATOR_ENDSWITH:
		return QUICK_ENDSWITH;
	default:
		return QUICK_NONE;
	}
}

static int check_event_types(const struct condition *check, struct constants constants,
			     const struct subject *subject, struct compile_error *err)
{
	const bool asks_type =
		subject->kind == SUBJECT_FIELD
		&& (subject->use.id == FIELD_EVT_TYPE || subject->use.id == FIELD_SYSCALL_TYPE);

	if (!asks_type
	    || (check->op != OPERATOR_EQUAL && check->op != OPERATOR_NOT_EQUAL
		&& check->op != OPERATOR_IN))
		return 0;
	for (size_t i = 0; i < constants.count; i++) {
		if (event_type_find(constants.items[i]->text) != EVENT_TYPE_UNKNOWN)
			continue;
		err->unknown = true;
		return compile_fail(check, constants.items[i], err, "unknown event type '%.*s'",
				    TEXT_ARGS(constants.items[i]->text));
	}
	return 0;
}

/* A raw argument is a number or text: what it is compared with decides. */
static enum field_type type_of_any(struct constants constants)
{
	int64_t number;

	for (size_t i = 0; i < constants.count; i++)
		if (!parse_integer(constants.items[i]->text, &number))
			return FIELD_TEXT;
	return constants.count > 0 ? FIELD_NUMBER : FIELD_TEXT;
}

static int compile_constants(struct program_builder *builder, const struct condition *check,
			     struct test *test, struct compile_error *err)
{
	const bool is_list = check->right->kind == OPERAND_LIST;
	const struct constants constants = {
		is_list ? (const struct operand *const *)check->right->items
			: (const struct operand *const *)&check->right,
		is_list ? check->right->count : 1,
	};

	if (check_event_types(check, constants, builder_subject(builder, test->subject), err) != 0)
		return -EINVAL;
	test->count = (uint32_t)constants.count;
	if (test->type == FIELD_ANY)
		test->type = type_of_any(constants);
	switch (test->type) {
	case FIELD_NUMBER:
	case FIELD_BOOL:
		return compile_numbers(builder, check, constants, test, err);
	case FIELD_ADDRESS:
	case FIELD_NETWORK:
		return compile_ranges(builder, check, constants, test, err);
	default:
		return test->op == OPERATOR_REGEX
			       ? compile_patterns(builder, check, constants, test, err)
			       : compile_texts(builder, check, constants, test, err);
	}
}

/* --- two subjects ------------------------------------------------------------------------ */

static bool is_textual(enum field_type type)
{
	return type == FIELD_TEXT || type == FIELD_BYTES || type == FIELD_ANY;
}

static bool types_compare(enum field_type a, enum field_type b)
{
	const bool addresses = (a == FIELD_ADDRESS || a == FIELD_NETWORK)
			       && (b == FIELD_ADDRESS || b == FIELD_NETWORK);

	return a == b || addresses || (is_textual(a) && is_textual(b));
}

static int compile_other(struct program_builder *builder, const struct condition *check,
			 struct test *test, struct compile_error *err)
{
	if (compile_subject(builder, check, check->right, &test->other, err) != 0)
		return -EINVAL;

	const struct subject *left = builder_subject(builder, test->subject);
	const struct subject *right = builder_subject(builder, test->other);

	if (!types_compare(left->type, right->type))
		return compile_fail(check, check->right, err, "%s on the left is compared with %s",
				    type_name(left->type), type_name(right->type));
	if (left->kind == SUBJECT_FIELD && left->use.id == FIELD_PROC_ANAME)
		return compile_fail(check, check->right, err,
				    "proc.aname is only compared with constants");
	if (test->op == OPERATOR_REGEX || test->op == OPERATOR_BCONTAINS
	    || test->op == OPERATOR_BSTARTSWITH)
		return compile_fail(check, check->right, err, "'%s' takes a constant on the right",
				    operator_table[test->op].name);
	return 0;
}

/* --- the whole --------------------------------------------------------------------------- */

int compile_test(struct program_builder *builder, const struct condition *check, uint32_t *out,
		 struct compile_error *err)
{
	AUTO_BUFFER struct buffer identity = { 0 };
	struct test test = { .other = NO_SUBJECT,
			     .op = check->op,
			     .quantifier = check->quantifier };
	int result = 0;

	if (compile_subject(builder, check, check->left, &test.subject, err) != 0)
		return -EINVAL;

	const struct subject subject = *builder_subject(builder, test.subject);

	test.type = subject.type;
	if (!operator_fits(test.op, test.type))
		return compile_fail(check, NULL, err, "operator '%s' does not compare %s",
				    operator_table[test.op].name, type_name(test.type));
	if (test.quantifier != QUANTIFIER_NONE && subject.many)
		return compile_fail(check, NULL, err, "%s takes a field with one value on its left",
				    quantifier_name(test.quantifier));
	test.every = subject.ends && test.op == OPERATOR_NOT_EQUAL;
	if (check->right != NULL)
		result = check->right->kind == OPERAND_TRANSFORMED
					 || check->right->kind == OPERAND_VALUE_OF
				 ? compile_other(builder, check, &test, err)
				 : compile_constants(builder, check, &test, err);
	if (result != 0)
		return result;
	test.quick = quick_of(&test);
	if (test.quick != QUICK_NONE && test.count == 1)
		test.constant = test.texts[0];
	condition_print(check, &identity);
	*out = builder_add(builder, &builder->tests, 'c', &test, sizeof(test),
			   buffer_text(&identity));
	return 0;
}
