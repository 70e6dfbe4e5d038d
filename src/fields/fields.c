/* SPDX-License-Identifier: Apache-2.0 */
#include "fields/fields_private.h"

static void get(const struct rule_event *event, const struct field_use *use,
		struct field_value *out)
{
	struct fields *fields = CONTAINER_OF(event, struct fields, event);
	field_fn *answer = use->id < FIELD_COUNT ? field_rows[use->id].get : NULL;

	if (answer != NULL)
		answer(fields, use, out);
}

struct fields *fields_new(const struct fields_options *options)
{
	struct fields *fields = MEM_NEW(struct fields);

	fields->event.get = get;
	fields->users = options->users;
	fields->hosts = options->hosts;
	fields->hostname = options->hostname;
	for (unsigned type = 0; type < EVENT_TYPE_LIMIT; type++)
		fields->rule_types[type] =
			(uint16_t)event_type_find(text_of(sensor_event_info(type)->name));
	arena_init(&fields->arena, 8192);
	return fields;
}

void fields_free(struct fields *fields)
{
	if (fields == NULL)
		return;
	arena_done(&fields->arena);
	mem_free(fields);
}

/* Calls that are told by number only have the type of that call. */
static unsigned rule_type(const struct fields *fields, const struct sensor_event *event)
{
	int64_t number;

	if (event->type >= EVENT_TYPE_LIMIT)
		return EVENT_TYPE_UNKNOWN;
	if (event->type <= EVENT_GENERIC_X && sensor_event_number(event, PARAM_SYSCALL, &number))
		return event_type_find(text_of(syscall_name((unsigned)number)));
	return fields->rule_types[event->type];
}

const struct rule_event *fields_take(struct fields *fields, const struct sensor_view *view)
{
	const struct sensor_event *event = view->event;

	if (fields->view != NULL)
		fields->previous_ns = (uint64_t)fields->event.time_ns;
	else
		fields->first_ns = fields->previous_ns = event->time_ns;
	arena_reset(&fields->arena);
	fields->view = view;
	fields->event.type = rule_type(fields, event);
	fields->event.time_ns = (int64_t)event->time_ns;
	return &fields->event;
}

struct text texts_joined(struct arena *arena, struct text before, struct text texts)
{
	char *out = arena_alloc_bytes(arena, before.len + texts.len + 2);
	size_t len = before.len;

	if (before.len > 0)
		memcpy(out, before.ptr, before.len);
	while (texts.len > 0) {
		const size_t end = strnlen(texts.ptr, texts.len);

		if (len > 0)
			out[len++] = ' ';
		memcpy(out + len, texts.ptr, end);
		len += end;
		texts = text_from(texts, MIN_OF(end + 1, texts.len));
	}
	return (struct text){ out, len };
}
