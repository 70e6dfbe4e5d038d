/* SPDX-License-Identifier: Apache-2.0 */
/* What an unquoted word means: the rules of sigs.k8s.io/yaml. */
#include "resource/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct scalar_case {
	const char *yaml, *description;
	int64_t number; /* of "a whole number" */
} rows[] = {
	{ "true", "a boolean", 0 },
	{ "True", "a boolean", 0 },
	{ "yes", "a boolean", 0 },
	{ "off", "a boolean", 0 },
	{ "y", "a boolean", 0 },
	{ "yEs", "a text", 0 },
	{ "'yes'", "a text", 0 },
	{ "\"true\"", "a text", 0 },
	{ "!!str true", "a text", 0 },
	{ "~", "nothing", 0 },
	{ "null", "nothing", 0 },
	{ "Null", "nothing", 0 },
	{ "", "nothing", 0 },
	{ "'~'", "a text", 0 },
	{ "nULL", "a text", 0 },
	{ "0", "a whole number", 0 },
	{ "-12", "a whole number", -12 },
	{ "+12", "a whole number", 12 },
	{ "1_000", "a whole number", 1000 },
	{ "0x1F", "a whole number", 31 },
	{ "0b101", "a whole number", 5 },
	{ "0o17", "a whole number", 15 },
	{ "0644", "a whole number", 420 },
	{ "089", "a number", 0 },
	{ "9223372036854775807", "a whole number", INT64_MAX },
	{ "9223372036854775808", "a number", 0 },
	{ "0x", "a text", 0 },
	{ "1.5", "a number", 0 },
	{ ".5", "a number", 0 },
	{ "1.", "a number", 0 },
	{ "1e3", "a number", 0 },
	{ "1e", "a text", 0 },
	{ ".inf", "a number", 0 },
	{ "-.INF", "a number", 0 },
	{ ".nan", "a number", 0 },
	{ ".", "a text", 0 },
	{ "-", "a list", 0 },
	{ "1:20", "a text", 0 },
	{ "2026-11-21", "a text", 0 },
	{ "10.0.0.1", "a text", 0 },
	{ "10s", "a text", 0 },
	{ "1.2.3", "a text", 0 },
};

static void check_scalar(void **state)
{
	const struct scalar_case *row = *state;
	AUTO_ARENA struct arena arena;
	const struct value *document, *value;
	char yaml[128];
	int64_t number = 0;

	snprintf(yaml, sizeof(yaml), "key: %s\n", row->yaml);
	if (strcmp(row->yaml, "-") == 0)
		snprintf(yaml, sizeof(yaml), "key:\n- x\n");

	const struct value_source source = { .file = "scalar.yaml", .bytes = text_of(yaml) };

	arena_init(&arena, 4096);
	assert_int_equal(value_parse(&arena, &source, NULL, NULL, &document, NULL), 0);
	value = value_get(document, "key");
	assert_non_null(value);
	assert_string_equal(value_describe(value), row->description);
	assert_int_equal(value_is_string(value), strcmp(row->description, "a text") == 0);
	assert_int_equal(value_as_int(value, &number),
			 strcmp(row->description, "a whole number") == 0);
	assert_int_equal(number, row->number);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].yaml[0] != '\0' ? rows[i].yaml
										: "(empty)",
						.test_func = check_scalar,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
