/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/resource.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static int parse(const char *yaml, const struct value **document, struct error *err)
{
	const struct value_source source = { .file = "value.yaml", .bytes = text_of(yaml) };

	return value_parse(&arena, &source, NULL, NULL, document, err);
}

static const struct value *parse_one(const char *yaml)
{
	const struct value *document = NULL;
	struct error err = { 0 };

	if (parse(yaml, &document, &err) != 0)
		fail_msg("%s", err.text);
	return document;
}

static void assert_place(const struct value *value, unsigned line, unsigned column)
{
	assert_non_null(value);
	assert_int_equal(value->at.line, line);
	assert_int_equal(value->at.column, column);
}

static void every_node_knows_its_place(void **state)
{
	const char *yaml = "a: \"quoted\"\n"
			   "\xc3\xa9: \xc3\xbc x\n"
			   "list:\n"
			   "  - one\n"
			   "  - {two: 2, three: [3]}\n"
			   "block: |\n"
			   "  text\n"
			   "empty:\n";
	const struct value *document = parse_one(yaml);
	const struct value *list = value_get(document, "list");

	(void)state;
	assert_place(document, 1, 1);
	assert_place(value_get(document, "a"), 1, 4);
	assert_int_equal(value_get(document, "a")->start, 3);
	assert_int_equal(value_get(document, "a")->end, 11);
	assert_place(value_get(document, "\xc3\xa9"), 2, 4); /* columns count characters */
	assert_place(list, 4, 3);
	assert_place(list->first, 4, 5);
	assert_place(list->first->next, 5, 5);
	assert_place(value_find(document, "list")->first->next->first, 5, 11);
	assert_place(value_get(list->first->next, "three")->first, 5, 22);
	assert_place(value_get(document, "block"), 7, 1);
	assert_int_equal(value_get(document, "empty")->type, VALUE_NULL);
	assert_place(value_get(document, "empty"), 8, 1);
	assert_place(value_get(document, "empty")->key, 8, 1);
}

static void documents_follow_each_other(void **state)
{
	const struct value *first = parse_one("a: 1\n---\n# only a comment\n---\nb: 2\n...\n");

	(void)state;
	assert_non_null(value_get(first, "a"));
	while (first->next != NULL)
		first = first->next;
	assert_non_null(value_get(first, "b"));
}

static void aliases_stand_for_their_anchors(void **state)
{
	const struct value *document = parse_one("base: &base {x: 1, y: 2}\n"
						 "again: *base\n"
						 "merged:\n"
						 "  <<: *base\n"
						 "  y: 3\n");
	const struct value *merged = value_get(document, "merged");
	int64_t x, y;

	(void)state;
	assert_true(value_as_int(value_find(document, "again.x"), &x));
	assert_int_equal(x, 1);
	assert_int_equal(merged->count, 2);
	assert_true(value_as_int(value_get(merged, "x"), &x));
	assert_true(value_as_int(value_get(merged, "y"), &y));
	assert_int_equal(x, 1);
	assert_int_equal(y, 3); /* what stands there itself wins */
}

static void comments_are_found_above_a_line(void **state)
{
	const struct text source = TEXT("a: 1\n\n  # why\n  # this\nb: 2\n");
	const struct text comment = value_comment_above(source, 5);

	(void)state;
	assert_true(text_is(comment, "  # why\n  # this"));
	assert_null(value_comment_above(source, 2).ptr);
	assert_true(text_is(value_source_line(source, 5), "b: 2"));
	assert_null(value_source_line(source, 7).ptr);
}

static void a_copy_is_equal_and_its_own(void **state)
{
	const struct value *document = parse_one("a: {b: [1, 'x', null]}\n");
	AUTO_ARENA struct arena other;

	(void)state;
	arena_init(&other, 1024);

	const struct value *copy = value_copy(&other, document);

	assert_true(value_equal(document, copy));
	assert_ptr_not_equal(value_find(document, "a.b"), value_find(copy, "a.b"));
	assert_false(value_equal(document, parse_one("a: {b: [1, x, null]}\n")));
}

/* 9 levels of 9 aliases each stand for 387 million nodes. */
static void a_billion_laughs_meet_the_limit(void **state)
{
	AUTO_BUFFER struct buffer yaml = { 0 };
	const struct value *document;
	struct error err = { 0 };

	(void)state;
	buffer_add_text(&yaml, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		buffer_printf(&yaml, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			buffer_printf(&yaml, "%s*a%d", k > 0 ? ", " : "", i - 1);
		buffer_add_text(&yaml, "]\n");
	}
	assert_int_equal(parse(yaml.data, &document, &err), -EINVAL);
	assert_non_null(strstr(err.text, "too many values"));
	assert_true(arena_size(&arena) < 1 << 20);
}

static const struct problem_case {
	const char *name, *yaml, *text;
	unsigned line, column;
} problems[] = {
	{ "a key twice with another value", "a: 1\nb: 2\na: 3\n",
	  "'a' stands here a second time, with another value than in line 1; remove one", 3, 1 },
	{ "an unknown anchor", "a: *b\n", "nothing before this line is anchored as '&b'", 1, 5 },
	{ "an anchor inside itself", "a: &a [*a]\n", "nothing before this line is anchored as '&a'",
	  1, 9 },
	{ "a list as a key", "? [a, b]\n: c\n", "a key must be a single word or text", 1, 3 },
	{ "a tag of someone else", "a: !foo b\n",
	  "only the tags !!str, !!int, !!float, !!bool and !!null are understood", 1, 9 },
	{ "a NUL inside", "a: \"x\\0y\"\n", "a text may not hold a NUL character", 1, 4 },
	{ "merging a word", "a: 1\n<<: b\n",
	  "'<<' merges a mapping, usually '*name'; this is a text", 2, 5 },
	{ "no YAML", "a: b\n c: d\n", "not valid YAML: invalid multiline plain key", 1, 4 },
	{ "a tab", "a:\n\t- x\n", "not valid YAML: tab character may not be used as indentation", 2,
	  1 },
	{ "not UTF-8", "a: \xff\n", "not UTF-8 text", 1, 1 },
};

static void check_problem(void **state)
{
	const struct problem_case *row = *state;
	const struct value *document;
	struct error err = { 0 };

	arena_init(&arena, 4096);
	assert_int_equal(parse(row->yaml, &document, &err), -EINVAL);
	arena_done(&arena);
	assert_string_equal(err.text, row->text);
	assert_int_equal(err.at.line, row->line);
	assert_int_equal(err.at.column, row->column);
	assert_null(document);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest plain[] = {
		TEST(every_node_knows_its_place),      TEST(documents_follow_each_other),
		TEST(aliases_stand_for_their_anchors), TEST(comments_are_found_above_a_line),
		TEST(a_copy_is_equal_and_its_own),     TEST(a_billion_laughs_meet_the_limit),
	};
	struct CMUnitTest tests[COUNT_OF(plain) + COUNT_OF(problems)];

	memcpy(tests, plain, sizeof(plain));
	for (size_t i = 0; i < COUNT_OF(problems); i++)
		tests[COUNT_OF(plain) + i] =
			(struct CMUnitTest){ .name = problems[i].name,
					     .test_func = check_problem,
					     .initial_state = (void *)&problems[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
