/* SPDX-License-Identifier: Apache-2.0 */
/* caller.h — the process at the other end of a unix socket, as the kernel knows it.
 *
 * User and group were fixed by the kernel when the socket was connected and need no trust in the
 * process. A pid may be used again by another process, so it counts only together with the time it
 * started: from 0 (not known for sure) nothing may be concluded. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

struct caller {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint64_t started; /* clock ticks after boot; 0: gone, or not to be told from another */
};

int caller_of_socket(int fd, struct caller *out);
/* For explaining alone: the effective user and group of a running process. -ESRCH: there is none.
 */
int caller_of_pid(pid_t pid, struct caller *out, struct error *err);
/* Still the same process? Ask after reading about it in /proc, not before. */
bool caller_is_there(const struct caller *caller);
