/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* RFC 3629, section 4. */
static const struct utf8_case {
	const char *name;
	struct text input;
	bool valid;
} rows[] = {
	{ "nothing", { "", 0 }, true },
	{ "ASCII", { "a\0\x7f", 3 }, true },
	{ "the first of two bytes", { "\xc2\x80", 2 }, true },
	{ "the last of two bytes", { "\xdf\xbf", 2 }, true },
	{ "the first of three bytes", { "\xe0\xa0\x80", 3 }, true },
	{ "the last before the surrogates", { "\xed\x9f\xbf", 3 }, true },
	{ "the first after the surrogates", { "\xee\x80\x80", 3 }, true },
	{ "the first of four bytes", { "\xf0\x90\x80\x80", 4 }, true },
	{ "the last there is", { "\xf4\x8f\xbf\xbf", 4 }, true },

	{ "a continuation alone", { "\x80", 1 }, false },
	{ "overlong in two", { "\xc0\x80", 2 }, false },
	{ "overlong in two, the last", { "\xc1\xbf", 2 }, false },
	{ "overlong in three", { "\xe0\x9f\xbf", 3 }, false },
	{ "overlong in four", { "\xf0\x8f\xbf\xbf", 4 }, false },
	{ "the first surrogate", { "\xed\xa0\x80", 3 }, false },
	{ "the last surrogate", { "\xed\xbf\xbf", 3 }, false },
	{ "above the last", { "\xf4\x90\x80\x80", 4 }, false },
	{ "a lead byte of five", { "\xf8\x88\x80\x80\x80", 5 }, false },
	{ "0xff", { "\xff", 1 }, false },
	{ "two of three bytes", { "\xe2\x82", 2 }, false },
	{ "a letter within",
	  { "\xe2\x82"
	    "a",
	    3 },
	  false },
	{ "valid, then not", { "\xc3\xa9\xc3", 3 }, false },
};

static void check_row(void **state)
{
	const struct utf8_case *row = *state;

	assert_int_equal(text_is_utf8(row->input), row->valid);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
