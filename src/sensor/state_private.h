/* SPDX-License-Identifier: Apache-2.0 */
/* state_private.h — the state's memory, and what its files call of each other. */
#pragma once

#include "sensor/container.h"
#include "sensor/path.h"
#include "sensor/state.h"

#define ARGUMENTS_MAX  4096 /* bytes kept of argument lists and environments */
#define CGROUPS_MAX    4096
#define NAME_MAX_BYTES PATH_TEXT_MAX

struct sensor_state {
	struct id_map threads;   /* tid -> struct thread; owned */
	struct id_map processes; /* pid -> struct process; owned by their threads */
	struct list used;        /* of thread.used, the least recent first */
	size_t threads_max;
	struct container_table *containers; /* owned */
	struct state_source *source;        /* borrowed */
	unsigned lookups_left, lookups_a_second;
	uint64_t lookups_second; /* the second of event time they are counted in */
	uint64_t purge_ns;       /* event time of the next look at idle threads */
	struct state_counters counters;

	struct sensor_view view;   /* of the last event */
	struct descriptor *failed; /* what the last event would have opened; a reference */
	int64_t closing;           /* the descriptor to take away before the next event; or -1 */
	bool exiting;              /* the view's thread goes before the next event */
	int64_t reaper;            /* to whom its children go; 0: init */
};

/* threads.c */
struct thread *threads_find(const struct sensor_state *state, int64_t tid);
struct process *threads_find_process(const struct sensor_state *state, int64_t pid);
/* A new thread of that process, which may be NULL: then of a new process. What had the number
 * before is removed. */
struct thread *threads_add(struct sensor_state *state, int64_t tid, struct process *process,
			   int64_t pid);
void threads_remove(struct sensor_state *state, struct thread *thread, int64_t reaper);
void process_set_parent(struct process *process, struct process *parent);
void process_inherit(struct process *child, const struct process *parent);
/* What the record says becomes so. */
void thread_set(struct thread *thread, const struct thread_record *record);
void comm_set(char comm[COMM_MAX], struct text text);

/* Changes of the state, each by events of some kind: update_*.c. True where the event was theirs.
 */
typedef void update_fn(struct sensor_state *state, const struct sensor_event *event);
update_fn update_container, update_clone, update_exec, update_exit, update_directory,
	update_identity, update_group, update_session, update_capabilities, update_name;
update_fn update_open, update_close, update_duplicate, update_pair, update_descriptor,
	update_control;
update_fn update_socket, update_bind, update_connect, update_accept, update_datagram,
	update_socket_option;

/* Puts a new descriptor under the number and into the view; takes the reference. With a negative
 * number it is what failed to open: for the view alone. */
void state_open(struct sensor_state *state, int64_t number, struct descriptor *descriptor,
		bool close_on_exec);
