/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.h — what the programs share with the sensor: rings, counters, and what is wanted. */
#pragma once

#include "sensor/bpf/kernel.h"

struct scratch {    /* one a processor: a record while it is made */
	__u32 used; /* bytes of pieces */
	__u32 pad;
	char path[PATH_WALK_MAX]; /* as the program gives it */
	/* Where the names of a path of the kernel's begin in the pieces, how many there are, and
	 * where a walk over them stands. Volatile, so that the verifier does not follow their
	 * values. */
	__u16 names[RECORD_DEPTH_MAX];
	volatile __u32 depth, at;
	struct record record;
	char pieces[2 * RECORD_AREA]; /* more than any record takes, so that a mask can bound it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Which clauses the real paths of opened files fit. A file that is renamed, or replaced, has
 * another key; one whose directories further up are renamed is looked at anew when its entry is
 * pushed out. */
struct file_key {
	__u64 dentry, parent, grandparent, name_hash;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, __u64);
} known_files SEC(".maps");

/* A flood of one class of events fills its own ring alone. Sizes are set before loading. */
struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
};
struct ring_map ring_process SEC(".maps");
struct ring_map ring_rare SEC(".maps");
struct ring_map ring_network SEC(".maps");
struct ring_map ring_file SEC(".maps");

/* One row a processor, so that none waits for another. */
struct ring_count counts[COUNT_ROWS][RING_COUNT];

/* What a process, and all of its cgroup, wrote into a ring of late: by a hash, in windows of time.
 */
struct budget process_budgets[RING_COUNT][BUDGET_ROWS];
struct budget cgroup_budgets[RING_COUNT][BUDGET_ROWS];

/* Written by the sensor, through the mapped memory of these variables. */
struct call_plan plans[CALL_LIMIT];
__u8 native_calls[CALL_NUMBERS]; /* system call number -> row of plans; 0: not wanted */
__u8 compat_calls[CALL_NUMBERS];
__u8 wanted_numbers[CALL_NUMBERS]; /* one of the two is: the first look at most calls is the last */
struct call_filter filters[CALL_LIMIT];
struct path_automaton automaton;
__u8 filtering;
__u32 own_pid;           /* what we do ourselves is not told */
volatile __u32 sleeping; /* the sensor waits: the next record wakes it */
