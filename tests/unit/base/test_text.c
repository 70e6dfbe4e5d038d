/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const fields[] = { "principals",     "namespaces", "ipBlocks",
				      "remoteIpBlocks", "to",         "when" };

static const struct guess_case {
	const char *name, *word, *guess;
} rows[] = {
	{ "a letter is missing", "princpals", "principals" },
	{ "a letter too many", "principalls", "principals" },
	{ "two letters swapped", "namepsaces", "namespaces" },
	{ "another case", "ipblocks", "ipBlocks" },
	{ "the word itself", "when", "when" },
	{ "the nearer of two", "remoteIpBlock", "remoteIpBlocks" },
	{ "a short word that is near", "two", "to" },
	{ "nothing alike", "certificate", NULL },
	{ "one letter is no hint", "x", NULL },
	{ "nothing", "", NULL },
	{ "longer than any field", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	  NULL },
};

static void check_guess(void **state)
{
	const struct guess_case *row = *state;
	const char *guess = text_closest(text_of(row->word), fields, COUNT_OF(fields));

	if (row->guess == NULL)
		assert_null(guess);
	else
		assert_string_equal(guess, row->guess);
}

static void text_is_compared_by_bytes_or_letters(void **state)
{
	(void)state;
	assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
	assert_false(text_equal(TEXT("a"), TEXT("A")));
	assert_true(text_equal_nocase(TEXT("Content-Length"), TEXT("content-length")));
	assert_false(text_equal_nocase(TEXT("[a"), TEXT("{a"))); /* 0x20 apart, no letters */
	assert_true(text_equal((struct text){ 0 }, TEXT("")));
	assert_true(text_equal_secret(TEXT("token"), TEXT("token")));
	assert_false(text_equal_secret(TEXT("token"), TEXT("tokem")));
	assert_false(text_equal_secret(TEXT("token"), TEXT("toke")));
}

static void parts_are_found(void **state)
{
	(void)state;
	assert_true(text_starts_with(TEXT("/api/v1"), TEXT("/api/")));
	assert_false(text_starts_with(TEXT("/api"), TEXT("/api/")));
	assert_true(text_ends_with(TEXT("a.svc.cluster.local"), TEXT(".local")));
	assert_false(text_ends_with(TEXT("local"), TEXT(".local")));
	assert_true(text_starts_with_nocase(TEXT("BEARER x"), TEXT("bearer ")));
	assert_true(text_ends_with_nocase(TEXT("Web.MESH"), TEXT(".mesh")));
	assert_true(text_contains(TEXT("gzip, br"), TEXT("br")));
	assert_true(text_contains((struct text){ 0 }, TEXT("")));
	assert_false(text_contains((struct text){ 0 }, TEXT("a")));
	assert_int_equal(text_find_char(TEXT("a=b=c"), '='), 1);
	assert_int_equal(text_find_last_char(TEXT("a=b=c"), '='), 3);
	assert_true(text_find_char(TEXT("abc"), '=') == TEXT_NONE);
	assert_true(text_find_last_char((struct text){ 0 }, '=') == TEXT_NONE);
}

static void blanks_are_trimmed_at_both_ends(void **state)
{
	(void)state;
	assert_true(text_is(text_trim(TEXT(" \t a b\t ")), "a b"));
	assert_true(text_is(text_trim(TEXT("  ")), ""));
	assert_true(text_is(text_trim(TEXT("a\n")), "a\n")); /* a line end is no blank */
}

static void splitting_sees_every_item(void **state)
{
	static const char *const items[] = { "a", "", "b", "" };
	struct text rest = TEXT("a,,b,");
	size_t count = 0;

	(void)state;
	while (rest.ptr != NULL) {
		assert_true(text_is(text_split(&rest, ','), items[count]));
		count++;
	}
	assert_int_equal(count, COUNT_OF(items));
}

static void numbers_are_digits_alone(void **state)
{
	static const char *const wrong[] = { "",
					     "-1",
					     "+1",
					     " 1",
					     "1 ",
					     "0x1",
					     "1a",
					     "18446744073709551616",
					     "99999999999999999999999" };
	uint64_t number = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(text_parse_number(text_of(wrong[i]), UINT64_MAX, &number));
	assert_false(text_parse_number(TEXT("65536"), 65535, &number));
	assert_int_equal(number, 7);
	assert_true(text_parse_number(TEXT("65535"), 65535, &number));
	assert_int_equal(number, 65535);
	assert_true(text_parse_number(TEXT("18446744073709551615"), UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 5] = {
		cmocka_unit_test(text_is_compared_by_bytes_or_letters),
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(blanks_are_trimmed_at_both_ends),
		cmocka_unit_test(splitting_sees_every_item),
		cmocka_unit_test(numbers_are_digits_alone),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[5 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_guess,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
