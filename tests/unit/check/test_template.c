/* SPDX-License-Identifier: Apache-2.0 */
/* What init writes passes every check there is. */
#include "check/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check_template(void **state)
{
	const struct template *template = *state;
	const struct template_values values = { "shop", "store",
						"registry.example.com/shop:1@sha256:00", "8080" };
	const struct check_options options = { 0 };
	AUTO_BUFFER struct buffer text = { 0 };
	struct check_run run;

	template_write(template, &values, &text);
	assert_null(strstr(text.data, "@NAME@"));
	assert_null(strstr(text.data, "@PORT@"));
	if (template->artifact == ARTIFACT_UNKNOWN)
		return;
	assert_int_equal(template->artifact, artifact_detect(template->file, buffer_text(&text)));
	check_run_init(&run);
	assert_int_equal(0, check_text(&run, &options, template->file, buffer_text(&text),
				       template->artifact, NULL));
	for (size_t i = 0; i < run.findings.count; i++)
		print_message("%u: %s %s\n", run.findings.items[i].at.line,
			      run.findings.items[i].check->id, run.findings.items[i].message);
	assert_int_equal(0, run.findings.count);
	check_run_done(&run);
}

int main(void)
{
	static struct CMUnitTest tests[16];
	size_t count = 0;

	for (const struct template *template = templates; template->kind != NULL; template ++)
		tests[count++] = (struct CMUnitTest){ .name = template->kind,
						      .test_func = check_template,
						      .initial_state = (void *)template };
	return _cmocka_run_group_tests("templates", tests, count, NULL, NULL);
}
