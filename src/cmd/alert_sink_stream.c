/* SPDX-License-Identifier: Apache-2.0 */
/* alert_sink_stream.c — alerts as lines: to standard output, and at the end of a file. */
#include "cmd/alert_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640

void sink_close_fd(struct sink *sink)
{
	file_close(&sink->fd);
	sink->fd = -1;
}

/* A pipe that is ready takes PIPE_BUF bytes without waiting; more could make us wait for ever. */
static int write_bytes(const struct sink *sink, struct text bytes, struct error *err)
{
	while (bytes.len > 0) {
		ssize_t written;

		if (!alert_output_wait(sink->output, sink->fd, POLLOUT))
			return error_set(err, -EAGAIN, "nobody reads");
		written = write(sink->fd, bytes.ptr, MIN_OF(bytes.len, (size_t)PIPE_BUF));
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return error_set(err, -errno, "%s", strerror(errno));
		if (written > 0)
			bytes = text_from(bytes, (size_t)written);
	}
	return 0;
}

/* One call a line as long as it is short: other programs may write to the same file. */
static int write_line(struct sink *sink, const struct alert *alert, struct error *err)
{
	AUTO_BUFFER struct buffer line = { 0 };

	buffer_add(&line, alert->line.ptr, alert->line.len);
	buffer_add_char(&line, '\n');
	return write_bytes(sink, buffer_text(&line), err);
}

static int open_stdout(struct sink *sink, struct error *err)
{
	sink->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return sink->fd >= 0 ? 0 : error_set(err, -errno, "standard output: %s", strerror(errno));
}

static int open_file(struct sink *sink, struct error *err)
{
	sink->fd = open(sink->target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK,
			FILE_MODE);
	return sink->fd >= 0 ? 0 : error_set(err, -errno, "%s: %s", sink->target, strerror(errno));
}

/* Whoever rotates logs renames the file, and tells nobody. */
static bool is_still_there(const struct sink *sink)
{
	struct stat ours, theirs;

	return sink->fd >= 0 && fstat(sink->fd, &ours) == 0 && stat(sink->target, &theirs) == 0
	       && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static int write_file(struct sink *sink, const struct alert *alert, struct error *err)
{
	int result;

	if (!is_still_there(sink)) {
		sink_close_fd(sink);
		if (open_file(sink, err) != 0)
			return -EAGAIN;
	}
	result = write_line(sink, alert, err);
	/* EPIPE: a named pipe, until it is read again */
	return result == -ENOSPC || result == -EDQUOT || result == -EPIPE ? -EAGAIN : result;
}

const struct sink_ops stdout_sink = {
	.kind = "stdout",
	.open = open_stdout,
	.write = write_line,
	.close = sink_close_fd,
};

const struct sink_ops file_sink = {
	.kind = "file",
	.target = "PATH",
	.open = open_file,
	.write = write_file,
	.close = sink_close_fd,
};
