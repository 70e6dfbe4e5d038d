/* SPDX-License-Identifier: Apache-2.0 */
/* The automaton may say "maybe" in vain, never "no" in vain: what a pattern fits once the path is
 * plain must be marked. Beside a slow reference, on random patterns and paths. */
#include "base/base.h"
#include "sensor/automaton.h"
#include "sensor/path.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* after the three above */
#include <cmocka.h>

#define EVERYTHING UINT64_MAX

static const struct path_pattern patterns[] = {
	{ PATH_IS, TEXT("/etc/shadow"), 1 },        { PATH_DIRECTLY_IN, TEXT("/bin"), 2 },
	{ PATH_NAMED, TEXT("authorized_keys"), 4 }, { PATH_ENDS, TEXT("_history"), 8 },
	{ PATH_BEGINS, TEXT("/var/log"), 16 },      { PATH_CONTAINS, TEXT(".aws/cred"), 32 },
	{ PATH_GLOB, TEXT("/proc/*/environ"), 64 },
};

static const struct row {
	const char *name, *path;
	uint64_t at_least, at_most;
} rows[] = {
	{ "the path itself", "/etc/shadow", 1, 1 },
	{ "a path that goes on", "/etc/shadow2", 0, 0 },
	{ "a file in the directory", "/bin/sh", 2, 2 },
	{ "a file further down", "/bin/a/sh", 0, 0 },
	{ "a name", "/root/authorized_keys", 4, 4 },
	{ "an end", "/root/.bash_history", 8, 8 },
	{ "a beginning", "/var/log/syslog", 16, 16 },
	{ "a middle", "/home/u/.aws/credentials", 32, 32 },
	{ "a glob", "/proc/1/environ", 64, 64 },
	{ "nothing of all that", "/usr/lib/libc.so.6", 0, 0 },
	{ "a relative path may begin anywhere", "shadow", 1, EVERYTHING },
	{ "a relative path with the wrong end", "other", 0, ~(uint64_t)(1 | 4 | 8) },
	{ "two slashes: any path", "/etc//shadow", EVERYTHING, EVERYTHING },
	{ "a way up: any path", "/tmp/../etc/shadow", EVERYTHING, EVERYTHING },
	{ "a dot: any path", "/etc/./shadow", EVERYTHING, EVERYTHING },
	{ "a slash at the end: any path", "/etc/shadow/", EVERYTHING, EVERYTHING },
	{ "a hidden file is none of these", "/etc/.shadow", 0, 0 },
	{ "an empty path: any", "", EVERYTHING, EVERYTHING },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct path_automaton *automaton = MEM_NEW(struct path_automaton);
	uint64_t marks;

	assert_true(automaton_build(patterns, COUNT_OF(patterns), automaton));
	marks = automaton_walk(automaton, text_of(row->path));
	mem_free(automaton);
	assert_int_equal(row->at_least & ~marks, 0);
	assert_int_equal(marks & ~row->at_most, 0);
}

/* --- beside a reference ------------------------------------------------------------------ */

static bool fits(const struct path_pattern *pattern, struct text plain)
{
	const struct text slash = TEXT("/");
	char glob[64], path[PATH_TEXT_MAX];

	switch (pattern->kind) {
	case PATH_IS:
		return text_equal(plain, pattern->text);
	case PATH_BEGINS:
		return text_starts_with(plain, pattern->text);
	case PATH_ENDS:
		return text_ends_with(plain, pattern->text);
	case PATH_CONTAINS:
		return text_contains(plain, pattern->text);
	case PATH_DIRECTLY_IN:
		return text_equal(path_directory(plain), pattern->text);
	case PATH_NAMED:
		return text_starts_with(plain, slash)
		       && text_equal(path_name(plain), pattern->text);
	default:
		snprintf(glob, sizeof(glob), "%.*s", TEXT_ARGS(pattern->text));
		snprintf(path, sizeof(path), "%.*s", TEXT_ARGS(plain));
		return fnmatch(glob, path, 0) == 0;
	}
}

/* Few letters, so that patterns and paths often meet. */
static struct text random_text(char *out, size_t most, const char *letters)
{
	const size_t len = (size_t)random_below(most) + 1;

	for (size_t i = 0; i < len; i++)
		out[i] = letters[random_below(strlen(letters))];
	return (struct text){ out, len };
}

static void test_nothing_that_fits_is_missed(void **state)
{
	struct path_automaton *automaton = MEM_NEW(struct path_automaton);
	char texts[6][16], path_bytes[16], base_bytes[8], joined[PATH_TEXT_MAX];
	struct path_pattern some[6];

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < COUNT_OF(some); i++) {
			some[i].kind = (enum path_pattern_kind)random_below(PATH_GLOB + 1);
			some[i].text = random_text(texts[i], 8,
						   some[i].kind == PATH_GLOB ? "ab/.*?" : "ab/.");
			some[i].marks = UINT64_C(1) << i;
		}
		if (!automaton_build(some, COUNT_OF(some), automaton))
			continue;
		for (unsigned k = 0; k < 200; k++) {
			const struct text path = random_text(path_bytes, 12, "ab/.");
			const struct text base = random_text(base_bytes, 6, "/ab");
			struct text from = path_join(joined, TEXT("/"), base), plain;
			char again[PATH_TEXT_MAX];

			plain = path_join(again, from, path);
			for (unsigned i = 0; i < COUNT_OF(some); i++)
				if (fits(&some[i], plain)
				    && !(automaton_walk(automaton, path) >> i & 1))
					fail_msg("pattern %d '%.*s' fits '%.*s' in '%.*s'",
						 (int)some[i].kind, TEXT_ARGS(some[i].text),
						 TEXT_ARGS(path), TEXT_ARGS(from));
		}
	}
	mem_free(automaton);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 1];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = test_row,
						.initial_state = (void *)(uintptr_t)&rows[i] };
	tests[COUNT_OF(rows)] =
		(struct CMUnitTest)cmocka_unit_test(test_nothing_that_fits_is_missed);
	return _cmocka_run_group_tests("automaton", tests, COUNT_OF(tests), NULL, NULL);
}
