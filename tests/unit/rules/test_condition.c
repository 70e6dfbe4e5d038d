/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/condition.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct print_case {
	const char *name, *text, *want;
} print_rows[] = {
	{ "a check", "proc.name = sh", "proc.name = sh" },
	{ "blanks are free around symbols", "fd.name=/etc/shadow", "fd.name = /etc/shadow" },
	{ "== is =", "fd.num==3", "fd.num = 3" },
	{ "and binds stronger than or", "a or b and c", "(a or (b and c))" },
	{ "not binds strongest", "not a and b", "(not a and b)" },
	{ "chains are flat", "a and b and c or d or e", "((a and b and c) or d or e)" },
	{ "parentheses are kept as levels", "(a and b) and c", "((a and b) and c)" },
	{ "not cancels not", "not not a", "a" },
	{ "three nots are one", "not not not a", "not a" },
	{ "not of a parenthesised not", "not (not a)", "a" },
	{ "keywords may touch parentheses", "a and(b or(c))and not(d)",
	  "(a and (b or c) and not d)" },
	{ "exists", "proc.pname exists", "proc.pname exists" },
	{ "in may touch its list", "proc.name in(a,b , c)", "proc.name in (a, b, c)" },
	{ "in takes a list's name", "proc.name in shells", "proc.name in shells" },
	{ "an empty list", "proc.name in ()", "proc.name in ()" },
	{ "a field's argument", "proc.aname[2] = sh", "proc.aname[2] = sh" },
	{ "a quoted argument", "evt.arg[\"a b\"] = 1", "evt.arg[\"a b\"] = 1" },
	{ "a path as argument", "container.mount.dest[/proc*] exists",
	  "container.mount.dest[/proc*] exists" },
	{ "an empty string survives", "proc.args = ''", "proc.args = \"\"" },
	{ "quotes go where not needed", "proc.name = \"sh\"", "proc.name = sh" },
	{ "quotes stay where needed", "proc.cmdline = 'sh -c'", "proc.cmdline = \"sh -c\"" },
	{ "brackets in a bare string", "proc.name = runc:[1:CHILD]", "proc.name = runc:[1:CHILD]" },
	{ "escapes", "proc.args = \"a\\\"b\\\\c\\td\"", "proc.args = \"a\\\"b\\\\c\\td\"" },
	{ "backslash-blank is a backslash", "proc.args = \"a\\ b\"", "proc.args = a\\b" },
	{ "a string may end in a backslash", "proc.args = 'a \\\\'", "proc.args = \"a \\\\\"" },
	{ "numbers", "fd.num >= -1.5e+3", "fd.num >= -1.5e+3" },
	{ "hexadecimal parses", "fd.num < 0x1F", "fd.num < 0x1F" },
	{ "a transformer on the left", "tolower(proc.name) = sh", "tolower(proc.name) = sh" },
	{ "nested transformers", "len( toupper( proc.name ) ) > 3", "len(toupper(proc.name)) > 3" },
	{ "a transformer on the right", "proc.name = basename(proc.exepath)",
	  "proc.name = basename(proc.exepath)" },
	{ "val compares two fields", "proc.name = val(proc.pname)", "proc.name = val(proc.pname)" },
	{ "several arguments", "concat(fd.rip, ':', fd.rport) in (a)",
	  "concat(fd.rip, \":\", fd.rport) in (a)" },
	{ "join", "join(proc.args, \",\") contains x", "join(proc.args, \",\") contains x" },
	{ "getopt with a selector", "getopt(proc.args, 'nt:')[t] = x",
	  "getopt(proc.args, \"nt:\")[t] = x" },
	{ "a quantifier before a list", "fd.name startswith oneof (/etc,/root)",
	  "fd.name startswith oneof (/etc, /root)" },
	{ "a quantifier before a list's name", "fd.name = anyof names", "fd.name = anyof names" },
	{ "a word that could be a quantifier", "proc.name = oneof and a",
	  "(proc.name = \"oneof\" and a)" },
	{ "a list named like a quantifier", "proc.name in oneof", "proc.name in oneof" },
	{ "a quoted name of a field is text", "concat('proc.name') = x",
	  "concat(\"proc.name\") = x" },
};

static struct condition *parse(struct arena *arena, struct condition_source *source,
			       const char *text)
{
	struct condition *condition = NULL;
	struct error err = { 0 };

	*source =
		(struct condition_source){ .text = text_of(text), .part.start = { "test", 1, 1 } };
	if (condition_parse(arena, source, &condition, &err) != 0)
		fail_msg("'%s': %s", text, err.text);
	return condition;
}

/* What is printed is canonical, and parses to an equal tree that prints the same. */
static void check_print(void **state)
{
	const struct print_case *row = *state;
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer printed = { 0 };
	AUTO_BUFFER struct buffer again = { 0 };
	struct condition_source first_source, second_source;

	arena_init(&arena, 4096);

	struct condition *first = parse(&arena, &first_source, row->text);

	condition_print(first, &printed);
	assert_string_equal(printed.data, row->want);

	struct condition *second = parse(&arena, &second_source, printed.data);

	assert_true(condition_equal(first, second));
	condition_print(second, &again);
	assert_string_equal(again.data, printed.data);
}

static const struct error_case {
	const char *name, *text;
	unsigned column;
	const char *want;
} error_rows[] = {
	{ "empty", " ", 2, "the condition is empty" },
	{ "no operator", "proc.name sh", 11, "expected an operator before 'sh'" },
	{ "unknown operator", "proc.name like sh", 11, "expected an operator before 'like'" },
	{ "an operator glued to its value", "proc.name infoo", 11,
	  "expected an operator before 'infoo'" },
	{ "no value", "proc.name =", 12, "expected a string before the end of the condition" },
	{ "a number is wanted", "fd.num > many", 10, "expected a number before 'many'" },
	{ "a list is wanted", "proc.name in 'sh'", 14,
	  "expected a list in parentheses or a list's name before ''sh''" },
	{ "list without end", "proc.name in (a, b", 19,
	  "expected ',' or ')' in the list before the end of the condition" },
	{ "a comma before nothing", "proc.name in (a,)", 17, "expected a string after ','" },
	{ "parenthesis without end", "(a or b", 8,
	  "expected 'and', 'or' or ')' before the end of the condition" },
	{ "too many parentheses", "a)", 2, "expected 'and' or 'or' before ')'" },
	{ "keyword as operand", "a and and b", 7, "expected a field, a macro or '(' before 'and'" },
	{ "nothing after a keyword", "a and ", 7,
	  "expected a field, a macro or '(' before the end of the condition" },
	{ "upper-case keywords are none", "a AND b", 3, "expected 'and' or 'or' before 'AND'" },
	{ "a string without end", "proc.name = 'sh", 13,
	  "the string that starts with ' does not end" },
	{ "an unknown escape", "proc.name = '\\x'", 14, "unknown escape '\\x'" },
	{ "an argument without end", "proc.aname[2 = sh", 13,
	  "expected ']' after the field's argument" },
	{ "an empty argument", "proc.aname[] = sh", 12, "expected an argument after '['" },
	{ "val on the left", "val(proc.name) = sh", 4,
	  "expected 'and' or 'or' before '(proc.name)'" },
	{ "val of a transformer", "proc.name = val(len(proc.name))", 32, "val() takes one field" },
	{ "the second line", "a\n and proc.name", 2,
	  "expected an operator before the end of the condition" },
};

static void check_error(void **state)
{
	const struct error_case *row = *state;
	AUTO_ARENA struct arena arena;
	struct condition_source source = { .text = text_of(row->text),
					   .part.start = { "test", 1, 1 } };
	struct condition *condition = NULL;
	struct error err = { 0 };

	arena_init(&arena, 4096);
	assert_int_equal(condition_parse(&arena, &source, &condition, &err), -EINVAL);
	assert_null(condition);
	err.text[strlen(row->want)] = '\0'; /* the list of operators may follow */
	assert_string_equal(err.text, row->want);
	if (err.at.line == 1)
		assert_int_equal(err.at.column, row->column);
	else
		assert_int_equal(err.at.line, row->column);
}

static void nests_up_to_a_limit(void **state)
{
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer text = { 0 };
	struct condition *condition = NULL;
	struct error err = { 0 };

	(void)state;
	arena_init(&arena, 4096);
	for (int i = 0; i < 150; i++)
		buffer_add_char(&text, '(');
	buffer_add_char(&text, 'a');
	for (int i = 0; i < 150; i++)
		buffer_add_char(&text, ')');

	struct condition_source source = { .text = buffer_text(&text) };

	assert_int_equal(condition_parse(&arena, &source, &condition, &err), 0);
	assert_int_equal(condition->kind, CONDITION_MACRO);

	buffer_clear(&text);
	for (int i = 0; i < 100000; i++)
		buffer_add_char(&text, '(');
	source.text = buffer_text(&text);
	assert_int_equal(condition_parse(&arena, &source, &condition, &err), -EINVAL);
	assert_non_null(strstr(err.text, "nested too deeply"));
}

/* A folded YAML value has its own line ends: the place is found by counting what is no blank. */
static void places_are_those_in_the_file(void **state)
{
	AUTO_ARENA struct arena arena;
	struct condition_source source = {
		.text = TEXT("a and b and proc.name ~ x"),
		.part = { .raw = TEXT("a and\n    b and\n    proc.name ~ x\n"),
			  .start = { "rules.yaml", 10, 5 } }
	};
	struct condition *condition = NULL;
	struct error err = { 0 };

	(void)state;
	arena_init(&arena, 4096);
	assert_int_equal(condition_parse(&arena, &source, &condition, &err), -EINVAL);
	assert_int_equal(err.at.line, 12);
	assert_int_equal(err.at.column, 15);
	assert_string_equal(err.at.file, "rules.yaml");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(print_rows) + COUNT_OF(error_rows) + 2];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(print_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = print_rows[i].name,
						      .test_func = check_print,
						      .initial_state = (void *)&print_rows[i] };
	for (size_t i = 0; i < COUNT_OF(error_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = error_rows[i].name,
						      .test_func = check_error,
						      .initial_state = (void *)&error_rows[i] };
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(nests_up_to_a_limit);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(places_are_those_in_the_file);
	return _cmocka_run_group_tests("condition", tests, count, NULL, NULL);
}
