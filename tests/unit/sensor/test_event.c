/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* --- the tables are whole ---------------------------------------------------------------- */

static void every_type_has_a_name(void **state)
{
	(void)state;
	for (unsigned type = 0; type < EVENT_TYPE_LIMIT; type++) {
		const struct event_info *info = sensor_event_info(type);

		assert_non_null(info->name);
		assert_string_not_equal(sensor_category_name(info->category), "");
		assert_string_equal(info->name, sensor_event_info(type ^ 1)->name);
	}
	assert_null(sensor_event_info(EVENT_TYPE_LIMIT)->name);
}

static void every_parameter_can_be_read(void **state)
{
	(void)state;
	for (unsigned type = 0; type < EVENT_TYPE_LIMIT; type++) {
		const struct event_info *info = sensor_event_info(type);

		assert_in_range(info->param_count, 0, EVENT_PARAMS_MAX);
		for (unsigned i = 0; i < info->param_count; i++) {
			const struct event_param_info *param = &info->params[i];

			assert_string_not_equal(sensor_param_name(param->param), "");
			assert_int_not_equal(param->form, FORM_NONE);
			assert_int_equal(sensor_event_place(info, param->param), i);
			if (param->form == FORM_RELPATH)
				assert_true(sensor_event_place(info, param->extra) >= 0);
		}
	}
}

static void exits_repeat_their_enters_last(void **state)
{
	(void)state;
	for (unsigned type = 1; type < EVENT_TYPE_LIMIT; type += 2) {
		const struct event_info *exit = sensor_event_info(type);
		const struct event_info *enter = sensor_event_info(type - 1);

		for (unsigned i = 0; exit->param_count > 0 && i < enter->param_count; i++) {
			const unsigned param = enter->params[i].param;

			if (type == EVENT_DUP2_X || type == EVENT_DUP3_X || type == EVENT_DUP_1_X)
				assert_true(sensor_event_place(exit, PARAM_OLDFD) > 0);
			else
				assert_true(sensor_event_place(exit, param) >= 0);
		}
	}
}

static void names_find_the_newest(void **state)
{
	static const struct {
		const char *name;
		unsigned type;
	} rows[] = {
		{ "open", EVENT_OPEN_X },         { "execve", EVENT_EXECVE_X },
		{ "openat", EVENT_OPENAT_2_X },   { "procexit", EVENT_PROCEXIT_1_E },
		{ "accept4", EVENT_ACCEPT4_6_X }, { "nonsense", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(sensor_event_find(text_of(rows[i].name)), rows[i].type);
}

/* --- parameters -------------------------------------------------------------------------- */

static void numbers_are_as_wide_as_their_bytes(void **state)
{
	static const struct {
		struct text bytes;
		enum param_form form;
		bool known;
		int64_t number;
	} rows[] = {
		{ { "\xff", 1 }, FORM_U8, true, 255 },
		{ { "\xfe\xff", 2 }, FORM_I16, true, -2 },
		{ { "\xff\xff\xff\xff", 4 }, FORM_UID, true, UINT32_MAX },
		{ { "\x9c\xff\xff\xff\xff\xff\xff\xff", 8 }, FORM_FD, true, -100 },
		{ { "\x03\x00\x00\x00\x00\x00\x00\x00", 8 }, FORM_FD, true, 3 },
		{ { "\x03\x00\x00", 3 }, FORM_FD, false, 7 },
		{ { "", 0 }, FORM_U32, false, 7 },
		{ { "123456789abcdef", 16 }, FORM_U64, false, 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t number = 7;

		assert_int_equal(param_number(rows[i].bytes, rows[i].form, &number), rows[i].known);
		assert_true(number == rows[i].number);
	}
}

static void what_is_absent_is_not_guessed(void **state)
{
	struct sensor_event event;
	int64_t number = 7;

	(void)state;
	sensor_event_init(&event, EVENT_OPEN_X);
	assert_false(sensor_event_result(&event, &number));
	assert_false(sensor_event_number(&event, PARAM_FD, &number));
	assert_null(sensor_event_text(&event, PARAM_NAME).ptr);
	assert_null(sensor_event_text(&event, PARAM_TARGET).ptr);
	sensor_event_set(&event, PARAM_FD, "\xfe\xff\xff\xff\xff\xff\xff\xff", 8);
	sensor_event_set(&event, PARAM_NAME, "/etc/shadow", 12);
	sensor_event_set(&event, PARAM_TARGET, "no such parameter", 17);
	assert_true(sensor_event_result(&event, &number));
	assert_int_equal(number, -2);
	assert_true(text_is(sensor_event_text(&event, PARAM_NAME), "/etc/shadow"));
	assert_false(sensor_event_number(&event, PARAM_NAME, &number));
}

/* An openat of an old recorder: what was asked for stands in the enter, the descriptor in the exit.
 */
static void an_enter_completes_its_exit(void **state)
{
	struct sensor_event enter, exit;

	(void)state;
	sensor_event_init(&enter, EVENT_OPENAT_E);
	sensor_event_set(&enter, PARAM_DIRFD, "\x9c\xff\xff\xff\xff\xff\xff\xff", 8);
	sensor_event_set(&enter, PARAM_NAME, "passwd", 7);
	sensor_event_init(&exit, EVENT_OPENAT_X);
	sensor_event_set(&exit, PARAM_FD, "\x05\0\0\0\0\0\0\0", 8);
	exit.param_count = 1;
	sensor_event_merge(&exit, &enter);
	assert_int_equal(sensor_event_number_or(&exit, PARAM_FD, -1), 5);
	assert_int_equal(sensor_event_number_or(&exit, PARAM_DIRFD, -1), -100);
	assert_true(text_is(sensor_event_text(&exit, PARAM_NAME), "passwd"));
	assert_int_equal(sensor_event_number_or(&exit, PARAM_MODE, -1), -1);
}

static void flags_of_another_meaning_are_not_merged(void **state)
{
	struct sensor_event enter, exit;

	(void)state;
	sensor_event_init(&enter, EVENT_EXECVEAT_E);
	sensor_event_set(&enter, PARAM_FLAGS, "\x01\0\0\0", 4);
	sensor_event_set(&enter, PARAM_PATHNAME, "ls", 3);
	sensor_event_init(&exit, EVENT_EXECVEAT_X);
	sensor_event_merge(&exit, &enter);
	assert_int_equal(sensor_event_number_or(&exit, PARAM_FLAGS, -1), -1);
	assert_true(text_is(sensor_event_text(&exit, PARAM_PATHNAME), "ls"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_a_name),
		cmocka_unit_test(every_parameter_can_be_read),
		cmocka_unit_test(exits_repeat_their_enters_last),
		cmocka_unit_test(names_find_the_newest),
		cmocka_unit_test(numbers_are_as_wide_as_their_bytes),
		cmocka_unit_test(what_is_absent_is_not_guessed),
		cmocka_unit_test(an_enter_completes_its_exit),
		cmocka_unit_test(flags_of_another_meaning_are_not_merged),
	};

	return cmocka_run_group_tests_name("sensor event", tests, NULL, NULL);
}
