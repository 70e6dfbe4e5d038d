/* SPDX-License-Identifier: Apache-2.0 */
/* Each check's own example fires and its counterpart does not; each check explains itself. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const file_names[] = {
	[ARTIFACT_DOCKERFILE] = "Dockerfile", [ARTIFACT_MANIFEST] = "pod.yaml",
	[ARTIFACT_NGINX] = "nginx.conf",      [ARTIFACT_COMPOSE] = "compose.yaml",
	[ARTIFACT_FALCO] = "rules.yaml",
};

/* What a check needs to be told before it can fire. */
static const struct context {
	const char *id;
	enum label_type label; /* of the one label "l" in the schema */
	bool has_label, is_baseline;
} contexts[] = {
	{ .id = "DL3049", .has_label = true },
	{ .id = "DL3050", .has_label = true },
	{ .id = "DL3051", .has_label = true },
	{ .id = "DL3052", .has_label = true, .label = LABEL_URL },
	{ .id = "DL3053", .has_label = true, .label = LABEL_RFC3339 },
	{ .id = "DL3054", .has_label = true, .label = LABEL_SPDX },
	{ .id = "DL3055", .has_label = true, .label = LABEL_HASH },
	{ .id = "DL3056", .has_label = true, .label = LABEL_SEMVER },
	{ .id = "DL3058", .has_label = true, .label = LABEL_EMAIL },
	/* restricted has stricter ones in their place */
	{ .id = "PS004", .is_baseline = true },
	{ .id = "PS005", .is_baseline = true },
	{ .id = "PS010", .is_baseline = true },
	{ .id = "PS011", .is_baseline = true },
};

static struct context context_of(const struct check *check)
{
	for (size_t i = 0; i < COUNT_OF(contexts); i++)
		if (strcmp(contexts[i].id, check->id) == 0)
			return contexts[i];
	return (struct context){ 0 };
}

static size_t count_findings(const struct check *check, const char *text)
{
	const enum artifact artifact = check_family(check)->artifact;
	const char *const only[] = { check->id, NULL };
	const struct context context = context_of(check);
	const struct label_rule label = { "l", context.label };
	const char *const registries[] = { "docker.io", NULL };
	const struct check_options options = {
		.only = only,
		.labels = &label,
		.label_count = context.has_label,
		.strict_labels = true,
		.trusted_registries = registries,
		.pod_security = { context.is_baseline ? POD_SECURITY_BASELINE : POD_SECURITY_NONE,
				  POD_SECURITY_LATEST },
	};
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
	if (check->bad == NULL) { /* a file cannot show it: the running host, another program */
		assert_true(check_family(check)->artifact == ARTIFACT_UNKNOWN
			    || check_family(check)->is_range);
		return;
	}
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
