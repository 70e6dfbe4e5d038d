/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct escape_case {
	const char *name;
	struct text input;
	const char *escaped;
} rows[] = {
	{ "plain text", { "GET /a?b=c", 10 }, "GET /a?b=c" },
	{ "nothing", { "", 0 }, "" },
	{ "a quotation mark and a backslash", { "\"\\", 2 }, "\\\"\\\\" },
	{ "a line end", { "a\r\nb", 4 }, "a\\r\\nb" },
	{ "the other short escapes", { "\b\f\t", 3 }, "\\b\\f\\t" },
	{ "a control character", { "\x1b[31m", 5 }, "\\u001b[31m" },
	{ "NUL", { "a\0b", 3 }, "a\\u0000b" },
	{ "delete", { "\x7f", 1 }, "\\u007f" },
	{ "two to four bytes of UTF-8",
	  { "\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x88", 9 },
	  "\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x88" },
	{ "a byte that is no UTF-8",
	  { "a\xff"
	    "b",
	    3 },
	  "a\xef\xbf\xbd"
	  "b" },
	{ "a sequence cut short", { "\xe2\x82", 2 }, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "an overlong slash", { "\xc0\xaf", 2 }, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "a surrogate", { "\xed\xa0\x80", 3 }, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
};

static void check_row(void **state)
{
	const struct escape_case *row = *state;
	AUTO_BUFFER struct buffer out = { 0 };

	buffer_add_text(&out, "");
	json_escape(&out, row->input);
	assert_string_equal(out.data, row->escaped);
}

static void commas_stand_between_members(void **state)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	(void)state;
	json_begin_object(&json);
	json_key(&json, "status");
	json_number(&json, 403);
	json_key(&json, "rules");
	json_begin_array(&json);
	json_cstring(&json, "deny-all");
	json_begin_object(&json);
	json_end_object(&json);
	json_begin_array(&json);
	json_end_array(&json);
	json_nothing(&json);
	json_end_array(&json);
	json_key(&json, "denied");
	json_bool(&json, true);
	json_end_object(&json);
	assert_string_equal(out.data,
			    "{\"status\":403,\"rules\":[\"deny-all\",{},[],null],\"denied\":true}");
}

static void numbers_are_written_whole(void **state)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	(void)state;
	json_begin_array(&json);
	json_number(&json, INT64_MIN);
	json_number(&json, INT64_MAX);
	json_double(&json, 0.5);
	json_double(&json, NAN);
	json_double(&json, INFINITY);
	json_end_array(&json);
	assert_string_equal(out.data, "[-9223372036854775808,9223372036854775807,0.5,null,null]");
}

static void absent_text_is_null(void **state)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	(void)state;
	json_begin_array(&json);
	json_cstring(&json, NULL);
	json_text(&json, (struct text){ 0 });
	json_text(&json, TEXT(""));
	json_end_array(&json);
	assert_string_equal(out.data, "[null,null,\"\"]");
}

static void keys_are_escaped_too(void **state)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	(void)state;
	json_begin_object(&json);
	json_key(&json, "a\"b");
	json_nothing(&json);
	json_end_object(&json);
	assert_string_equal(out.data, "{\"a\\\"b\":null}");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 4] = {
		cmocka_unit_test(commas_stand_between_members),
		cmocka_unit_test(numbers_are_written_whole),
		cmocka_unit_test(absent_text_is_null),
		cmocka_unit_test(keys_are_escaped_too),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[4 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
