/* SPDX-License-Identifier: Apache-2.0 */
/* update_file.c — descriptors are opened, doubled and closed. */
#include <errno.h>
#include <fcntl.h>

#include "sensor/state_private.h"

/* Bits of open's flags, in Falco's numbering. */
#define OPEN_DIRECTORY   (1 << 10)
#define OPEN_CLOEXEC     (1 << 12)
#define OPEN_UPPER_LAYER (1 << 15)
#define OPEN_LOWER_LAYER (1 << 16)

void state_open(struct sensor_state *state, int64_t number, struct descriptor *descriptor,
		bool close_on_exec)
{
	struct sensor_view *view = &state->view;

	view->has_number = true;
	view->number = number;
	view->descriptor = descriptor;
	if (number < 0) {
		descriptor_unref(state->failed);
		state->failed = descriptor;
	} else if (!descriptor_table_put(view->thread->process->descriptors, number, descriptor,
					 close_on_exec)) {
		state->counters.descriptors_refused++;
		view->descriptor = NULL;
	}
}

/* --- files ------------------------------------------------------------------------------- */

/* Where a relative path begins; absent where that is not known. */
static struct text base_of(const struct sensor_state *state, const struct sensor_event *event)
{
	const struct process *process = state->view.thread->process;
	const int64_t directory = sensor_event_number_or(event, PARAM_DIRFD, AT_FDCWD);
	const struct descriptor *descriptor;

	if (directory == AT_FDCWD)
		return shared_text_view(process->cwd);
	descriptor = descriptor_table_get(process->descriptors, directory);
	return descriptor != NULL ? shared_text_view(descriptor->name) : (struct text){ 0 };
}

static struct text asked_path(const struct sensor_event *event)
{
	const struct text name = sensor_event_text(event, PARAM_NAME);

	return name.ptr != NULL ? name : sensor_event_text(event, PARAM_PATH);
}

/* O_CREAT has its upper and lower bits in a word of its own. */
static uint32_t open_flags(const struct sensor_event *event)
{
	const int64_t created = sensor_event_number_or(event, PARAM_CREAT_FLAGS, 0);
	int64_t flags = sensor_event_number_or(event, PARAM_FLAGS, 0);

	if (event->type == EVENT_CREAT_X)
		flags = 2 | 4 | 1 << 8 /* O_WRONLY, O_CREAT, O_TRUNC */
			| ((created & 1) ? OPEN_UPPER_LAYER : 0)
			| ((created & 2) ? OPEN_LOWER_LAYER : 0);
	return (uint32_t)flags;
}

void update_open(struct sensor_state *state, const struct sensor_event *event)
{
	const uint32_t flags = open_flags(event);
	const struct text path = asked_path(event);
	struct descriptor *descriptor;
	char joined[PATH_TEXT_MAX];
	int64_t number;

	if (!sensor_event_result(event, &number))
		return;
	descriptor =
		descriptor_new((flags & OPEN_DIRECTORY) ? DESCRIPTOR_DIRECTORY : DESCRIPTOR_FILE);
	descriptor->flags = flags;
	descriptor->upper_layer = (flags & OPEN_UPPER_LAYER) != 0;
	descriptor->lower_layer = (flags & OPEN_LOWER_LAYER) != 0;
	descriptor->device = (uint32_t)sensor_event_number_or(event, PARAM_DEV, 0);
	descriptor->inode = (uint64_t)sensor_event_number_or(event, PARAM_INO, 0);
	if (path.ptr != NULL) {
		descriptor->name = shared_text_new(path_join(joined, base_of(state, event), path),
						   NAME_MAX_BYTES);
		if (!text_equal(path, shared_text_view(descriptor->name)))
			descriptor->raw_name = shared_text_new(path, NAME_MAX_BYTES);
	}
	state_open(state, number, descriptor, (flags & OPEN_CLOEXEC) != 0);
}

/* The kernel lets go of the number even where close reports another error. */
void update_close(struct sensor_state *state, const struct sensor_event *event)
{
	int64_t result;

	if (state->view.has_number && state->view.number >= 0 && sensor_event_result(event, &result)
	    && result != -EBADF)
		state->closing = state->view.number;
}

/* --- the same by another number ---------------------------------------------------------- */

static void duplicate(struct sensor_state *state, int64_t from, int64_t to, bool close_on_exec)
{
	struct descriptor *descriptor =
		descriptor_table_get(state->view.thread->process->descriptors, from);

	state->view.has_number = true;
	state->view.number = to;
	state->view.descriptor = descriptor;
	if (to < 0 || from == to)
		return;
	if (descriptor == NULL)
		descriptor_table_remove(state->view.thread->process->descriptors, to);
	else {
		descriptor->references++;
		state_open(state, to, descriptor, close_on_exec);
	}
}

void update_duplicate(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t flags = sensor_event_number_or(event, PARAM_FLAGS, 0);
	int64_t from, to;

	if (!sensor_event_result(event, &to))
		return;
	if (!sensor_event_number(event, PARAM_OLDFD, &from)
	    && !sensor_event_number(event, PARAM_FD, &from))
		return;
	duplicate(state, from, to, (flags & OPEN_CLOEXEC) != 0);
}

/* Commands of fcntl, in Falco's numbering. */
#define CONTROL_DUPFD         1
#define CONTROL_DUPFD_CLOEXEC 26

void update_control(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t command = sensor_event_number_or(event, PARAM_CMD, 0);
	int64_t to;

	if ((command == CONTROL_DUPFD || command == CONTROL_DUPFD_CLOEXEC) && state->view.has_number
	    && sensor_event_result(event, &to))
		duplicate(state, state->view.number, to, command == CONTROL_DUPFD_CLOEXEC);
}

/* --- what has no path -------------------------------------------------------------------- */

void update_pair(struct sensor_state *state, const struct sensor_event *event)
{
	const bool is_socket = event->type == EVENT_SOCKETPAIR_X;
	const int64_t flags = sensor_event_number_or(event, PARAM_FLAGS, 0);
	int64_t number, result;

	if (!sensor_event_result(event, &result) || result < 0)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct descriptor *end;

		if (!sensor_event_number(event, i == 0 ? PARAM_FD2 : PARAM_FD1, &number)
		    || number < 0)
			continue;
		end = descriptor_new(is_socket ? DESCRIPTOR_UNIX : DESCRIPTOR_PIPE);
		end->family = is_socket ? AF_UNIX : 0;
		end->inode = (uint64_t)sensor_event_number_or(event, PARAM_INO, 0);
		end->source_id = (uint64_t)sensor_event_number_or(event, PARAM_SOURCE, 0);
		end->destination_id = (uint64_t)sensor_event_number_or(event, PARAM_PEER, 0);
		state_open(state, number, end, !is_socket && (flags & OPEN_CLOEXEC) != 0);
	}
}

static const struct {
	uint16_t event;
	uint8_t kind;
	uint32_t close_on_exec; /* the bit of the event's flags that says so */
} makers[] = {
	{ EVENT_EVENTFD_X, DESCRIPTOR_EVENT, 0 },
	{ EVENT_EVENTFD2_X, DESCRIPTOR_EVENT, OPEN_CLOEXEC },
	{ EVENT_SIGNALFD_X, DESCRIPTOR_SIGNAL, 0 },
	{ EVENT_SIGNALFD4_X, DESCRIPTOR_SIGNAL, OPEN_CLOEXEC },
	{ EVENT_TIMERFD_CREATE_X, DESCRIPTOR_TIMER, 0 },
	{ EVENT_INOTIFY_INIT_X, DESCRIPTOR_INOTIFY, 0 },
	{ EVENT_INOTIFY_INIT1_X, DESCRIPTOR_INOTIFY, OPEN_CLOEXEC },
	{ EVENT_EPOLL_CREATE_X, DESCRIPTOR_EPOLL, 0 },
	{ EVENT_EPOLL_CREATE1_X, DESCRIPTOR_EPOLL, 1 },
	{ EVENT_BPF_X, DESCRIPTOR_BPF, 0 },
	{ EVENT_BPF_2_X, DESCRIPTOR_BPF, 0 },
	{ EVENT_USERFAULTFD_X, DESCRIPTOR_USERFAULT, OPEN_CLOEXEC },
	{ EVENT_IO_URING_SETUP_X, DESCRIPTOR_IO_URING, 0 },
	{ EVENT_MEMFD_CREATE_X, DESCRIPTOR_MEMFD, 1 },
	{ EVENT_PIDFD_OPEN_X, DESCRIPTOR_PIDFD, 0 },
	{ EVENT_PIDFD_GETFD_X, DESCRIPTOR_UNKNOWN, 0 },
};

/* Commands of bpf that make a descriptor. */
static bool makes_descriptor(const struct sensor_event *event)
{
	static const uint64_t commands = 1 << 0 | 1 << 5 | 1 << 7 | 1 << 13 | 1 << 14 | 1 << 17
					 | 1 << 18 | 1 << 19 | UINT64_C(1) << 28 | UINT64_C(1) << 30
					 | UINT64_C(1) << 33;
	const int64_t command = sensor_event_number_or(event, PARAM_CMD, 0);

	if (event->type != EVENT_BPF_X && event->type != EVENT_BPF_2_X)
		return true;
	return command >= 0 && command < 64 && (commands >> command & 1) != 0;
}

void update_descriptor(struct sensor_state *state, const struct sensor_event *event)
{
	const int64_t flags = sensor_event_number_or(event, PARAM_FLAGS, 0);
	const struct text name = sensor_event_text(event, PARAM_NAME);
	int64_t number;

	if (!sensor_event_result(event, &number) || !makes_descriptor(event))
		return;
	for (size_t i = 0; i < COUNT_OF(makers); i++) {
		struct descriptor *descriptor;

		if (makers[i].event != event->type)
			continue;
		descriptor = descriptor_new(makers[i].kind);
		descriptor->name = shared_text_new(name, NAME_MAX_BYTES);
		state_open(state, number, descriptor, (flags & makers[i].close_on_exec) != 0);
		return;
	}
}
