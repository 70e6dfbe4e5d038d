/* SPDX-License-Identifier: Apache-2.0 */
/* update_process.c — clone, exec and exit. */
#include "sensor/container.h"
#include "sensor/state_private.h"

/* Flags of clone, in Falco's numbering. */
#define CLONE_FILES_BIT        (1 << 0)
#define CLONE_PARENT_BIT       (1 << 8)
#define CLONE_THREAD_BIT       (1 << 13)
#define CHILD_IN_NAMESPACE_BIT (1 << 29) /* of its own: the parent knows it by another number */

static struct text text_param(const struct sensor_event *event, unsigned param)
{
	return sensor_event_text(event, param);
}

static int64_t number_param(const struct sensor_event *event, unsigned param)
{
	return sensor_event_number_or(event, param, 0);
}

static uint32_t user_param(const struct sensor_event *event, unsigned param)
{
	return (uint32_t)sensor_event_number_or(event, param, NO_ID);
}

/* What clone and exec both tell. */
static struct thread_record record_of(const struct sensor_event *event)
{
	return (struct thread_record){
		.comm = text_param(event, PARAM_COMM),
		.exe = text_param(event, PARAM_EXE),
		.args = sensor_event_bytes(event, PARAM_ARGS),
		.env = sensor_event_bytes(event, PARAM_ENV),
		.cwd = text_param(event, PARAM_CWD),
		.cgroups = sensor_event_bytes(event, PARAM_CGROUPS),
		.uid = user_param(event, PARAM_UID),
		.gid = user_param(event, PARAM_GID),
		.loginuid = user_param(event, PARAM_LOGINUID),
		.vtid = number_param(event, PARAM_VTID),
		.vpid = number_param(event, PARAM_VPID),
		.descriptor_limit = number_param(event, PARAM_FDLIMIT),
		.pidns_init_start_ns = (uint64_t)number_param(event, PARAM_PIDNS_INIT_START_TS),
		.vm_size_kb = (uint32_t)number_param(event, PARAM_VM_SIZE),
		.vm_rss_kb = (uint32_t)number_param(event, PARAM_VM_RSS),
		.vm_swap_kb = (uint32_t)number_param(event, PARAM_VM_SWAP),
	};
}

static void note_page_faults(struct thread *thread, const struct sensor_event *event)
{
	thread->page_faults_major = (uint64_t)number_param(event, PARAM_PGFT_MAJ);
	thread->page_faults_minor = (uint64_t)number_param(event, PARAM_PGFT_MIN);
}

/* --- clone ------------------------------------------------------------------------------- */

/* Both the parent and the child tell of a clone, in any order. Whichever comes second finds the
 * child there, and not old. */
#define SAME_CLONE_NS (2 * NS_PER_SEC)

static bool is_same_clone(const struct thread *child, const struct sensor_event *event)
{
	return event->time_ns - child->process->clone_time_ns < SAME_CLONE_NS
	       || child->process->clone_time_ns - event->time_ns < SAME_CLONE_NS;
}

static struct thread *add_child(struct sensor_state *state, const struct sensor_event *event,
				int64_t tid, int64_t pid, int64_t parent_pid)
{
	const uint32_t flags = (uint32_t)number_param(event, PARAM_FLAGS);
	struct process *parent;
	struct thread *child;

	if (pid != tid)
		return threads_add(state, tid, threads_find_process(state, pid), pid);
	child = threads_add(state, tid, NULL, pid);
	parent = threads_find_process(state, parent_pid);
	if (parent == NULL || parent == child->process)
		return child;
	process_inherit(child->process, parent);
	child->credentials = child->process->credentials;
	memcpy(child->comm, child->process->comm, COMM_MAX);
	descriptor_table_unref(child->process->descriptors);
	child->process->descriptors = (flags & CLONE_FILES_BIT)
					      ? descriptor_table_ref(parent->descriptors)
					      : descriptor_table_fork(parent->descriptors);
	if ((flags & CLONE_PARENT_BIT) && parent->parent != NULL)
		parent = parent->parent;
	process_set_parent(child->process, parent);
	return child;
}

/* What the child tells is of the child; what the parent tells is mostly of the parent. */
static void clone_seen_by_child(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *child = state->view.thread;
	struct thread_record record = record_of(event);
	const int64_t pid = sensor_event_number_or(event, PARAM_PID, event->tid);
	const struct thread *parent = threads_find(state, number_param(event, PARAM_PTID));

	record.start = event->thread_start;
	record.clone_time_ns = event->time_ns;
	if (child->process->pid != pid || child->process->is_guess
	    || !is_same_clone(child, event)) {
		child = add_child(state, event, event->tid, pid > 0 ? pid : event->tid,
				  parent != NULL ? parent->process->pid : 0);
		state->view.thread = child;
	}
	thread_set(child, &record);
	note_page_faults(child, event);
	container_assign(state->containers, child->process);
}

static void clone_seen_by_parent(struct sensor_state *state, const struct sensor_event *event,
				 int64_t tid)
{
	const uint32_t flags = (uint32_t)number_param(event, PARAM_FLAGS);
	const int64_t vtid = sensor_event_number_or(event, PARAM_VTID, event->tid);
	const struct process *process = state->view.thread->process;
	struct thread *child = threads_find(state, tid);

	if ((flags & CHILD_IN_NAMESPACE_BIT) || vtid != event->tid)
		return; /* the number is not the one we count by; the child will tell */
	if (child != NULL && is_same_clone(child, event) && !child->process->is_guess)
		return;
	child = add_child(state, event, tid, (flags & CLONE_THREAD_BIT) ? process->pid : tid,
			  process->pid);
	if (child->process->pid == tid)
		child->process->clone_time_ns = event->time_ns;
}

void update_clone(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t result = sensor_event_number_or(event, PARAM_RES, -1);

	if (result == 0)
		clone_seen_by_child(state, event);
	else if (result > 0)
		clone_seen_by_parent(state, event, result);
}

/* --- exec -------------------------------------------------------------------------------- */

/* Of all threads only the one that execs goes on, as the leader. */
static void leave_alone(struct sensor_state *state, struct thread *thread)
{
	LIST_FOR_EACH_SAFE (&thread->process->threads, link) {
		struct thread *other = LIST_ITEM(link, struct thread, member);

		if (other != thread)
			threads_remove(state, other, 0);
	}
}

static void say_executable(struct thread_record *record, const struct sensor_event *event)
{
	int64_t flags;

	record->exe_path = text_param(event, PARAM_TRUSTED_EXEPATH);
	if (!sensor_event_number(event, PARAM_FLAGS, &flags))
		return;
	record->has_executable = true;
	record->executable_flags = (uint32_t)flags;
	record->inode = (uint64_t)number_param(event, PARAM_EXE_INO);
	record->ctime_ns = (uint64_t)number_param(event, PARAM_EXE_INO_CTIME);
	record->mtime_ns = (uint64_t)number_param(event, PARAM_EXE_INO_MTIME);
}

static void say_capabilities(struct thread_record *record, const struct sensor_event *event)
{
	int64_t permitted;

	if (!sensor_event_number(event, PARAM_CAP_PERMITTED, &permitted))
		return;
	record->has_capabilities = true;
	record->cap_permitted = (uint64_t)permitted;
	record->cap_inheritable = (uint64_t)number_param(event, PARAM_CAP_INHERITABLE);
	record->cap_effective = (uint64_t)number_param(event, PARAM_CAP_EFFECTIVE);
}

/* Old recorders do not give the kernel's path: then it is what was asked for, from where it was. */
static void guess_path(struct process *process, const struct sensor_event *event,
		       struct thread_record *record)
{
	const struct text asked = text_param(event, PARAM_FILENAME);
	char path[PATH_TEXT_MAX];

	if (record->exe_path.ptr != NULL)
		return;
	shared_text_unref(process->executable.path);
	process->executable.path = NULL;
	if (asked.ptr == NULL)
		return;
	record->exe_path = path_join(path, shared_text_view(process->cwd), asked);
	shared_text_set(&process->executable.path, record->exe_path, NAME_MAX_BYTES);
	record->exe_path = (struct text){ 0 };
}

static void forget_program(struct process *process)
{
	shared_text_unref(process->args);
	shared_text_unref(process->env);
	process->args = process->env = NULL;
	process->executable.flags = 0;
	process->executable.inode = process->executable.ctime_ns = process->executable.mtime_ns = 0;
}

/* Exec gives a process files of its own, and closes those that ask for it. */
static void exec_descriptors(struct process *process)
{
	if (descriptor_table_is_shared(process->descriptors)) {
		struct descriptor_table *own = descriptor_table_fork(process->descriptors);

		descriptor_table_unref(process->descriptors);
		process->descriptors = own;
	}
	descriptor_table_exec(process->descriptors);
}

void update_exec(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *thread = state->view.thread;
	struct process *process = thread->process;
	struct thread_record record = record_of(event);
	int64_t tty, result;

	if (!sensor_event_result(event, &result) || result != 0)
		return;
	leave_alone(state, thread);
	say_executable(&record, event);
	say_capabilities(&record, event);
	record.start = event->thread_start;
	record.vpgid = number_param(event, PARAM_VPGID);
	record.pgid = number_param(event, PARAM_PGID);
	record.has_tty = sensor_event_number(event, PARAM_TTY, &tty);
	record.tty = record.has_tty ? (uint32_t)tty : 0;
	forget_program(process);
	guess_path(process, event, &record);
	thread_set(thread, &record);
	note_page_faults(thread, event);
	exec_descriptors(process);
	container_assign(state->containers, process);
	if (process->parent == NULL) {
		const struct thread *parent = threads_find(state, number_param(event, PARAM_PTID));

		process_set_parent(process, parent != NULL ? parent->process : NULL);
	}
}

/* --- exit -------------------------------------------------------------------------------- */

void update_exit(struct sensor_state *state, const struct sensor_event *event)
{
	state->exiting = true;
	state->reaper = number_param(event, PARAM_REAPER_TID);
}

/* --- containers, as captures tell of them --------------------------------------------------- */

void update_container(struct sensor_state *state, const struct sensor_event *event)
{
	struct text id;
	struct container_info *info =
		container_info_of_event(sensor_event_text(event, PARAM_JSON), &id);

	if (info != NULL)
		container_table_learn(state->containers, id, info);
}
