/* SPDX-License-Identifier: Apache-2.0 */
/* threads.c — threads and processes come, change and go. */
#include "sensor/container.h"
#include "sensor/state_private.h"

struct thread *threads_find(const struct sensor_state *state, int64_t tid)
{
	return id_map_get(&state->threads, tid);
}

struct process *threads_find_process(const struct sensor_state *state, int64_t pid)
{
	return id_map_get(&state->processes, pid);
}

const struct process *process_ancestor(const struct process *process, unsigned steps)
{
	while (process != NULL && steps-- > 0)
		process = process->parent;
	return process;
}

/* --- processes --------------------------------------------------------------------------- */

static struct process *add_process(struct sensor_state *state, int64_t pid)
{
	struct process *process = MEM_NEW(struct process);

	process->pid = process->vpid = pid;
	process->is_guess = true;
	process->credentials =
		(struct credentials){ .uid = NO_ID, .gid = NO_ID, .loginuid = NO_ID };
	list_init(&process->children);
	list_init(&process->threads);
	process->descriptors = descriptor_table_new();
	id_map_put(&state->processes, pid, process);
	return process;
}

/* No process may be its own ancestor, whatever events say. */
static bool would_loop(const struct process *process, const struct process *parent)
{
	for (; parent != NULL; parent = parent->parent)
		if (parent == process)
			return true;
	return false;
}

void process_set_parent(struct process *process, struct process *parent)
{
	if (process->parent == parent || would_loop(process, parent))
		return;
	if (process->parent != NULL) {
		list_remove(&process->sibling);
		process->parent->child_count--;
	}
	process->parent = parent;
	if (parent != NULL) {
		list_append(&parent->children, &process->sibling);
		parent->child_count++;
	}
}

static void inherit_text(struct shared_text **slot, struct shared_text *text)
{
	struct shared_text *before = *slot;

	*slot = shared_text_ref(text);
	shared_text_unref(before);
}

void process_inherit(struct process *child, const struct process *parent)
{
	inherit_text(&child->exe, parent->exe);
	inherit_text(&child->args, parent->args);
	inherit_text(&child->env, parent->env);
	inherit_text(&child->cwd, parent->cwd);
	inherit_text(&child->cgroups, parent->cgroups);
	inherit_text(&child->executable.path, parent->executable.path);
	child->executable.flags = parent->executable.flags;
	child->executable.inode = parent->executable.inode;
	child->executable.ctime_ns = parent->executable.ctime_ns;
	child->executable.mtime_ns = parent->executable.mtime_ns;
	memcpy(child->comm, parent->comm, COMM_MAX);
	child->credentials = parent->credentials;
	child->sid = parent->sid;
	child->pgid = parent->pgid;
	child->vpgid = parent->vpgid;
	child->tty = parent->tty;
	child->descriptor_limit = parent->descriptor_limit;
	child->pidns_init_start_ns = parent->pidns_init_start_ns;
	container_unref(child->container);
	child->container = container_ref(parent->container);
	child->container_cgroups = parent->container_cgroups;
	child->is_guess = parent->is_guess;
}

/* The kernel's choice is in the event; where it is not known, init's. */
static struct process *reaper_of(struct sensor_state *state, const struct process *process,
				 int64_t reaper)
{
	const struct thread *thread = reaper > 0 ? threads_find(state, reaper) : NULL;
	struct process *init = threads_find_process(state, 1);

	if (thread != NULL && thread->process != process)
		return thread->process;
	return init != process ? init : NULL;
}

static void remove_process(struct sensor_state *state, struct process *process, int64_t reaper)
{
	struct process *next = reaper_of(state, process, reaper);

	LIST_FOR_EACH_SAFE (&process->children, link) {
		struct process *child = LIST_ITEM(link, struct process, sibling);

		process_set_parent(child, NULL);
		process_set_parent(child, next);
	}
	process_set_parent(process, NULL);
	if (threads_find_process(state, process->pid) == process)
		id_map_remove(&state->processes, process->pid);
	shared_text_unref(process->exe);
	shared_text_unref(process->args);
	shared_text_unref(process->env);
	shared_text_unref(process->cwd);
	shared_text_unref(process->cgroups);
	shared_text_unref(process->executable.path);
	descriptor_table_unref(process->descriptors);
	container_unref(process->container);
	mem_free(process);
}

/* --- threads ----------------------------------------------------------------------------- */

void threads_remove(struct sensor_state *state, struct thread *thread, int64_t reaper)
{
	struct process *process = thread->process;

	id_map_remove(&state->threads, thread->tid);
	list_remove(&thread->used);
	list_remove(&thread->member);
	if (state->view.thread == thread)
		state->view.thread = NULL;
	mem_free(thread);
	if (--process->thread_count == 0)
		remove_process(state, process, reaper);
}

/* Room for one more. Not init, nor whoever the event is of. */
static void evict(struct sensor_state *state, const struct process *keep)
{
	LIST_FOR_EACH (&state->used, link) {
		struct thread *thread = LIST_ITEM(link, struct thread, used);

		if (thread->process == keep || thread->tid == 1 || thread == state->view.thread)
			continue;
		state->counters.threads_evicted++;
		threads_remove(state, thread, 0);
		return;
	}
}

struct thread *threads_add(struct sensor_state *state, int64_t tid, struct process *process,
			   int64_t pid)
{
	struct thread *before = threads_find(state, tid);
	struct thread *thread = MEM_NEW(struct thread);

	if (process != NULL)
		process->thread_count++; /* may not go now */
	if (before != NULL)
		threads_remove(state, before, 0);
	if (state->threads.count >= state->threads_max)
		evict(state, process);
	if (process == NULL) {
		process = add_process(state, pid);
		process->thread_count = 1;
	}
	thread->tid = thread->vtid = tid;
	thread->process = process;
	thread->credentials = process->credentials;
	memcpy(thread->comm, process->comm, COMM_MAX);
	list_append(&process->threads, &thread->member);
	list_append(&state->used, &thread->used);
	id_map_put(&state->threads, tid, thread);
	return thread;
}

/* --- what is said of them ---------------------------------------------------------------- */

void comm_set(char comm[COMM_MAX], struct text text)
{
	const size_t len = MIN_OF(text.len, (size_t)COMM_MAX - 1);

	if (text.ptr == NULL)
		return;
	memset(comm, 0, COMM_MAX);
	memcpy(comm, text.ptr, len);
}

static void set_if_said(int64_t *slot, int64_t number)
{
	if (number > 0)
		*slot = number;
}

static void set_credentials(struct credentials *credentials, const struct thread_record *record)
{
	if (record->uid != NO_ID)
		credentials->uid = record->uid;
	if (record->gid != NO_ID)
		credentials->gid = record->gid;
	if (record->loginuid != NO_ID)
		credentials->loginuid = record->loginuid;
	if (!record->has_capabilities)
		return;
	credentials->cap_inheritable = record->cap_inheritable;
	credentials->cap_permitted = record->cap_permitted;
	credentials->cap_effective = record->cap_effective;
}

static void set_executable(struct executable *executable, const struct thread_record *record)
{
	shared_text_set(&executable->path, record->exe_path, NAME_MAX_BYTES);
	if (!record->has_executable)
		return;
	executable->flags = record->executable_flags;
	executable->inode = record->inode;
	executable->ctime_ns = record->ctime_ns;
	executable->mtime_ns = record->mtime_ns;
}

static void set_process(struct process *process, const struct thread_record *record)
{
	shared_text_set(&process->exe, record->exe, ARGUMENTS_MAX);
	shared_text_set(&process->args, record->args, ARGUMENTS_MAX);
	shared_text_set(&process->env, record->env, ARGUMENTS_MAX);
	shared_text_set(&process->cwd, record->cwd, NAME_MAX_BYTES);
	shared_text_set(&process->cgroups, record->cgroups, CGROUPS_MAX);
	set_executable(&process->executable, record);
	set_if_said(&process->vpid, record->vpid);
	set_if_said(&process->sid, record->sid);
	set_if_said(&process->pgid, record->pgid);
	set_if_said(&process->vpgid, record->vpgid);
	set_if_said(&process->descriptor_limit, record->descriptor_limit);
	if (record->has_tty)
		process->tty = record->tty;
	if (record->pidns_init_start_ns != 0)
		process->pidns_init_start_ns = record->pidns_init_start_ns;
	if (record->vm_size_kb != 0) {
		process->vm_size_kb = record->vm_size_kb;
		process->vm_rss_kb = record->vm_rss_kb;
		process->vm_swap_kb = record->vm_swap_kb;
	}
	process->is_guess = false;
}

void thread_set(struct thread *thread, const struct thread_record *record)
{
	struct process *process = thread->process;

	comm_set(thread->comm, record->comm);
	set_if_said(&thread->vtid, record->vtid);
	set_credentials(&thread->credentials, record);
	if (record->start != 0)
		thread->start = record->start;
	set_process(process, record);
	if (thread->tid != process->pid && process->thread_count > 1)
		return;
	memcpy(process->comm, thread->comm, COMM_MAX);
	process->credentials = thread->credentials;
	if (record->start != 0)
		process->start = record->start;
	if (record->clone_time_ns != 0)
		process->clone_time_ns = record->clone_time_ns;
}
