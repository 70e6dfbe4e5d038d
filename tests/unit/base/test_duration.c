/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct duration_case {
	const char *text;
	uint64_t ns;
	const char *shown; /* NULL: no duration */
} rows[] = {
	{ "0", 0, "0ms" },
	{ "0s", 0, "0ms" },
	{ "1ns", 1, "0.000001ms" },
	{ "1us", 1000, "0.001ms" },
	{ "1\xc2\xb5s", 1000, "0.001ms" },
	{ "250ms", 250000000, "250ms" },
	{ "1s", 1000000000, "1s" },
	{ "1.5s", 1500000000, "1.5s" },
	{ ".5s", 500000000, "500ms" },
	{ "1.s", 1000000000, "1s" },
	{ "90s", 90000000000, "1m30s" },
	{ "1h30m", 5400000000000, "1h30m" },
	{ "1h0m0s", 3600000000000, "1h" },
	{ "1h0.5s", 3600500000000, "1h0.5s" },
	{ "24h", 86400000000000, "24h" },
	{ "1m1m", 120000000000, "2m" },
	{ "59.999999999s", 59999999999, "59.999999999s" },
	{ "2562047h47m16.854775807s", INT64_MAX, "2562047h47m16.854775807s" },

	{ "", 0, NULL },
	{ "1", 0, NULL },
	{ "s", 0, NULL },
	{ ".s", 0, NULL },
	{ "-1s", 0, NULL },
	{ "+1s", 0, NULL },
	{ "1 s", 0, NULL },
	{ "1S", 0, NULL },
	{ "1d", 0, NULL },
	{ "1s ", 0, NULL },
	{ "1e3s", 0, NULL },
	{ "1s5", 0, NULL },
	{ "2562047h47m16.854775808s", 0, NULL },
	{ "9999999999999999999999s", 0, NULL },
};

static void check_row(void **state)
{
	const struct duration_case *row = *state;
	char shown[DURATION_TEXT_MAX];
	uint64_t ns = 0;

	assert_int_equal(duration_parse(text_of(row->text), &ns), row->shown != NULL);
	if (row->shown == NULL)
		return;
	assert_int_equal(ns, row->ns);
	assert_string_equal(duration_format(shown, ns), row->shown);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].text,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
