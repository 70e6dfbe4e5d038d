/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/resource.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_line_is_quoted_with_a_caret(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO_BUFFER struct buffer out = { 0 };
	struct error err;

	(void)state;
	diagnostics_init(&found);
	error_at(&err, -EINVAL, (struct source_pos){ "mesh.yaml", 3, 6 }, "unknown field 'x'");
	diagnostics_add(&found, SEVERITY_ERROR, &err, TEXT("\t\xc3\xa9 a: x"));
	diagnostic_print(found.items[0], false, &out);
	assert_string_equal(out.data, "mesh.yaml:3:6: error: unknown field 'x'\n"
				      "    \t\xc3\xa9 a: x\n"
				      "    \t    ^\n");
}

static void a_terminal_sees_no_control_characters(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO_BUFFER struct buffer out = { 0 };
	struct error err;

	(void)state;
	diagnostics_init(&found);
	error_at(&err, -EINVAL, (struct source_pos){ "a", 1, 1 }, "no");
	diagnostics_add(&found, SEVERITY_WARNING, &err, TEXT("\033[2Jx"));
	diagnostic_print(found.items[0], false, &out);
	assert_string_equal(out.data, "a:1:1: warning: no\n    ?[2Jx\n    ^\n");
}

static void strictly_a_warning_is_an_error(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err;

	(void)state;
	diagnostics_init(&found);
	found.strict = true;
	error_set(&err, -EINVAL, "no");
	diagnostics_add(&found, SEVERITY_WARNING, &err, (struct text){ 0 });
	assert_int_equal(found.errors, 1);
	assert_int_equal(found.warnings, 0);
	assert_ptr_equal(diagnostics_first_error(&found), found.items[0]);
}

static void only_so_many_are_kept(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err;

	(void)state;
	diagnostics_init(&found);
	error_set(&err, -EINVAL, "no");
	for (int i = 0; i < DIAGNOSTICS_MAX + 10; i++)
		diagnostics_add(&found, SEVERITY_ERROR, &err, (struct text){ 0 });
	assert_int_equal(found.count, DIAGNOSTICS_MAX);
	assert_int_equal(found.errors, DIAGNOSTICS_MAX + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_is_quoted_with_a_caret),
		cmocka_unit_test(a_terminal_sees_no_control_characters),
		cmocka_unit_test(strictly_a_warning_is_an_error),
		cmocka_unit_test(only_so_many_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
