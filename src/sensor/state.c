/* SPDX-License-Identifier: Apache-2.0 */
/* state.c — an event goes in, the view of it comes out; who is unknown is looked up. */
#include "sensor/state_private.h"

#define PURGE_EVERY_NS (20 * NS_PER_SEC)
#define IDLE_NS        (300 * NS_PER_SEC)
#define PURGE_AT_ONCE  64 /* threads looked at in one go: an event must not wait long */
#define TRY_AGAIN_NS   (2 * NS_PER_SEC)

struct sensor_state *sensor_state_new(const struct sensor_state_options *options)
{
	struct sensor_state *state = MEM_NEW(struct sensor_state);

	list_init(&state->used);
	state->threads_max = options->threads_max > 0 ? options->threads_max : THREADS_MAX_DEFAULT;
	state->source = options->source;
	state->lookups_a_second = options->lookups_a_second > 0 ? options->lookups_a_second
								: LOOKUPS_A_SECOND_DEFAULT;
	state->closing = -1;
	state->containers = container_table_new(options->inspector);
	return state;
}

void sensor_state_free(struct sensor_state *state)
{
	if (state == NULL)
		return;
	while (!list_is_empty(&state->used))
		threads_remove(state, LIST_ITEM(state->used.next, struct thread, used), 0);
	descriptor_unref(state->failed);
	container_table_free(state->containers);
	id_map_done(&state->threads);
	id_map_done(&state->processes);
	mem_free(state);
}

/* --- who did it -------------------------------------------------------------------------- */

static bool may_look_up(struct sensor_state *state, uint64_t now_ns)
{
	const uint64_t second = now_ns / NS_PER_SEC;

	if (state->source == NULL)
		return false;
	if (second != state->lookups_second) {
		state->lookups_second = second;
		state->lookups_left = state->lookups_a_second;
	}
	if (state->lookups_left == 0) {
		state->counters.lookups_refused++;
		return false;
	}
	state->lookups_left--;
	return true;
}

static bool look_up(struct sensor_state *state, int64_t tid, uint64_t now_ns)
{
	if (!may_look_up(state, now_ns))
		return false;
	if (!state->source->add_thread(state->source, state, tid)
	    || threads_find(state, tid) == NULL) {
		state->counters.lookups_failed++;
		return false;
	}
	state->counters.threads_looked_up++;
	return true;
}

/* A thread that nobody told of: of a process we know, found by the source, or else a guess. */
static struct thread *meet(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t pid = event->pid > 0 ? event->pid : event->tid;
	struct process *process = threads_find_process(state, pid);
	struct thread *thread;

	if (process == NULL && look_up(state, event->tid, event->time_ns))
		return threads_find(state, event->tid);
	thread = threads_add(state, event->tid, process, pid);
	thread->start = event->thread_start;
	thread->tries_ns = event->time_ns + TRY_AGAIN_NS;
	return thread;
}

/* /proc tells when a thread began in hundredths of a second only. */
#define TICK_NS (10 * NS_PER_MS)

static bool began_together(uint64_t a, uint64_t b)
{
	return a == b || a / TICK_NS == b / TICK_NS;
}

static bool is_another(const struct thread *thread, const struct sensor_event *event)
{
	return event->thread_start != 0 && thread->start != 0
	       && !began_together(thread->start, event->thread_start);
}

static void note_use(struct sensor_state *state, struct thread *thread, uint64_t now_ns)
{
	if (now_ns - thread->used_ns < NS_PER_SEC)
		return;
	thread->used_ns = now_ns;
	list_remove(&thread->used);
	list_append(&state->used, &thread->used);
}

static struct thread *thread_of(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *thread = threads_find(state, event->tid);

	if (thread != NULL && is_another(thread, event)) {
		state->counters.threads_replaced++;
		threads_remove(state, thread, 0);
		thread = NULL;
	}
	if (thread == NULL)
		thread = meet(state, event);
	else if (thread->process->is_guess && event->time_ns >= thread->tries_ns) {
		thread->tries_ns = event->time_ns + TRY_AGAIN_NS;
		if (look_up(state, event->tid, event->time_ns))
			thread = threads_find(state, event->tid);
	}
	note_use(state, thread, event->time_ns);
	return thread;
}

/* --- what is over ------------------------------------------------------------------------ */

static void settle(struct sensor_state *state)
{
	struct thread *thread = state->view.thread;

	if (thread != NULL && state->closing >= 0)
		descriptor_table_remove(thread->process->descriptors, state->closing);
	if (thread != NULL && state->exiting)
		threads_remove(state, thread, state->reaper);
	descriptor_unref(state->failed);
	state->failed = NULL;
	state->closing = -1;
	state->exiting = false;
}

/* Threads that ended while nobody told: some of those that were not heard of for long. */
static void purge(struct sensor_state *state, uint64_t now_ns)
{
	size_t looked_at = 0;

	state->purge_ns = now_ns + PURGE_EVERY_NS;
	if (state->source == NULL)
		return;
	LIST_FOR_EACH_SAFE (&state->used, link) {
		struct thread *thread = LIST_ITEM(link, struct thread, used);

		if (now_ns - thread->used_ns < IDLE_NS)
			return;
		if (looked_at++ == PURGE_AT_ONCE) {
			state->purge_ns = now_ns + NS_PER_SEC; /* more of them soon */
			return;
		}
		thread->used_ns = now_ns;
		list_remove(&thread->used);
		list_append(&state->used, &thread->used);
		if (state->source->is_alive(state->source, thread->tid, thread->start))
			continue;
		state->counters.threads_purged++;
		threads_remove(state, thread, 0);
	}
}

/* --- events ------------------------------------------------------------------------------ */

static update_fn *const updates[EVENT_TYPE_LIMIT] = {
	[EVENT_CLONE_11_X] = update_clone,
	[EVENT_CLONE_16_X] = update_clone,
	[EVENT_CLONE_17_X] = update_clone,
	[EVENT_CLONE_X] = update_clone,
	[EVENT_CLONE3_X] = update_clone,
	[EVENT_FORK_16_X] = update_clone,
	[EVENT_FORK_17_X] = update_clone,
	[EVENT_FORK_X] = update_clone,
	[EVENT_VFORK_16_X] = update_clone,
	[EVENT_VFORK_17_X] = update_clone,
	[EVENT_VFORK_X] = update_clone,
	[EVENT_EXECVE_8_X] = update_exec,
	[EVENT_EXECVE_13_X] = update_exec,
	[EVENT_EXECVE_14_X] = update_exec,
	[EVENT_EXECVE_15_X] = update_exec,
	[EVENT_EXECVE_16_X] = update_exec,
	[EVENT_EXECVE_17_X] = update_exec,
	[EVENT_EXECVE_18_X] = update_exec,
	[EVENT_EXECVE_X] = update_exec,
	[EVENT_EXECVEAT_X] = update_exec,
	[EVENT_PROCEXIT_E] = update_exit,
	[EVENT_PROCEXIT_1_E] = update_exit,
	[EVENT_CHDIR_X] = update_directory,
	[EVENT_FCHDIR_X] = update_directory,
	[EVENT_SETUID_X] = update_identity,
	[EVENT_SETRESUID_X] = update_identity,
	[EVENT_SETGID_X] = update_identity,
	[EVENT_SETRESGID_X] = update_identity,
	[EVENT_SETSID_X] = update_session,
	[EVENT_SETPGID_X] = update_group,
	[EVENT_CAPSET_X] = update_capabilities,
	[EVENT_PRCTL_X] = update_name,

	[EVENT_CONTAINER_JSON_E] = update_container,
	[EVENT_CONTAINER_JSON_2_E] = update_container,

	[EVENT_OPEN_X] = update_open,
	[EVENT_CREAT_X] = update_open,
	[EVENT_OPENAT_X] = update_open,
	[EVENT_OPENAT_2_X] = update_open,
	[EVENT_OPENAT2_X] = update_open,
	[EVENT_OPEN_BY_HANDLE_AT_X] = update_open,
	[EVENT_CLOSE_X] = update_close,
	[EVENT_DUP_X] = update_duplicate,
	[EVENT_DUP_1_X] = update_duplicate,
	[EVENT_DUP2_X] = update_duplicate,
	[EVENT_DUP3_X] = update_duplicate,
	[EVENT_FCNTL_X] = update_control,
	[EVENT_PIPE_X] = update_pair,
	[EVENT_PIPE2_X] = update_pair,
	[EVENT_SOCKETPAIR_X] = update_pair,
	[EVENT_EVENTFD_X] = update_descriptor,
	[EVENT_EVENTFD2_X] = update_descriptor,
	[EVENT_SIGNALFD_X] = update_descriptor,
	[EVENT_SIGNALFD4_X] = update_descriptor,
	[EVENT_TIMERFD_CREATE_X] = update_descriptor,
	[EVENT_INOTIFY_INIT_X] = update_descriptor,
	[EVENT_INOTIFY_INIT1_X] = update_descriptor,
	[EVENT_EPOLL_CREATE_X] = update_descriptor,
	[EVENT_EPOLL_CREATE1_X] = update_descriptor,
	[EVENT_BPF_X] = update_descriptor,
	[EVENT_BPF_2_X] = update_descriptor,
	[EVENT_USERFAULTFD_X] = update_descriptor,
	[EVENT_IO_URING_SETUP_X] = update_descriptor,
	[EVENT_MEMFD_CREATE_X] = update_descriptor,
	[EVENT_PIDFD_OPEN_X] = update_descriptor,
	[EVENT_PIDFD_GETFD_X] = update_descriptor,

	[EVENT_SOCKET_X] = update_socket,
	[EVENT_BIND_X] = update_bind,
	[EVENT_CONNECT_X] = update_connect,
	[EVENT_ACCEPT_X] = update_accept,
	[EVENT_ACCEPT4_X] = update_accept,
	[EVENT_ACCEPT_5_X] = update_accept,
	[EVENT_ACCEPT4_5_X] = update_accept,
	[EVENT_ACCEPT4_6_X] = update_accept,
	[EVENT_SENDTO_X] = update_datagram,
	[EVENT_SENDMSG_X] = update_datagram,
	[EVENT_RECVFROM_X] = update_datagram,
	[EVENT_RECVMSG_X] = update_datagram,
	[EVENT_GETSOCKOPT_X] = update_socket_option,
};

/* The descriptor that an event is about, where it is one of those that only use it. */
static void find_descriptor(struct sensor_state *state, const struct sensor_event *event)
{
	struct sensor_view *view = &state->view;

	if (!(sensor_event_info(event->type)->flags & EVENT_FLAG_USES_FD)
	    || !sensor_event_number(event, PARAM_FD, &view->number))
		return;
	view->has_number = true;
	view->descriptor = descriptor_table_get(view->thread->process->descriptors, view->number);
}

const struct sensor_view *sensor_state_apply(struct sensor_state *state,
					     const struct sensor_event *event)
{
	update_fn *update;

	settle(state);
	container_table_update(state->containers);
	state->view = (struct sensor_view){ .event = event, .number = -1 };
	if (event->time_ns >= state->purge_ns)
		purge(state, event->time_ns);
	update = event->type < EVENT_TYPE_LIMIT ? updates[event->type] : NULL;
	if (event->tid > 0 && event->type < EVENT_TYPE_LIMIT) {
		state->view.thread = thread_of(state, event);
		find_descriptor(state, event);
	}
	if (update != NULL && (state->view.thread != NULL || update == update_container))
		update(state, event);
	return &state->view;
}

/* --- what ran before --------------------------------------------------------------------- */

struct thread *sensor_state_add_thread(struct sensor_state *state,
				       const struct thread_record *record)
{
	struct process *process = threads_find_process(state, record->pid);
	struct process *parent = threads_find_process(state, record->parent);
	struct thread *thread = threads_find(state, record->tid);

	if (record->tid <= 0 || record->pid <= 0)
		return NULL;
	if (thread == NULL || thread->process->pid != record->pid)
		thread = threads_add(state, record->tid, process, record->pid);
	thread_set(thread, record);
	container_assign(state->containers, thread->process);
	if (parent != NULL)
		process_set_parent(thread->process, parent);
	return thread;
}

bool sensor_state_add_descriptor(struct sensor_state *state, int64_t pid, int64_t number,
				 struct descriptor *descriptor, bool close_on_exec)
{
	struct process *process = threads_find_process(state, pid);

	if (process == NULL || number < 0) {
		descriptor_unref(descriptor);
		return false;
	}
	return descriptor_table_put(process->descriptors, number, descriptor, close_on_exec);
}

const struct thread *sensor_state_thread(const struct sensor_state *state, int64_t tid)
{
	return threads_find(state, tid);
}

const struct process *sensor_state_process(const struct sensor_state *state, int64_t pid)
{
	return threads_find_process(state, pid);
}

size_t sensor_state_thread_count(const struct sensor_state *state)
{
	return state->threads.count;
}

struct state_counters sensor_state_counters(const struct sensor_state *state)
{
	return state->counters;
}
