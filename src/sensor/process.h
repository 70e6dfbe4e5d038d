/* SPDX-License-Identifier: Apache-2.0 */
/* process.h — threads and processes, as they are known after the events so far.
 *
 * A process is a thread group: it stays as long as one of its threads does. What the kernel keeps
 * for each thread (identity, name, capabilities) is the thread's here, the rest the process's.
 * Parents are those of this moment: when a process ends, its children go to whom the kernel gives
 * them. All of it belongs to the state (state.h); who reads it does so until the next event. */
#pragma once

#include "base/base.h"
#include "sensor/descriptor.h"
#include "sensor/shared_text.h"

#define COMM_MAX 16 /* with its NUL, as in the kernel */
#define NO_ID    UINT32_MAX

struct container;

struct credentials {
	uint32_t uid, gid, loginuid; /* NO_ID: not known, or none */
	uint64_t cap_inheritable, cap_permitted, cap_effective;
};

/* Falco's numbering, as in the flags of execve's exit. */
enum executable_flag {
	EXECUTABLE_WRITABLE = 1 << 0, /* by the user who runs it */
	EXECUTABLE_UPPER_LAYER = 1 << 1,
	EXECUTABLE_FROM_MEMFD = 1 << 2,
	EXECUTABLE_LOWER_LAYER = 1 << 3,
};

struct executable {
	struct shared_text *path; /* the kernel's; NULL: not known */
	uint32_t flags;           /* enum executable_flag */
	uint64_t inode;
	uint64_t ctime_ns, mtime_ns; /* since 1970 */
};

struct process {
	int64_t pid, vpid; /* outermost namespace; the process's own */
	int64_t sid, pgid, vpgid;
	uint64_t start;         /* ns since boot; 0: not known */
	uint64_t clone_time_ns; /* since 1970; 0: not known */
	struct process *parent; /* NULL: none known */
	struct list children;   /* of process.sibling */
	struct list sibling;
	struct list threads; /* of thread.member */
	size_t thread_count, child_count;
	char comm[COMM_MAX];                  /* of the thread that leads */
	struct shared_text *exe, *args, *env; /* argv[0]; the rest, and env: each with its NUL */
	struct shared_text *cwd;
	struct shared_text *cgroups; /* "subsystem=path", each with its NUL */
	struct executable executable;
	struct credentials credentials; /* of the thread that leads */
	uint32_t tty;
	int64_t descriptor_limit;
	uint64_t pidns_init_start_ns;
	uint32_t vm_size_kb, vm_rss_kb, vm_swap_kb;
	struct descriptor_table *descriptors;        /* a reference */
	struct container *container;                 /* a reference; NULL: the host */
	const struct shared_text *container_cgroups; /* `cgroups` as it was when that was found */
	bool is_guess;                               /* nothing but its number is known */
};

struct thread {
	int64_t tid, vtid;
	uint64_t start; /* ns since boot; 0: not known */
	struct process *process;
	struct list member; /* of process.threads */
	struct list used;   /* in the order of use, for eviction */
	uint64_t used_ns;   /* event time of the last use, to the second */
	char comm[COMM_MAX];
	struct credentials credentials;
	uint64_t page_faults_major, page_faults_minor;
	uint64_t tries_ns; /* a guess: not looked up again before this */
};

/* The process itself for 0, its parent for 1, and so on; NULL where it is not known. */
const struct process *process_ancestor(const struct process *process, unsigned steps);
