/* SPDX-License-Identifier: Apache-2.0 */
/* update_identity.c — who a thread is, what it is called and where it stands. */
#include "sensor/state_private.h"

static bool succeeded(const struct sensor_event *event)
{
	int64_t result;

	return sensor_event_result(event, &result) && result >= 0;
}

/* The thread that leads stands for its process where others are told of it. */
static void copy_to_process(const struct thread *thread)
{
	struct process *process = thread->process;

	if (thread->tid != process->pid)
		return;
	process->credentials = thread->credentials;
	memcpy(process->comm, thread->comm, COMM_MAX);
}

void update_directory(struct sensor_state *state, const struct sensor_event *event)
{
	struct process *process = state->view.thread->process;
	const struct descriptor *descriptor = state->view.descriptor;
	struct text path = sensor_event_text(event, PARAM_PATH);
	char joined[PATH_TEXT_MAX];

	if (!succeeded(event))
		return;
	if (event->type == EVENT_FCHDIR_X)
		path = descriptor != NULL ? shared_text_view(descriptor->name) : (struct text){ 0 };
	if (path.ptr != NULL)
		shared_text_set(&process->cwd,
				path_join(joined, shared_text_view(process->cwd), path),
				NAME_MAX_BYTES);
}

/* setuid and setresuid alike: the effective user is who acts. */
void update_identity(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *thread = state->view.thread;
	int64_t id = NO_ID;

	if (!succeeded(event))
		return;
	if (sensor_event_number(event, PARAM_UID, &id)
	    || sensor_event_number(event, PARAM_EUID, &id)) {
		if (id != NO_ID)
			thread->credentials.uid = (uint32_t)id;
	} else if (sensor_event_number(event, PARAM_GID, &id)
		   || sensor_event_number(event, PARAM_EGID, &id)) {
		if (id != NO_ID)
			thread->credentials.gid = (uint32_t)id;
	}
	copy_to_process(thread);
}

void update_session(struct sensor_state *state, const struct sensor_event *event)
{
	struct process *process = state->view.thread->process;

	if (!succeeded(event))
		return;
	process->sid = process->pgid = process->pid;
	process->vpgid = process->vpid;
}

/* Numbers are those of the caller's namespace; where that is not ours only its own is told. */
void update_group(struct sensor_state *state, const struct sensor_event *event)
{
	struct process *self = state->view.thread->process;
	const int64_t pid = sensor_event_number_or(event, PARAM_PID, 0);
	const int64_t group = sensor_event_number_or(event, PARAM_PGID, 0);
	struct process *process = self;

	if (!succeeded(event))
		return;
	if (pid != 0 && pid != self->vpid)
		process = self->vpid == self->pid ? threads_find_process(state, pid) : NULL;
	if (process == NULL)
		return;
	process->vpgid = group != 0 ? group : process->vpid;
	if (self->vpid == self->pid)
		process->pgid = group != 0 ? group : process->pid;
}

void update_capabilities(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *thread = state->view.thread;
	struct credentials *credentials = &thread->credentials;

	if (!succeeded(event))
		return;
	credentials->cap_inheritable =
		(uint64_t)sensor_event_number_or(event, PARAM_CAP_INHERITABLE, 0);
	credentials->cap_permitted =
		(uint64_t)sensor_event_number_or(event, PARAM_CAP_PERMITTED, 0);
	credentials->cap_effective =
		(uint64_t)sensor_event_number_or(event, PARAM_CAP_EFFECTIVE, 0);
	copy_to_process(thread);
}

#define PRCTL_SET_NAME 15

void update_name(struct sensor_state *state, const struct sensor_event *event)
{
	struct thread *thread = state->view.thread;

	if (!succeeded(event) || sensor_event_number_or(event, PARAM_OPTION, 0) != PRCTL_SET_NAME)
		return;
	comm_set(thread->comm, sensor_event_text(event, PARAM_ARG2_STR));
	copy_to_process(thread);
}
