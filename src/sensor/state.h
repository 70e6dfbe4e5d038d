/* SPDX-License-Identifier: Apache-2.0 */
/* state.h — what the machine looks like after the events so far: who runs, what is open.
 *
 *	sensor_state_new -> add_thread, add_descriptor (what ran before) -> apply (each event)
 *
 * Events can be lost, and are under load: the state then repairs itself. A thread never seen is
 * looked up where there is a source to ask (/proc, by default), and counted; one that has the
 *number of another that ended unseen replaces it, told by the time it began; threads not used for
 *long that are gone are let go. Memory is bounded: past a limit the thread least recently used
 *goes, counted.
 *
 * One thread's. Nothing is read or waited for but what the source does, and that is rationed. */
#pragma once

#include "sensor/event.h"
#include "sensor/process.h"

struct inspector;
struct sensor_state;

/* What somebody says of a thread and its process: a capture's list, /proc, an iterator. What is not
 * said (absent text, 0, NO_ID for users) stays as it is, or as the parent has it. */
struct thread_record {
	int64_t tid, pid, parent; /* parent: a process, 0 where unknown */
	int64_t vtid, vpid, sid, pgid, vpgid;
	uint64_t start, clone_time_ns; /* since boot; since 1970 */
	struct text comm, exe, args, env, cwd, cgroups;
	struct text exe_path;
	bool has_executable; /* the rest of `executable` is said */
	uint32_t executable_flags;
	uint64_t inode, ctime_ns, mtime_ns;
	uint32_t uid, gid, loginuid;
	bool has_capabilities;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	bool has_tty;
	uint32_t tty;
	int64_t descriptor_limit;
	uint64_t pidns_init_start_ns;
	uint32_t vm_size_kb, vm_rss_kb, vm_swap_kb;
};

#define THREAD_RECORD_EMPTY                                                                        \
	((struct thread_record){ .uid = NO_ID, .gid = NO_ID, .loginuid = NO_ID })

/* Where threads can be looked up that no event told of. */
struct state_source {
	/* Adds the thread, its process and as many ancestors as are needed; false where it is
	 * gone. */
	bool (*add_thread)(struct state_source *source, struct sensor_state *state, int64_t tid);
	/* Does this very thread still exist? start: ns since boot, 0: any. */
	bool (*is_alive)(struct state_source *source, int64_t tid, uint64_t start);
};

struct sensor_state_options {
	size_t threads_max;          /* 0: THREADS_MAX_DEFAULT */
	struct state_source *source; /* borrowed; NULL: nobody to ask */
	unsigned lookups_a_second;   /* 0: LOOKUPS_A_SECOND_DEFAULT */
	struct inspector *inspector; /* borrowed; NULL: engines are not asked about containers */
};

#define THREADS_MAX_DEFAULT      262144
#define LOOKUPS_A_SECOND_DEFAULT 200

struct state_counters {
	uint64_t threads_looked_up; /* found where events did not tell of them */
	uint64_t lookups_failed;    /* and those not found */
	uint64_t lookups_refused;   /* too many in one second */
	uint64_t threads_replaced;  /* their number was taken by another */
	uint64_t threads_evicted;   /* to stay below the limit */
	uint64_t threads_purged;    /* gone without an event that said so */
	uint64_t descriptors_refused;
};

/* An event among what is known of it. */
struct sensor_view {
	const struct sensor_event *event;
	struct thread *thread;               /* NULL for events of no thread */
	bool has_number;                     /* the event is about a descriptor */
	int64_t number;                      /* negative: what should have made one failed */
	const struct descriptor *descriptor; /* NULL: none, or not known */
	bool name_changed;                   /* the descriptor has another name since this event */
};

struct sensor_state *sensor_state_new(const struct sensor_state_options *options);
void sensor_state_free(struct sensor_state *state);
DEFINE_AUTO(struct sensor_state, sensor_state_free)

/* The view stays as it is until the next call: what the event ends (a descriptor closed, a thread
 * that exits) is taken away only then. */
const struct sensor_view *sensor_state_apply(struct sensor_state *state,
					     const struct sensor_event *event);

struct thread *sensor_state_add_thread(struct sensor_state *state,
				       const struct thread_record *record);
/* Takes the reference. False where the process is not known or has too many. */
bool sensor_state_add_descriptor(struct sensor_state *state, int64_t pid, int64_t number,
				 struct descriptor *descriptor, bool close_on_exec);

const struct thread *sensor_state_thread(const struct sensor_state *state, int64_t tid);
const struct process *sensor_state_process(const struct sensor_state *state, int64_t pid);
size_t sensor_state_thread_count(const struct sensor_state *state);
struct state_counters sensor_state_counters(const struct sensor_state *state);
