/* SPDX-License-Identifier: Apache-2.0 */
/* Ignores in the file, overrides, thresholds, the baseline. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_NS (INT64_C(86400) * 1000000000)

static const struct select_case {
	const char *name, *text;
	size_t counted;
} rows[] = {
	{ "nothing is ignored", "FROM debian\n", 1 },
	{ "on the line above", "# mangrove ignore=DL3006 we build daily\nFROM debian\n", 0 },
	{ "on the line itself", "FROM debian # mangrove ignore=DL3006\n", 0 },
	{ "by its name", "# mangrove ignore=untagged-image\nFROM debian\n", 0 },
	{ "by a beginning", "# mangrove ignore=DL30*\nFROM debian\n", 0 },
	{ "by comments between", "# mangrove ignore=DL3006\n# more\nFROM debian\n", 0 },
	{ "another check", "# mangrove ignore=DL3007\nFROM debian\n", 1 },
	{ "not two lines below", "# mangrove ignore=DL3006\nARG A=1\nFROM debian\n", 1 },
	{ "until a day to come", "# mangrove ignore=DL3006 until=1970-01-03 x\nFROM debian\n", 0 },
	{ "until today", "# mangrove ignore=DL3006 until=1970-01-02 x\nFROM debian\n", 0 },
	{ "until a day that is past", "# mangrove ignore=DL3006 until=1970-01-01 x\nFROM debian\n",
	  1 },
	{ "until no day", "# mangrove ignore=DL3006 until=soon x\nFROM debian\n", 1 },
};

static const char *const only[] = { "DL3006", NULL };

static size_t count(struct check_run *run, const struct check_options *options, const char *text)
{
	check_run_init(run);
	assert_int_equal(0, check_text(run, options, "Dockerfile", text_of(text),
				       ARTIFACT_DOCKERFILE, NULL));
	return findings_counted(&run->findings, FINDING_STYLE);
}

static void check_ignore(void **state)
{
	const struct select_case *row = *state;
	const struct check_options options = { .only = only, .now_ns = DAY_NS + 5 };
	struct check_run run;

	assert_int_equal(row->counted, count(&run, &options, row->text));
	check_run_done(&run);
}

static void overrides_change_severities(void **state)
{
	const struct override overrides[] = { { .selector = "DL3006", .severity = FINDING_STYLE } };
	const struct check_options options = { .only = only,
					       .overrides = overrides,
					       .override_count = 1 };
	struct check_run run;

	(void)state;
	assert_int_equal(1, count(&run, &options, "FROM debian\n"));
	assert_int_equal(0, findings_counted(&run.findings, FINDING_INFO));
	check_run_done(&run);
}

static void what_the_baseline_knows_does_not_count(void **state)
{
	const struct check_options options = { .only = only };
	char path[] = "/tmp/baseline-XXXXXX";
	const int fd = mkstemp(path);
	struct check_run run;
	struct error err;

	(void)state;
	close(fd);
	count(&run, &options, "FROM debian\n");
	assert_int_equal(0, baseline_write(&run.findings, path, &err));
	check_run_done(&run);
	count(&run, &options, "# moved\n\nFROM debian\nFROM ubuntu\n");
	assert_int_equal(0, baseline_apply(&run.findings, path, &err));
	assert_int_equal(1, findings_counted(&run.findings, FINDING_STYLE));
	check_run_done(&run);
	unlink(path);
	assert_int_not_equal(0, baseline_apply(&run.findings, path, &err));
}

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(rows) + 2];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_ignore,
						.initial_state = (void *)&rows[i] };
	tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(overrides_change_severities);
	tests[COUNT_OF(rows) + 1] =
		(struct CMUnitTest)cmocka_unit_test(what_the_baseline_knows_does_not_count);
	return _cmocka_run_group_tests("selection", tests, COUNT_OF(tests), NULL, NULL);
}
