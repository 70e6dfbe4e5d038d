/* SPDX-License-Identifier: Apache-2.0 */
/* Each check's own example fires and its counterpart does not; each check explains itself. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const file_names[] = {
	[ARTIFACT_DOCKERFILE] = "Dockerfile",
	[ARTIFACT_MANIFEST] = "pod.yaml",
	[ARTIFACT_NGINX] = "nginx.conf",
	[ARTIFACT_COMPOSE] = "compose.yaml",
	[ARTIFACT_FALCO] = "rules.yaml",
};

static size_t count_findings(const struct check *check, const char *text)
{
	const enum artifact artifact = check_family(check)->artifact;
	const char *const only[] = { check->id, NULL };
	const struct check_options options = { .only = only };
	struct check_run run;
	struct error err = { 0 };
	size_t count = 0;

	check_run_init(&run);
	assert_int_equal(
		0, check_text(&run, &options, file_names[artifact], text_of(text), artifact, &err));
	for (size_t i = 0; i < run.findings.count; i++)
		count += run.findings.items[i].check == check;
	check_run_done(&run);
	return count;
}

static void check_example(void **state)
{
	const struct check *check = *state;

	assert_true(check->title != NULL && check->why != NULL && check->mend != NULL);
	if (check->bad == NULL)
		return;
	if (count_findings(check, check->bad) == 0)
		fail_msg("%s does not fire on its example", check->id);
	if (count_findings(check, check->good) != 0)
		fail_msg("%s fires on what it calls good", check->id);
}

static void check_ids_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; families[i] != NULL; i++) {
		for (size_t j = 0; j < families[i]->count; j++) {
			const struct check *check = &families[i]->checks[j];

			assert_ptr_equal(check, check_find(text_of(check->id)));
			assert_ptr_equal(check, check_find(text_of(check->name)));
			assert_ptr_equal(families[i], check_family(check));
		}
	}
}

int main(void)
{
	static struct CMUnitTest tests[1024];
	size_t count = 0;

	tests[count++] = (struct CMUnitTest)cmocka_unit_test(check_ids_are_unique);
	for (size_t i = 0; families[i] != NULL; i++)
		for (size_t j = 0; j < families[i]->count && count < COUNT_OF(tests); j++)
			tests[count++] = (struct CMUnitTest){
				.name = families[i]->checks[j].id,
				.test_func = check_example,
				.initial_state = (void *)&families[i]->checks[j],
			};
	return _cmocka_run_group_tests("check examples", tests, count, NULL, NULL);
}
