/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

/* Everything that `say` sends to standard error. */
static void capture(void (*say)(void), struct buffer *out)
{
	int ends[2];
	const int before = dup(STDERR_FILENO);

	assert_true(before >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	say();
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO); /* the pipe's last writer */
	close(before);
	for (ssize_t got = 1; got > 0; out->len += (size_t)got)
		got = read(ends[0], buffer_reserve(out, 4096), 4096);
	close(ends[0]);
	buffer_add(out, "", 0);
}

static void say_something(void)
{
	log_warn("port %d is \"busy\"\n", 8443);
}

static void a_line_is_one_json_object(void **state)
{
	static const char after_time[] = "Z\",\"level\":\"warn\",\"role\":\"proxy\","
					 "\"message\":\"port 8443 is \\\"busy\\\"\\n\"}\n";
	AUTO_BUFFER struct buffer said = { 0 };
	const size_t time_len = strlen("2026-11-21T09:30:00.123456");
	int64_t ns;

	(void)state;
	log_set_role("proxy");
	capture(say_something, &said);
	assert_true(text_starts_with(buffer_text(&said), TEXT("{\"time\":\"")));
	assert_true(text_ends_with(buffer_text(&said), text_of(after_time)));
	assert_true(clock_parse_utc((struct text){ said.data + 9, time_len + 1 }, &ns));
	assert_int_equal(said.len, 9 + time_len + sizeof(after_time) - 1);
}

static void say_a_problem(void)
{
	struct error err;

	error_at(&err, -1, (struct source_pos){ "mesh.yaml", 3, 7 }, "unknown kind 'Gatway'");
	log_problem(LOG_LEVEL_ERROR, "reload", &err);
}

static void a_problem_has_its_place(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	(void)state;
	capture(say_a_problem, &said);
	assert_true(text_contains(buffer_text(&said),
				  TEXT("reload: mesh.yaml:3:7: unknown kind 'Gatway'")));
}

static void say_at_every_level(void)
{
	log_error("error");
	log_warn("warn");
	log_info("info");
	log_debug("debug");
}

static void only_what_is_wanted_is_said(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };
	enum log_level level;
	size_t lines = 0;

	(void)state;
	assert_true(log_level_parse("warn", &level));
	log_set_level(level);
	capture(say_at_every_level, &said);
	log_set_level(LOG_LEVEL_INFO);
	for (size_t i = 0; i < said.len; i++)
		lines += said.data[i] == '\n';
	assert_int_equal(lines, 2);
}

static void levels_have_names(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_true(log_level_parse("error", &level) && level == LOG_LEVEL_ERROR);
	assert_true(log_level_parse("debug", &level) && level == LOG_LEVEL_DEBUG);
	assert_false(log_level_parse("loud", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_json_object),
		cmocka_unit_test(a_problem_has_its_place),
		cmocka_unit_test(only_what_is_wanted_is_said),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
