/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions mean what RE2 means by them, match whole texts, and never take long. */
#include "proxy/regex.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct match_case {
	const char *name, *pattern, *subject;
	bool want;
} matches[] = {
	{ "the whole text", "/a", "/a", true },
	{ "not a part at the end", "/a", "/ab", false },
	{ "not a part at the beginning", "/a", "x/a", false },
	{ "an alternative is whole, too", "a|bc", "b", false },
	{ "an alternative that is longer", "a|ab", "ab", true },
	{ "nothing matches nothing", "", "", true },
	{ "nothing matches not something", "", "a", false },
	{ "a class", "/v[0-9]+", "/v12", true },
	{ "a dot", "a.c", "abc", true },
	{ "a dot is no line end", "a.c", "a\nc", false },
	{ "the end is the end", "a$", "a\n", false },
	{ "case counts", "/A", "/a", false },
	{ "unless it is said not to", "(?i)/A", "/a", true },
	{ "a count", "[a-z]{2,3}", "abcd", false },
	{ "a group without capture", "(?:ab)+", "abab", true },
	{ "digits are ASCII", "\\d", "\xd9\xa3", false },
};

static const struct refused_case {
	const char *name, *pattern;
} refusals[] = {
	{ "a back reference", "(a)\\1" },
	{ "a look-ahead", "a(?=b)" },
	{ "a negative look-ahead", "a(?!b)" },
	{ "a look-behind", "(?<=a)b" },
	{ "an atomic group", "(?>a)b" },
	{ "a possessive count", "a++b" },
	{ "a recursion", "(?R)" },
	{ "a condition", "(?(1)a|b)" },
	{ "an open bracket", "[a" },
	{ "an open group", "(a" },
	{ "a count of nothing", "*a" },
};

static void check_match(void **state)
{
	const struct match_case *row = *state;
	struct regex *regex = NULL;
	struct error err = { 0 };

	assert_int_equal(regex_compile(text_of(row->pattern), &regex, &err), 0);
	assert_int_equal(regex_matches_all(regex, text_of(row->subject)), row->want);
	regex_free(regex);
}

static void check_refusal(void **state)
{
	const struct refused_case *row = *state;
	struct regex *regex = NULL;
	struct error err = { 0 };

	assert_int_equal(regex_compile(text_of(row->pattern), &regex, &err), -EINVAL);
	assert_null(regex);
	assert_true(strlen(err.text) > 0);
}

static void groups_are_put_in(void **state)
{
	struct regex *regex = NULL;
	AUTO_BUFFER struct buffer out = { 0 };

	(void)state;
	assert_int_equal(regex_compile(TEXT("/a/([^/]+)/(.*)"), &regex, NULL), 0);
	assert_true(regex_replace(regex, TEXT("/a/b/c"), TEXT("/\\2/\\1"), &out));
	assert_string_equal(out.data, "/c/b");
	assert_false(regex_replace(regex, TEXT("/x"), TEXT("/"), &out));
	regex_free(regex);
}

/* Backtracking would take longer than anybody waits. */
static void a_pattern_that_explodes_is_cut_off(void **state)
{
	char subject[64];
	struct regex *regex = NULL;

	(void)state;
	memset(subject, 'a', sizeof(subject));
	assert_int_equal(regex_compile(TEXT("(a+)+b"), &regex, NULL), 0);
	assert_false(regex_matches_all(regex, (struct text){ subject, sizeof(subject) }));
	regex_free(regex);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(matches) + COUNT_OF(refusals) + 2] = {
		cmocka_unit_test(groups_are_put_in),
		cmocka_unit_test(a_pattern_that_explodes_is_cut_off),
	};
	size_t count = 2;

	for (size_t i = 0; i < COUNT_OF(matches); i++)
		tests[count++] = (struct CMUnitTest){ .name = matches[i].name,
						      .test_func = check_match,
						      .initial_state = (void *)&matches[i] };
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		tests[count++] = (struct CMUnitTest){ .name = refusals[i].name,
						      .test_func = check_refusal,
						      .initial_state = (void *)&refusals[i] };
	return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
