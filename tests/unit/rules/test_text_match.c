/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/text_match.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Patterns and texts of few letters, so that they often match. */
static void random_word(char *out, size_t max, const char *letters)
{
	const size_t len = random_below(max);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[random_below(strlen(letters))];
	out[len] = '\0';
}

static void globs_as_fnmatch(void **state)
{
	char pattern[16], text[16];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		random_word(pattern, sizeof(pattern), "ab*?\\/AB");
		random_word(text, sizeof(text), "ab/A");

		const bool want = fnmatch(pattern, text, 0) == 0;
		const bool want_nocase = fnmatch(pattern, text, FNM_CASEFOLD) == 0;

		if (glob_match(text_of(pattern), text_of(text), false) != want
		    || glob_match(text_of(pattern), text_of(text), true) != want_nocase)
			fail_msg("glob '%s' of '%s'", pattern, text);
	}
}

static void sets_as_fnmatch(void **state)
{
	static const char *const patterns[] = {
		"[ab]", "[!ab]",        "[a-c]x", "[]a]", "[!]a]",  "[a",    "[[:alpha:]]",
		"[a-]", "[[:digit:]b]", "[\\]]",  "[^a]", "[a-c-]", "*[b]*", "[[:upper:]-z]",
	};
	char text[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		for (int k = 0; k < 2000; k++) {
			random_word(text, sizeof(text), "abcdx-]^[A1");
			if (glob_match(text_of(patterns[i]), text_of(text), false)
			    != (fnmatch(patterns[i], text, 0) == 0))
				fail_msg("glob '%s' of '%s'", patterns[i], text);
		}
	}
}

static void many_stars_take_no_time(void **state)
{
	char pattern[200];
	char text[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	memset(text, 'a', sizeof(text));
	assert_false(glob_match((struct text){ pattern, sizeof(pattern) },
				(struct text){ text, 50 }, false));
	pattern[sizeof(pattern) - 1] = 'b';
	assert_false(glob_match((struct text){ pattern, sizeof(pattern) },
				(struct text){ text, sizeof(text) }, false));
}

static void sets_have_what_was_put_in(void **state)
{
	AUTO_ARENA struct arena arena;
	struct text items[500];
	struct text_set set;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = text_of(
			arena_printf(&arena, "%zu%.*s", i, (int)(i % 20), "aaaaaaaaaaaaaaaaaaaa"));
	text_set_init(&set, &arena, items, COUNT_OF(items));
	for (size_t i = 0; i < COUNT_OF(items); i++)
		assert_true(text_set_has(&set, items[i]));
	assert_false(text_set_has(&set, TEXT("no")));
	assert_false(text_set_has(&set, TEXT("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_as_fnmatch),
		cmocka_unit_test(sets_as_fnmatch),
		cmocka_unit_test(many_stars_take_no_time),
		cmocka_unit_test(sets_have_what_was_put_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
