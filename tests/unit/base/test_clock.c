/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* RFC 3339 as it is read and, in UTC with microseconds, shown. */
static const struct time_case {
	const char *name, *text;
	const char *shown; /* NULL: no time */
} rows[] = {
	{ "the epoch", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z" },
	{ "a fraction", "2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500000Z" },
	{ "more digits than nanoseconds", "2026-11-21T09:30:00.1234567891234Z",
	  "2026-11-21T09:30:00.123456Z" },
	{ "an offset to the east", "2026-11-21T09:30:00+05:30", "2026-11-21T04:00:00.000000Z" },
	{ "an offset to the west", "2026-11-21T23:30:00-01:00", "2026-11-22T00:30:00.000000Z" },
	{ "lower-case t and z", "2026-11-21t09:30:00z", "2026-11-21T09:30:00.000000Z" },
	{ "a leap day", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z" },
	{ "the last leap day of a century", "2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z" },
	{ "a leap second is the next second", "2016-12-31T23:59:60Z",
	  "2017-01-01T00:00:00.000000Z" },
	{ "before the epoch", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
	{ "the last time there is", "2262-04-11T23:47:16.854775Z", "2262-04-11T23:47:16.854775Z" },

	{ "no leap day in this year", "2023-02-29T12:00:00Z", NULL },
	{ "no leap day in a century", "1900-02-29T12:00:00Z", NULL },
	{ "beyond what 64 bits count", "2262-04-12T00:00:00Z", NULL },
	{ "empty", "", NULL },
	{ "no zone", "2026-11-21T09:30:00", NULL },
	{ "no seconds", "2026-11-21T09:30Z", NULL },
	{ "month 13", "2026-13-01T00:00:00Z", NULL },
	{ "month 0", "2026-00-01T00:00:00Z", NULL },
	{ "day 31 of April", "2026-04-31T00:00:00Z", NULL },
	{ "hour 24", "2026-11-21T24:00:00Z", NULL },
	{ "a point without digits", "2026-11-21T09:30:00.Z", NULL },
	{ "a blank for the T", "2026-11-21 09:30:00Z", NULL },
	{ "something after it", "2026-11-21T09:30:00Z ", NULL },
	{ "a sign", "+026-11-21T09:30:00Z", NULL },
};

static void check_row(void **state)
{
	const struct time_case *row = *state;
	char shown[CLOCK_TEXT_MAX];
	int64_t ns = 0;

	assert_int_equal(clock_parse_utc(text_of(row->text), &ns), row->shown != NULL);
	if (row->shown == NULL)
		return;
	assert_int_equal(clock_format_utc(shown, ns), strlen(row->shown));
	assert_string_equal(shown, row->shown);
}

static void any_moment_can_be_shown(void **state)
{
	char shown[CLOCK_TEXT_MAX];

	(void)state;
	clock_format_utc(shown, INT64_MIN);
	assert_string_equal(shown, "1677-09-21T00:12:43.145224Z");
	clock_format_utc(shown, INT64_MAX);
	assert_string_equal(shown, "2262-04-11T23:47:16.854775Z");
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
	uint64_t last = clock_monotonic_ns();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		const uint64_t now = clock_monotonic_ns();

		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 2] = {
		cmocka_unit_test(any_moment_can_be_shown),
		cmocka_unit_test(the_monotonic_clock_does_not_go_back),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[2 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
