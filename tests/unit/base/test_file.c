/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *folder;

static int make_folder(void **state)
{
	const char *temporary = getenv("TMPDIR");

	(void)state;
	folder = mem_printf("%s/test_base_file.XXXXXX", temporary != NULL ? temporary : "/tmp");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

static int remove_folder(void **state)
{
	const int result = nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	(void)state;
	mem_free(folder);
	return result;
}

static char *in_folder(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static size_t files_in_folder(void)
{
	DIR *directory = opendir(folder);
	size_t count = 0;

	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void what_is_written_is_read(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("key.pem");
	AUTO_BUFFER struct buffer content = { 0 };
	const mode_t mask = umask(0777); /* must not matter */

	(void)state;
	assert_int_equal(file_write_atomic(path, "a\0b", 3, 0600, NULL), 0);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(file_write_atomic(path, "new", 3, 0644, NULL), 0);
	umask(mask);
	assert_int_equal(mode_of(path), 0644);
	assert_int_equal(file_read(path, 3, &content, NULL), 0);
	assert_string_equal(content.data, "new");
	assert_int_equal(files_in_folder(), 1); /* nothing temporary is left */
}

static void reading_appends(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("key.pem");
	AUTO_BUFFER struct buffer content = { 0 };

	(void)state;
	buffer_add_text(&content, "before ");
	assert_int_equal(file_read(path, 100, &content, NULL), 0);
	assert_string_equal(content.data, "before new");
}

static void an_empty_file_is_an_empty_text(void **state)
{
	AUTO_BUFFER struct buffer content = { 0 };

	(void)state;
	assert_int_equal(file_read("/dev/null", 0, &content, NULL), 0);
	assert_int_equal(content.len, 0);
	assert_string_equal(content.data, "");
}

static void a_file_above_the_limit_is_refused(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("key.pem");
	AUTO_BUFFER struct buffer content = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(file_read(path, 2, &content, &err), -EFBIG);
	assert_non_null(strstr(err.text, "key.pem is larger than 2 bytes"));
	assert_int_equal(file_read("/dev/zero", 100000, &content, &err), -EFBIG);
}

static void errors_name_the_path(void **state)
{
	AUTO_BUFFER struct buffer content = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(file_read("/nowhere/x", 10, &content, &err), -ENOENT);
	assert_string_equal(err.text, "cannot open /nowhere/x: No such file or directory");
	assert_int_equal(file_read(folder, 10, &content, &err), -EISDIR);
	assert_int_equal(file_write_atomic("/nowhere/x", "", 0, 0600, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot create /nowhere/x."));
}

static void a_write_that_fails_leaves_the_old(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("directory");
	struct error err;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_write_atomic(path, "x", 1, 0600, &err), -EISDIR);
	assert_non_null(strstr(err.text, "cannot replace "));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(files_in_folder(), 1);
}

static void directories_are_made_with_their_parents(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("a/b/c");
	AUTO(mem_free_text) char *below_a_file = in_folder("key.pem/x");
	struct error err;

	(void)state;
	assert_int_equal(file_make_directory(path, 0700, NULL), 0);
	assert_int_equal(file_make_directory(path, 0700, NULL), 0);
	assert_int_equal(mode_of(path), 0700);
	assert_true(file_exists(path));
	assert_int_equal(file_make_directory(below_a_file, 0700, &err), -ENOTDIR);
}

static void a_file_in_the_place_of_a_directory_is_an_error(void **state)
{
	AUTO(mem_free_text) char *path = in_folder("key.pem");
	struct error err;

	(void)state;
	assert_int_equal(file_make_directory(path, 0700, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "Not a directory"));
}

static void descriptors_close_at_the_end_of_the_scope(void **state)
{
	int number;

	(void)state;
	{
		AUTO_FD int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		number = fd;
		assert_true(fd >= 0);
	}
	assert_int_equal(fcntl(number, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(reading_appends),
		cmocka_unit_test(an_empty_file_is_an_empty_text),
		cmocka_unit_test(a_file_above_the_limit_is_refused),
		cmocka_unit_test(errors_name_the_path),
		cmocka_unit_test(a_write_that_fails_leaves_the_old),
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(a_file_in_the_place_of_a_directory_is_an_error),
		cmocka_unit_test(descriptors_close_at_the_end_of_the_scope),
	};

	return cmocka_run_group_tests_name("file", tests, make_folder, remove_folder);
}
