/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a capture: what is read stays within its limits, and every event has a type and
 * parameters that the tables know. */
#include "fields/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct sensor_event *event)
{
	const struct event_info *info = sensor_event_info(event->type);

	if (info->name == NULL || event->param_count > info->param_count)
		abort();
	for (uint32_t i = 0; i < event->param_count; i++)
		if (event->params[i].len > 0 && event->params[i].ptr == NULL)
			abort();
}

static void replay(const char *path)
{
	AUTO(recording_close) struct recording *recording = NULL;
	AUTO(users_free) struct users *users = users_new(NULL);
	AUTO(sensor_state_free)
	struct sensor_state *state =
		sensor_state_new(&(struct sensor_state_options){ .threads_max = 1000 });
	AUTO(fields_free)
	struct fields *fields = fields_new(&(struct fields_options){ .users = users });
	const struct field_use arguments = { .id = FIELD_EVT_ARGS, .index = -1 };
	struct sensor_event event;

	if (recording_open(path, &recording, NULL) != 0
	    || recording_load(recording, state, users, NULL) != 0)
		return;
	while (recording_next(recording, &event, NULL) > 0) {
		struct field_value value = { 0 };
		const struct rule_event *asked;

		check_event(&event);
		asked = fields_take(fields, sensor_state_apply(state, &event));
		asked->get(asked, &arguments, &value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FD int file = memfd_create("capture", MFD_CLOEXEC);
	char path[64];

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	replay(path);
	return 0;
}
