/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void it_grows_and_ends_with_a_nul(void **state)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_add_char(&buffer, 'x');
	assert_int_equal(buffer.len, 1000);
	assert_int_equal(strlen(buffer.data), 1000);
}

static void text_numbers_and_formats_are_added(void **state)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	(void)state;
	buffer_add_text(&buffer, "status=");
	buffer_add_number(&buffer, 200);
	buffer_printf(&buffer, " bytes=%d %s", -1, "of");
	buffer_add_char(&buffer, ' ');
	buffer_add_number(&buffer, UINT64_MAX);
	assert_string_equal(buffer.data, "status=200 bytes=-1 of 18446744073709551615");
}

static void bytes_may_contain_nul(void **state)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	(void)state;
	buffer_add(&buffer, "a\0b", 3);
	assert_true(text_equal(buffer_text(&buffer), TEXT("a\0b")));
}

static void the_front_is_consumed(void **state)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	(void)state;
	buffer_consume(&buffer, 10);
	buffer_add_text(&buffer, "GET /path");
	buffer_consume(&buffer, 4);
	assert_string_equal(buffer.data, "/path");
	buffer_consume(&buffer, 100);
	assert_int_equal(buffer.len, 0);
	assert_string_equal(buffer.data, "");
}

static void cleared_it_takes_no_heap(void **state)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	(void)state;
	buffer_clear(&buffer);
	buffer_add(&buffer, NULL, 0);
	buffer_add_text(&buffer, "a line of some length");

	const uint64_t before = mem_thread_allocations();

	for (int i = 0; i < 100; i++) {
		buffer_clear(&buffer);
		buffer_add_text(&buffer, "a line of some length");
	}
	assert_int_equal(mem_thread_allocations(), before);
}

static void taken_it_is_empty_again(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	buffer_add_text(&buffer, "mine");

	AUTO(mem_free_text) char *mine = buffer_take(&buffer);
	AUTO(mem_free_text) char *nothing = buffer_take(&buffer);

	assert_string_equal(mine, "mine");
	assert_string_equal(nothing, "");
	assert_null(buffer.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_and_ends_with_a_nul),
		cmocka_unit_test(text_numbers_and_formats_are_added),
		cmocka_unit_test(bytes_may_contain_nul),
		cmocka_unit_test(the_front_is_consumed),
		cmocka_unit_test(cleared_it_takes_no_heap),
		cmocka_unit_test(taken_it_is_empty_again),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
