/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_place_is_shown_as_compilers_do(void **state)
{
	struct error err;
	char shown[128];

	(void)state;
	assert_int_equal(error_at(&err, -EINVAL, (struct source_pos){ "mesh.yaml", 3, 7 },
				  "unknown field '%s'", "princpals"),
			 -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(error_format(&err, shown, sizeof(shown)),
			    "mesh.yaml:3:7: unknown field 'princpals'");
}

static void a_file_without_a_line_is_shown_alone(void **state)
{
	struct error err;
	char shown[128];

	(void)state;
	error_at(&err, -EINVAL, (struct source_pos){ .file = "mesh.yaml" }, "it is empty");
	assert_string_equal(error_format(&err, shown, sizeof(shown)), "mesh.yaml: it is empty");
}

static void no_place_is_no_prefix(void **state)
{
	struct error err;
	char shown[128];

	(void)state;
	error_set(&err, -ENOENT, "no such thing");
	assert_string_equal(error_format(&err, shown, sizeof(shown)), "no such thing");
}

static void what_was_going_on_comes_first(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, -ENOENT, "no such file");
	assert_int_equal(error_prefix(&err, "secret '%s'", "gateway-cert"), -ENOENT);
	assert_string_equal(err.text, "secret 'gateway-cert': no such file");
}

static void a_long_text_is_cut(void **state)
{
	char longer[2000];
	struct error err;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&err, -EINVAL, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	error_prefix(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -EPERM, "unheard"), -EPERM);
	assert_int_equal(error_prefix(NULL, "unheard"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_shown_as_compilers_do),
		cmocka_unit_test(a_file_without_a_line_is_shown_alone),
		cmocka_unit_test(no_place_is_no_prefix),
		cmocka_unit_test(what_was_going_on_comes_first),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(nobody_has_to_listen),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
