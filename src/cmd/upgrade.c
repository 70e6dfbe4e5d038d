/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIAL_NS         (5 * NS_PER_SEC)
#define ARGUMENTS_MAX    256
#define COMMAND_LINE_MAX (256 * 1024)

/* Where this program lies, or lay: the kernel marks a file that was replaced. */
static int own_path(char *out, size_t size, struct error *err)
{
	static const char mark[] = " (deleted)";
	const ssize_t len = readlink("/proc/self/exe", out, size - 1);

	if (len <= 0)
		return error_set(err, -errno, "/proc/self/exe: %s", strerror(errno));
	out[len] = '\0';
	if (text_ends_with(text_of(out), text_of(mark)))
		out[(size_t)len - strlen(mark)] = '\0';
	return 0;
}

static int wait_for(pid_t pid, int *wait_status)
{
	const uint64_t end = clock_monotonic_ns() + TRIAL_NS;
	const struct timespec pause = { .tv_nsec = 5 * NS_PER_MS };

	while (waitpid(pid, wait_status, WNOHANG) == 0) {
		if (clock_monotonic_ns() >= end) {
			kill(pid, SIGKILL);
			waitpid(pid, wait_status, 0);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int try_out(const char *path, struct error *err)
{
	const pid_t pid = fork();
	int wait_status = 0;

	if (pid == 0) {
		const int nowhere = open("/dev/null", O_RDWR);

		dup2(nowhere, STDOUT_FILENO);
		execl(path, "mangrove", "version", (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return error_set(err, -errno, "fork: %s", strerror(errno));
	if (wait_for(pid, &wait_status) < 0)
		return error_set(err, -ETIMEDOUT, "%s does not end when asked for its version",
				 path);
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
		return error_set(err, -ENOEXEC, "%s is no program that runs here", path);
	return 0;
}

int upgrade_exec(const char *children, struct error *err)
{
	char path[4096];
	char *argv[ARGUMENTS_MAX + 1] = { 0 };
	AUTO_BUFFER struct buffer line = { 0 };
	size_t count = 0;
	int code = own_path(path, sizeof(path), err);

	if (code == 0)
		code = try_out(path, err);
	if (code == 0)
		code = file_read("/proc/self/cmdline", COMMAND_LINE_MAX, &line, err);
	if (code < 0)
		return code;
	for (size_t at = 0; at < line.len && count < ARGUMENTS_MAX;
	     at += strlen(argv[count - 1]) + 1)
		argv[count++] = line.data + at;
	setenv(UPGRADE_CHILDREN, children, 1);
	execv(path, argv);
	unsetenv(UPGRADE_CHILDREN);
	return error_set(err, -errno, "%s: %s", path, strerror(errno));
}

pid_t upgrade_child(const char *children, const char *role)
{
	struct text rest = text_of(children);

	while (rest.ptr != NULL) {
		struct text pid = text_split(&rest, ',');
		const struct text name = text_split(&pid, '=');
		uint64_t number;

		if (text_is(name, role) && text_parse_number(pid, INT32_MAX, &number))
			return (pid_t)number;
	}
	return 0;
}
