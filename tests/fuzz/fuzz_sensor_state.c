/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of events: the state stays bounded and no process is its own ancestor, and every
 * field can be asked for. The input is read as: type, thread, length and bytes of each parameter.
 */
#include "fields/fields.h"

#include <stdlib.h>

#define THREADS_MAX_HERE 24
#define EVENTS_MAX       400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *next;
	size_t left;
};

static uint8_t take_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->next++;
}

/* Short lengths are the widths of numbers, so that many make sense. */
static struct text take_bytes(struct input *input)
{
	static const uint8_t widths[] = { 0, 1, 2, 4, 8, 8, 13, 37 };
	const uint8_t choice = take_byte(input);
	const size_t wanted = choice < 224 ? widths[choice % COUNT_OF(widths)] : choice - 200u;
	const struct text bytes = { (const char *)input->next, MIN_OF(wanted, input->left) };

	input->next += bytes.len;
	input->left -= bytes.len;
	return bytes;
}

static void take_event(struct input *input, struct sensor_event *event, uint64_t number)
{
	const unsigned type = take_byte(input) | (unsigned)(take_byte(input) & 1) << 8;
	const uint8_t who = take_byte(input);

	sensor_event_init(event, type);
	event->tid = who & 63;
	event->pid = (who & 64) ? (who & 7) : 0;
	event->thread_start = (who & 128) ? NS_PER_SEC * take_byte(input) : 0;
	event->number = number;
	event->time_ns = number * NS_PER_SEC;
	for (uint32_t i = 0; i < event->param_count; i++)
		event->params[i] = take_bytes(input);
}

static void check_ancestry(const struct process *process)
{
	unsigned steps = 0;

	for (; process != NULL; process = process->parent)
		if (++steps > THREADS_MAX_HERE + 1)
			abort();
}

/* All fields, with what an argument may be. */
static void ask_everything(const struct rule_event *event)
{
	for (unsigned id = 1; id < FIELD_COUNT; id++) {
		const unsigned flags = field_of(id)->flags;
		struct field_use use = { .id = id, .index = -1 };
		struct field_value value = { 0 };

		if (flags & FIELD_FLAG_NEEDS_KEY)
			use.key = (id & 1) ? TEXT("1") : TEXT("path");
		else if (flags & FIELD_FLAG_INDEX)
			use.index = (int)(event->time_ns & 3) - 1;
		event->get(event, &use, &value);
		for (uint32_t i = 0; i < value.count; i++)
			if (value.kind == FIELD_VALUE_TEXT
			    && field_value_items(&value)[i].text.len > 0
			    && field_value_items(&value)[i].text.ptr == NULL)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(sensor_state_free)
	struct sensor_state *state =
		sensor_state_new(&(struct sensor_state_options){ .threads_max = THREADS_MAX_HERE });
	AUTO(users_free) struct users *users = users_new(NULL);
	AUTO(fields_free)
	struct fields *fields = fields_new(&(struct fields_options){ .users = users });
	struct input input = { data, size };
	struct sensor_event event;

	for (uint64_t number = 1; input.left > 0 && number <= EVENTS_MAX; number++) {
		const struct sensor_view *view;

		take_event(&input, &event, number);
		view = sensor_state_apply(state, &event);
		if (sensor_state_thread_count(state) > THREADS_MAX_HERE + 1)
			abort();
		if (view->thread != NULL)
			check_ancestry(view->thread->process);
		ask_everything(fields_take(fields, view));
	}
	return 0;
}
