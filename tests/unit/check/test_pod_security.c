/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' own pods with their verdicts: LEVEL/VERSION/{pass,fail}/NAME.yaml. */
#include "check/check.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t judge_file(const char *path, const struct check_options *options)
{
	struct check_run run;
	size_t count;

	check_run_init(&run);
	check_paths(&run, options, (const char *const[]){ path }, 1);
	assert_int_equal(0, run.problem_count);
	assert_int_equal(1, run.files);
	count = findings_counted(&run.findings, FINDING_STYLE);
	check_run_done(&run);
	return count;
}

static size_t judge_directory(const char *directory, const struct check_options *options,
			      bool passes)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	size_t judged = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		AUTO(mem_free_text) char *path = mem_printf("%s/%s", directory, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if ((judge_file(path, options) == 0) != passes)
			fail_msg("%s is judged wrongly", path);
		judged++;
	}
	if (dir != NULL)
		closedir(dir);
	return judged;
}

static size_t judge_level(const char *data, const char *level)
{
	size_t judged = 0;

	for (unsigned minor = 0; minor <= 40; minor++) {
		AUTO(mem_free_text) char *standard = mem_printf("%s:v1.%u", level, minor);
		AUTO(mem_free_text) char *pass = mem_printf("%s/%s/v1.%u/pass", data, level, minor);
		AUTO(mem_free_text) char *bad = mem_printf("%s/%s/v1.%u/fail", data, level, minor);
		struct check_options options = { .threads = 1 };
		struct error err;

		assert_int_equal(0, pod_security_parse(standard, &options.pod_security, &err));
		judged += judge_directory(pass, &options, true);
		judged += judge_directory(bad, &options, false);
	}
	return judged;
}

static void every_verdict_is_right(void **state)
{
	const char *shared = getenv("MANGROVE_SHARED");
	AUTO(mem_free_text)
	char *data = mem_printf("%s/data/pod-security", shared != NULL ? shared : "../shared");

	(void)state;
	if (!file_exists(data)) {
		print_message("%s is not there: skipped\n", data);
		skip();
	}
	assert_true(judge_level(data, "baseline") + judge_level(data, "restricted") > 1900);
}

static void standards_are_parsed_strictly(void **state)
{
	struct pod_security standard;
	struct error err;

	(void)state;
	assert_int_equal(0, pod_security_parse("restricted", &standard, &err));
	assert_int_equal(POD_SECURITY_RESTRICTED, standard.level);
	assert_int_equal(0, pod_security_parse("baseline:v1.99", &standard, &err));
	assert_int_equal(99, standard.minor);
	assert_int_not_equal(0, pod_security_parse("strict", &standard, &err));
	assert_string_equal("there is no level 'strict'; privileged, baseline and restricted are",
			    err.text);
	assert_int_not_equal(0, pod_security_parse("baseline:1.32", &standard, &err));
	assert_string_equal("'1.32' is no version; write latest or v1.32", err.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standards_are_parsed_strictly),
		cmocka_unit_test(every_verdict_is_right),
	};

	return cmocka_run_group_tests_name("pod security", tests, NULL, NULL);
}
