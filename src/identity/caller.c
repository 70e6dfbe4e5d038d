/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/caller.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* Field 22 of /proc/PID/stat, counted behind the name, which may hold anything (proc(5)). */
static uint64_t read_start(pid_t pid)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/stat", (int)pid);
	AUTO_BUFFER struct buffer stat = { 0 };
	uint64_t started = 0;

	if (file_read(path, 4096, &stat, NULL) < 0)
		return 0;

	const size_t name_end = text_find_last_char(buffer_text(&stat), ')');

	if (name_end == TEXT_NONE || name_end + 2 > stat.len)
		return 0;

	struct text rest = text_from(buffer_text(&stat), name_end + 2);

	for (int field = 3; field < 22; field++)
		text_split(&rest, ' ');
	if (rest.ptr == NULL
	    || !text_parse_number(text_split(&rest, ' '), UINT64_MAX - 1, &started))
		return 0;
	return started;
}

/* A pidfd becomes readable when its process ends. */
static bool is_alive(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) == 0;
}

/* When the very process that connected started: it lived before and after its start was read, so
 * the pid was its own all the time. */
static uint64_t start_of_peer(int fd, pid_t pid)
{
	AUTO_FD int pidfd = -1;
	socklen_t len = sizeof(pidfd);
	uint64_t started;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
		return errno == ENOPROTOOPT ? read_start(pid) : 0; /* a kernel before 6.5 */
	started = read_start(pid);
	return is_alive(pidfd) ? started : 0;
}

int caller_of_socket(int fd, struct caller *out)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	*out = (struct caller){ .pid = credentials.pid,
				.uid = credentials.uid,
				.gid = credentials.gid,
				.started = start_of_peer(fd, credentials.pid) };
	return 0;
}

bool caller_is_there(const struct caller *caller)
{
	return caller->started != 0 && read_start(caller->pid) == caller->started;
}

/* The second of the four numbers behind "Uid:" or "Gid:" is the effective one. */
static bool read_effective(struct text status, struct text label, uint32_t *out)
{
	while (status.ptr != NULL) {
		struct text line = text_split(&status, '\n');
		uint64_t number;

		if (!text_starts_with(line, label))
			continue;
		text_split(&line, '\t');
		text_split(&line, '\t');
		if (line.ptr == NULL
		    || !text_parse_number(text_split(&line, '\t'), UINT32_MAX, &number))
			return false;
		*out = (uint32_t)number;
		return true;
	}
	return false;
}

int caller_of_pid(pid_t pid, struct caller *out, struct error *err)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/status", (int)pid);
	AUTO_BUFFER struct buffer status = { 0 };

	*out = (struct caller){ .pid = pid, .started = read_start(pid) };
	if (out->started == 0 || file_read(path, 65536, &status, NULL) < 0
	    || !read_effective(buffer_text(&status), TEXT("Uid:"), &out->uid)
	    || !read_effective(buffer_text(&status), TEXT("Gid:"), &out->gid))
		return error_set(err, -ESRCH, "there is no process %d", (int)pid);
	return 0;
}
