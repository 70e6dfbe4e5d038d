/* SPDX-License-Identifier: Apache-2.0 */
/* users.h — the names that numbers of users and groups have: on the host, and in each container.
 *
 * A container's are in its own /etc/passwd and /etc/group, which are read through /proc/PID/root as
 * a path of the container's: no link there leads out of it. What is read is kept; a number that is
 * not found is looked for again after a while, since users may be added. One thread's. */
#pragma once

#include "sensor/process.h"

struct user {
	uint32_t uid, gid;
	struct text name, home, shell;
};

struct group {
	uint32_t gid;
	struct text name;
};

struct users;

/* proc: "/proc", where the host's lies beside it; NULL: nothing is read, as for captures. */
struct users *users_new(const char *proc);
void users_free(struct users *users);
DEFINE_AUTO(struct users, users_free)

/* As a capture tells them; of the host. */
void users_add_user(struct users *users, const struct user *user); /* copied */
void users_add_group(struct users *users, const struct group *group);

/* Of the process's container or of the host; NULL where nobody has that number. Valid until the
 * next call. */
const struct user *users_find(struct users *users, const struct process *process, uint32_t uid,
			      uint64_t now_ns);
const struct group *users_find_group(struct users *users, const struct process *process,
				     uint32_t gid, uint64_t now_ns);
