/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/alloc.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int file_take(int *fd)
{
	const int taken = *fd;

	*fd = -1;
	return taken;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int fail(struct error *err, const char *path, const char *doing)
{
	const int code = errno;

	return error_set(err, -code, "cannot %s %s: %s", doing, path, strerror(code));
}

int file_read(const char *path, size_t limit, struct buffer *out, struct error *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t total = 0;

	if (fd < 0)
		return fail(err, path, "open");
	for (;;) {
		char *room = buffer_reserve(out, 16384);
		const ssize_t got = read(fd, room, 16384);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, path, "read");
		if (got == 0)
			break;
		out->len += (size_t)got;
		total += (size_t)got;
		if (total > limit)
			return error_set(err, -EFBIG, "%s is larger than %zu bytes", path, limit);
	}
	out->data[out->len] = '\0';
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

static void sync_directory_of(const char *path)
{
	AUTO(mem_free_text) char *copy = mem_strdup(path);
	AUTO_FD int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd); /* not every file system can; the rename itself stands */
}

int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode,
		      struct error *err)
{
	AUTO(mem_free_text)
	char *temporary =
		mem_printf("%s.%08llx", path, (unsigned long long)random_cheap() & 0xffffffffu);
	AUTO_FD int fd =
		open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return fail(err, temporary, "create");
	if (fchmod(fd, mode) < 0 || write_all(fd, bytes, len) < 0 || fsync(fd) < 0) {
		const int result = fail(err, temporary, "write");

		unlink(temporary);
		return result;
	}
	if (rename(temporary, path) < 0) {
		const int result = fail(err, path, "replace");

		unlink(temporary);
		return result;
	}
	sync_directory_of(path);
	return 0;
}

static int make_one_directory(const char *path, mode_t mode, struct error *err)
{
	struct stat status;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return fail(err, path, "create directory");
}

int file_make_directory(const char *path, mode_t mode, struct error *err)
{
	AUTO(mem_free_text) char *copy = mem_strdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';

		const int result = make_one_directory(copy, 0755, err);

		if (result < 0)
			return result;
		*slash = '/';
	}
	return make_one_directory(copy, mode, err);
}
