/* SPDX-License-Identifier: Apache-2.0 */
#include "check/shellcheck.h"

#include "check/grow.h"
#include "resource/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS  (10 * NS_PER_SEC)
#define OUTPUT_LIMIT ((size_t)8 << 20)

bool shellcheck_find(char *out, size_t size)
{
	struct text rest = text_of(getenv("PATH"));

	while (rest.ptr != NULL) {
		const struct text directory = text_split(&rest, ':');

		/* an empty or relative entry is the directory under examination */
		if (directory.len == 0 || directory.ptr[0] != '/')
			continue;
		if ((size_t)snprintf(out, size, "%.*s/shellcheck", TEXT_ARGS(directory)) < size
		    && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

/* ---- the child ---- */

struct child {
	pid_t pid;
	int output; /* its standard output */
	int scripts[SHELLCHECK_SCRIPTS_MAX];
	size_t script_count;
};

static int write_script(const struct shell_source *source)
{
	AUTO_FD int fd = memfd_create("script", MFD_CLOEXEC);
	AUTO_BUFFER struct buffer text = { 0 };
	size_t at = 0;

	/* the first line says the dialect, so that scripts of several share a child */
	buffer_printf(&text, "#!/bin/%s\n", source->dialect);
	buffer_add(&text, source->text.ptr, source->text.len);
	while (fd >= 0 && at < text.len) {
		const ssize_t written = write(fd, text.data + at, text.len - at);

		if (written < 0 && errno != EINTR)
			return -1;
		at += written > 0 ? (size_t)written : 0;
	}
	return fd >= 0 ? file_take(&fd) : -1;
}

static int spawn(struct child *child, const char *program, char **argv, int output)
{
	static char *const environment[] = { "LANG=C.UTF-8", "PATH=/usr/bin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	int result;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < child->script_count; i++) /* onto itself: kept over exec */
		posix_spawn_file_actions_adddup2(&actions, child->scripts[i], child->scripts[i]);
	result = posix_spawn(&child->pid, program, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -result;
}

static int start(struct child *child, const char *program, const struct shell_source *sources,
		 size_t count, struct error *err)
{
	char *argv[SHELLCHECK_SCRIPTS_MAX + 8] = { "shellcheck", "--norc", "--format=json1",
						   "--exclude=SC1090,SC1091,SC2187" };
	char paths[SHELLCHECK_SCRIPTS_MAX][32];
	size_t words = 4;
	int ends[2], result;

	for (size_t i = 0; i < count; i++) {
		child->scripts[i] = write_script(&sources[i]);
		if (child->scripts[i] < 0)
			return error_set(err, -errno, "a script for ShellCheck: %s",
					 strerror(errno));
		child->script_count++;
		snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", child->scripts[i]);
		argv[words++] = paths[i];
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, -errno, "a pipe to ShellCheck: %s", strerror(errno));
	child->output = ends[0];
	result = spawn(child, program, argv, ends[1]);
	close(ends[1]);
	return result == 0 ? 0 : error_set(err, result, "%s: %s", program, strerror(-result));
}

static void end(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL); /* it has said all, or it has had its time */
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (child->output >= 0)
		close(child->output);
	for (size_t i = 0; i < child->script_count; i++)
		close(child->scripts[i]);
}

static int read_output(const struct child *child, struct buffer *out, struct error *err)
{
	const uint64_t deadline = clock_monotonic_ns() + PATIENCE_NS;

	for (;;) {
		const uint64_t now = clock_monotonic_ns();
		struct pollfd ready = { .fd = child->output, .events = POLLIN };
		ssize_t got;

		if (now >= deadline
		    || poll(&ready, 1, (int)((deadline - now) / NS_PER_MS) + 1) == 0)
			return error_set(err, -ETIMEDOUT, "ShellCheck took more than 10 seconds");
		got = read(child->output, buffer_reserve(out, 16384), 16384);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return error_set(err, -errno, "ShellCheck: %s", strerror(errno));
		out->len += got > 0 ? (size_t)got : 0;
		if (out->len > OUTPUT_LIMIT)
			return error_set(err, -EFBIG, "ShellCheck says more than %zu bytes",
					 OUTPUT_LIMIT);
	}
}

/* ---- what it says ---- */

static size_t script_of(const struct child *child, struct text file)
{
	const size_t slash = text_find_last_char(file, '/');
	uint64_t number;

	if (slash == TEXT_NONE || !text_parse_number(text_from(file, slash + 1), 1 << 20, &number))
		return SIZE_MAX;
	for (size_t i = 0; i < child->script_count; i++)
		if (child->scripts[i] == (int)number)
			return i;
	return SIZE_MAX;
}

static unsigned number_at(const struct value *comment, const char *key)
{
	const struct value *value = value_get(comment, key);
	int64_t number;

	return value != NULL && value_as_int(value, &number) && number > 0 && number < INT32_MAX
		       ? (unsigned)number
		       : 0;
}

static void take_comment(const struct child *child, const struct value *comment,
			 struct arena *arena, struct shell_remarks *out)
{
	const struct value *file = value_get(comment, "file");
	const struct value *message = value_get(comment, "message");
	const struct value *level = value_get(comment, "level");
	struct shell_remark remark = { .code = number_at(comment, "code"),
				       .line = number_at(comment, "line"),
				       .column = number_at(comment, "column") };

	if (file == NULL || message == NULL || level == NULL || remark.line < 2
	    || !finding_severity_parse(level->text, &remark.severity))
		return;
	remark.script = script_of(child, file->text);
	if (remark.script == SIZE_MAX)
		return;
	remark.line--; /* the line that says the dialect */
	remark.message = arena_strndup(arena, message->text.ptr, message->text.len);
	out->items = arena_grow(arena, out->items, out->count, &out->capacity, sizeof(*out->items));
	out->items[out->count++] = remark;
}

static int take_output(const struct child *child, struct text output, struct arena *arena,
		       struct shell_remarks *out, struct error *err)
{
	const struct value_source source = { .file = "ShellCheck",
					     .bytes = output,
					     .is_json = true };
	const struct value *document = NULL, *comments;

	if (value_parse(arena, &source, NULL, NULL, &document, err) != 0)
		return error_prefix(err, "what ShellCheck says cannot be read");
	comments = value_get(document, "comments");
	if (comments == NULL)
		return error_set(err, -EPROTO, "ShellCheck says nothing of its findings");
	VALUE_FOR_EACH(comments, comment)
	take_comment(child, comment, arena, out);
	return 0;
}

int shellcheck_run(const char *program, const struct shell_source *sources, size_t count,
		   struct arena *arena, struct shell_remarks *out, struct error *err)
{
	struct child child = { .output = -1 };
	AUTO_BUFFER struct buffer output = { 0 };
	int result;

	*out = (struct shell_remarks){ 0 };
	result =
		start(&child, program, sources, MIN_OF(count, (size_t)SHELLCHECK_SCRIPTS_MAX), err);
	if (result == 0)
		result = read_output(&child, &output, err);
	end(&child);
	return result == 0 ? take_output(&child, buffer_text(&output), arena, out, err) : result;
}
