/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry_executable.c — the digest of the file that a process executes. */
#include "identity/inquiry_private.h"

#include "identity/openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LIMIT_BYTES (256 << 20) /* half a second of one thread, about */
#define CHUNK_BYTES (256 << 10)

DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)

/* A file system in user space may show us other bytes than it ran, or never answer. */
static int check_file(int fd, struct stat *status, struct error *err)
{
	struct statfs system;

	if (fstatfs(fd, &system) < 0 || fstat(fd, status) < 0)
		return error_set(err, -errno, "the executable cannot be examined: %s",
				 strerror(errno));
	if (system.f_type == FUSE_SUPER_MAGIC)
		return error_set(err, -EPERM, "the executable is on a FUSE file system");
	if (!S_ISREG(status->st_mode))
		return error_set(err, -EPERM, "the executable is no regular file");
	if (status->st_size > LIMIT_BYTES)
		return error_set(err, -EFBIG, "the executable is longer than %d MiB",
				 LIMIT_BYTES >> 20);
	return 0;
}

int executable_open(const struct caller *caller, int *out, struct stat *status, struct error *err)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/exe", (int)caller->pid);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_set(err, -errno, "%s cannot be read: %s", path, strerror(errno));
	if (!caller_is_there(caller))
		return error_set(err, -ESRCH, "the process has gone");

	const int result = check_file(fd, status, err);

	if (result == 0)
		*out = file_take(&fd);
	return result;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_unchanged(int fd, const struct stat *before)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_size == before->st_size
	       && is_same_time(&now.st_mtim, &before->st_mtim)
	       && is_same_time(&now.st_ctim, &before->st_ctim);
}

static int digest_file(int fd, EVP_MD_CTX *context)
{
	AUTO(mem_free_text) char *chunk = mem_alloc(CHUNK_BYTES);
	off_t total = 0;
	ssize_t got;

	while ((got = pread(fd, chunk, CHUNK_BYTES, total)) > 0 && total <= LIMIT_BYTES) {
		total += got;
		if (EVP_DigestUpdate(context, chunk, (size_t)got) != 1)
			return -EIO;
	}
	return got < 0 ? -errno : 0;
}

int executable_digest(int fd, const struct stat *status, struct buffer *out, struct error *err)
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1
	    || digest_file(fd, context) < 0 || EVP_DigestFinal_ex(context, digest, &len) != 1)
		return error_set(err, -EIO, "the executable cannot be read");
	if (!is_unchanged(fd, status))
		return error_set(err, -ESTALE, "the executable changed while it was read");
	for (unsigned i = 0; i < len; i++)
		buffer_printf(out, "%02x", digest[i]);
	return 0;
}
