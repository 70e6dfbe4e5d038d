/* SPDX-License-Identifier: Apache-2.0 */
/* A directory on disk, and what counts as a change of it. Real files, real inotify. */
#include "resource/resource.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct watched {
	char *directory; /* owned; removed at the end */
	struct source_directory *source;
};

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	AUTO_BUFFER struct buffer command = { 0 };
	va_list args;

	va_start(args, fmt);
	buffer_vprintf(&command, fmt, args);
	va_end(args);
	assert_int_equal(system(command.data), 0);
}

static int set_up(void **state)
{
	struct watched *watched = MEM_NEW(struct watched);

	watched->directory = mem_strdup("/tmp/mangrove-source-XXXXXX");
	assert_non_null(mkdtemp(watched->directory));
	assert_int_equal(source_directory_open((const char *const[]){ watched->directory }, 1, NULL,
					       &watched->source, NULL),
			 0);
	*state = watched;
	return 0;
}

static int tear_down(void **state)
{
	struct watched *watched = *state;

	source_directory_close(watched->source);
	run("rm -rf '%s'", watched->directory);
	mem_free(watched->directory);
	mem_free(watched);
	return 0;
}

/* Loads, and tells how many ServiceAccounts there are; -1: it does not load. */
static int load(struct watched *watched)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	diagnostics_init(&found);
	if (source_directory_reload(watched->source, &found, &set, NULL) != 0)
		return -1;
	return (int)resource_set_list(set, KIND_SERVICE_ACCOUNT).count;
}

/* Waits until a reload is due; false if nothing says so for so long. */
static bool wait_due(struct watched *watched, int timeout_ms)
{
	struct pollfd poll_for = { .fd = source_directory_fd(watched->source), .events = POLLIN };
	const uint64_t end = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;

	while (clock_monotonic_ns() < end) {
		poll(&poll_for, 1, 10);
		if (source_directory_is_due(watched->source))
			return true;
	}
	return false;
}

#define LONG_MS  2000
#define SHORT_MS 150 /* longer than the quiet that is waited for */

static void write_account(struct watched *watched, const char *file, const char *name)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s", watched->directory, file);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fprintf(out, "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n", name);
	fclose(out);
}

static void a_written_file_is_noticed(void **state)
{
	struct watched *watched = *state;

	assert_int_equal(load(watched), 0);
	assert_false(source_directory_is_due(watched->source));
	write_account(watched, "a.yaml", "a");
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 1);
	assert_false(wait_due(watched, SHORT_MS));
}

static void a_burst_is_one_reload(void **state)
{
	struct watched *watched = *state;

	load(watched);
	for (int i = 0; i < 20; i++) {
		char file[32], name[32];

		snprintf(file, sizeof(file), "f%d.yaml", i);
		snprintf(name, sizeof(name), "n%d", i);
		write_account(watched, file, name);
	}
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 20);
	assert_false(wait_due(watched, SHORT_MS));
}

static void a_rename_over_is_noticed(void **state)
{
	struct watched *watched = *state;

	write_account(watched, "a.yaml", "a");
	load(watched);
	write_account(watched, ".a.yaml.swp", "b");
	assert_false(wait_due(watched, SHORT_MS)); /* an editor's own file */
	run("mv '%s/.a.yaml.swp' '%s/a.yaml'", watched->directory, watched->directory);
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 1);
}

static void a_deletion_is_noticed(void **state)
{
	struct watched *watched = *state;

	write_account(watched, "a.yaml", "a");
	assert_int_equal(load(watched), 1);
	run("rm '%s/a.yaml'", watched->directory);
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 0);
}

static void new_directories_are_watched_too(void **state)
{
	struct watched *watched = *state;

	load(watched);
	run("mkdir -p '%s/b/c'", watched->directory);
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 0);
	write_account(watched, "b/c/a.yaml", "a");
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 1);
}

/* How the kubelet changes the files of a ConfigMap: all at once, by one link. */
static void a_swapped_link_is_noticed(void **state)
{
	struct watched *watched = *state;

	run("mkdir '%s/..1' '%s/..2'", watched->directory, watched->directory);
	write_account(watched, "..1/a.yaml", "a");
	run("cd '%s' && ln -s ..1 ..data && ln -s ..data/a.yaml a.yaml", watched->directory);
	assert_int_equal(load(watched), 1);
	run("cd '%s' && printf '# none\\n' > ..2/a.yaml && ln -s ..2 ..tmp && mv -T ..tmp ..data",
	    watched->directory);
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 0);
}

static void a_broken_set_is_not_handed_out(void **state)
{
	struct watched *watched = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct resource_set *set = NULL;
	struct error err = { 0 };

	diagnostics_init(&found);
	run("echo 'a: [' > '%s/a.yaml'", watched->directory);
	assert_int_equal(source_directory_reload(watched->source, &found, &set, &err), -EINVAL);
	assert_null(set);
	assert_int_equal(found.errors, 1);
	assert_non_null(strstr(err.text, "/a.yaml:2:1: not valid YAML"));
	write_account(watched, "a.yaml", "a"); /* mended */
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 1);
}

static void generations_count_up(void **state)
{
	struct watched *watched = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *first = NULL;
	AUTO(resource_set_unref) struct resource_set *second = NULL;

	diagnostics_init(&found);
	assert_int_equal(source_directory_reload(watched->source, &found, &first, NULL), 0);
	assert_int_equal(source_directory_reload(watched->source, &found, &second, NULL), 0);
	assert_true(resource_set_generation(second) > resource_set_generation(first));
}

static void a_single_file_may_appear_later(void **state)
{
	struct watched *watched = *state;
	AUTO(mem_free_text) char *path = mem_printf("%s/mesh.conf", watched->directory);

	source_directory_close(watched->source);
	assert_int_equal(source_directory_open((const char *const[]){ path }, 1, NULL,
					       &watched->source, NULL),
			 0);
	assert_int_equal(load(watched), -1);
	write_account(watched, "other.yaml", "b");
	assert_false(wait_due(watched, SHORT_MS)); /* not the one that was named */
	write_account(watched, "mesh.conf", "a");
	assert_true(wait_due(watched, LONG_MS));
	assert_int_equal(load(watched), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_written_file_is_noticed),       TEST(a_burst_is_one_reload),
		TEST(a_rename_over_is_noticed),        TEST(a_deletion_is_noticed),
		TEST(new_directories_are_watched_too), TEST(a_swapped_link_is_noticed),
		TEST(a_broken_set_is_not_handed_out),  TEST(generations_count_up),
		TEST(a_single_file_may_appear_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
