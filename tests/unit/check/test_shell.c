/* SPDX-License-Identifier: Apache-2.0 */
/* A script's commands, each written as its words joined by '|', commands by ' ; '. */
#include "check/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct shell_case {
	const char *name, *script, *want;
	bool has_pipe;
} rows[] = {
	{ "a list", "a b && c d || e; f & g", "a|b ; c|d ; e ; f ; g", false },
	{ "a pipe", "a | b |& c", "a ; b ; c", true },
	{ "quotes", "a 'b c' \"d e\" f\\ g", "a|b c|d e|f g", false },
	{ "expansions", "a $b ${c:-x} \"$d-1\" $((1 + 2))", "a|${VAR}|${VAR}|${VAR}-1|${VAR}",
	  false },
	{ "substitutions come first", "a $(b c) `d e`", "b|c ; d|e ; a|${VAR}|${VAR}", false },
	{ "redirections are no words", "a > b 2>&1 < c >> d e", "a|e", false },
	{ "assignments are no commands", "A=1 B=2 c; D=3", "c", false },
	{ "an if", "if a; then b; else c; fi", "a ; b ; c", false },
	{ "a for", "for i in x y; do a $i; done", "a|${VAR}", false },
	{ "a while", "while read x; do a; done < b", "read|x ; a", false },
	{ "a case", "case $x in a|b) c d;; *) e;; esac; f", "c|d ; e ; f", false },
	{ "a group", "{ a; b; } && (c; d)", "a ; b ; c ; d", false },
	{ "a function", "f() { a; }; f", "a ; f", false },
	{ "a comment", "a # b\nc", "a ; c", false },
	{ "a hash inside a word", "a b#c", "a|b#c", false },
	{ "lines joined", "a \\\n  b", "a|b", false },
	{ "unended quotes end with the text", "a 'b", "a|b", false },
	{ "unended substitution", "a $(b", "b ; a|${VAR}", false },
	{ "a stray bracket", "a ) b", "a ; b", false },
};

static void check_script(void **state)
{
	const struct shell_case *row = *state;
	AUTO_BUFFER struct buffer got = { 0 };
	AUTO_ARENA struct arena arena;
	struct shell_script script;

	arena_init(&arena, 4096);
	shell_parse(&script, text_of(row->script), &arena);
	for (size_t i = 0; i < script.count; i++) {
		buffer_add_text(&got, i > 0 ? " ; " : "");
		for (size_t j = 0; j < script.commands[i].count; j++)
			buffer_printf(&got, "%s%.*s", j > 0 ? "|" : "",
				      TEXT_ARGS(script.commands[i].words[j].text));
	}
	assert_string_equal(row->want, got.data);
	assert_int_equal(row->has_pipe, script.has_pipe);
}

static void depth_is_bounded(void **state)
{
	AUTO_BUFFER struct buffer script = { 0 };
	AUTO_ARENA struct arena arena;
	struct shell_script parsed;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buffer_add_text(&script, "$(");
	arena_init(&arena, 4096);
	shell_parse(&parsed, buffer_text(&script), &arena);
	assert_true(parsed.truncated);
}

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(rows) + 1];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_script,
						.initial_state = (void *)&rows[i] };
	tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(depth_is_bounded);
	return _cmocka_run_group_tests("shell", tests, COUNT_OF(tests), NULL, NULL);
}
