/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event.h"

#include <endian.h>

/* --- the tables -------------------------------------------------------------------------- */

/* A zero before the rows: some lists are empty, and no array may be. */
#define LIST(...)                                                                                  \
	COUNT_OF(((const struct event_param_info[]){ { 0 }, __VA_ARGS__ })) - 1,                   \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define P(param, form)                                                                             \
	{                                                                                          \
		PARAM_##param, FORM_##form, FLAGS_NONE                                             \
	}
#define F(param, form, table)                                                                      \
	{                                                                                          \
		PARAM_##param, FORM_##form, FLAGS_##table                                          \
	}
#define AT(param, directory)                                                                       \
	{                                                                                          \
		PARAM_##param, FORM_RELPATH, PARAM_##directory                                     \
	}
#define PAIR(id, number, name, category, flags, enter, exit)                                       \
	[number] = { name, EVENT_CATEGORY_##category, flags, LIST enter },                         \
	[(number) + 1] = { name, EVENT_CATEGORY_##category, flags, LIST exit },

static const struct event_info events[EVENT_TYPE_LIMIT] = {
#include "sensor/event_table.h"
};

static const struct event_info unknown_event = { 0 };

static const char *const param_names[PARAM_COUNT] = {
	"",
#define PARAM(id, name) name,
#include "sensor/param_table.h"
#undef PARAM
};

#define V(name, value)                                                                             \
	{                                                                                          \
		name, value                                                                        \
	}
#define TABLE(id, ...) static const struct flag_name flags_##id[] = { __VA_ARGS__ };
#include "sensor/flag_table.h"
#undef TABLE

static const struct flag_list {
	const struct flag_name *names;
	size_t count;
} flag_lists[FLAGS_COUNT] = {
#define TABLE(id, ...) [FLAGS_##id] = { flags_##id, COUNT_OF(flags_##id) },
#include "sensor/flag_table.h"
#undef TABLE
};

static const char *const category_names[] = {
	"",       "other", "file", "net", "ipc", "memory", "process", "sleep",     "system",
	"signal", "user",  "time", "I/O", "I/O", "I/O",    "wait",    "scheduler", "internal",
};

const struct event_info *sensor_event_info(unsigned type)
{
	return type < EVENT_TYPE_LIMIT ? &events[type] : &unknown_event;
}

unsigned sensor_event_find(struct text name)
{
	for (unsigned type = EVENT_TYPE_LIMIT - 2; type > 0; type -= 2)
		if (text_is(name, events[type].name))
			return events[type + 1].param_count > 0 ? type + 1 : type;
	return 0;
}

const char *sensor_param_name(unsigned param)
{
	return param < PARAM_COUNT ? param_names[param] : "";
}

const struct flag_name *sensor_flag_names(enum flag_table table, size_t *count)
{
	const struct flag_list *list = &flag_lists[table < FLAGS_COUNT ? table : FLAGS_NONE];

	*count = list->count;
	return list->names;
}

const char *sensor_category_name(unsigned category)
{
	return category < COUNT_OF(category_names) ? category_names[category] : "";
}

int sensor_event_place(const struct event_info *info, unsigned param)
{
	for (int i = 0; i < info->param_count; i++)
		if (info->params[i].param == param)
			return i;
	return -1;
}

/* --- making ------------------------------------------------------------------------------ */

void sensor_event_init(struct sensor_event *event, unsigned type)
{
	const struct event_info *info = sensor_event_info(type);

	event->type = (uint16_t)type;
	event->cpu = 0;
	event->number = event->time_ns = event->thread_start = 0;
	event->tid = -1;
	event->pid = 0;
	event->param_count = info->param_count;
	memset(event->params, 0, info->param_count * sizeof(event->params[0]));
}

void sensor_event_set(struct sensor_event *event, unsigned param, const void *bytes, size_t len)
{
	const int place = sensor_event_place(sensor_event_info(event->type), param);

	if (place >= 0 && (unsigned)place < event->param_count)
		event->params[place] = (struct text){ bytes, len };
}

/* The same thing in the same form: execveat has one `flags` before and quite another after. */
static struct text same_param(const struct sensor_event *enter, const struct event_param_info *info)
{
	const struct event_info *known = sensor_event_info(enter->type);
	const int place = sensor_event_place(known, info->param);

	if (place < 0 || (unsigned)place >= enter->param_count
	    || known->params[place].form != info->form || known->params[place].extra != info->extra)
		return (struct text){ 0 };
	return enter->params[place];
}

void sensor_event_merge(struct sensor_event *exit, const struct sensor_event *enter)
{
	const struct event_info *info = sensor_event_info(exit->type);

	for (uint32_t i = exit->param_count; i < info->param_count; i++)
		exit->params[i] = (struct text){ 0 };
	exit->param_count = MAX_OF(exit->param_count, (uint32_t)info->param_count);
	for (uint32_t i = 0; i < info->param_count; i++)
		if (exit->params[i].len == 0)
			exit->params[i] = same_param(enter, &info->params[i]);
}

/* --- asking ------------------------------------------------------------------------------ */

/* The form and bytes of a parameter; NULL where the event does not have it. */
static const struct event_param_info *find_param(const struct sensor_event *event, unsigned param,
						 struct text *bytes)
{
	const struct event_info *info = sensor_event_info(event->type);
	const int place = sensor_event_place(info, param);

	if (place < 0 || (unsigned)place >= event->param_count || event->params[place].len == 0)
		return NULL;
	*bytes = event->params[place];
	return &info->params[place];
}

struct text sensor_event_bytes(const struct sensor_event *event, unsigned param)
{
	struct text bytes = { 0 };

	find_param(event, param, &bytes);
	return bytes;
}

struct text sensor_event_text(const struct sensor_event *event, unsigned param)
{
	const struct text bytes = sensor_event_bytes(event, param);

	return bytes.ptr == NULL ? bytes
				 : (struct text){ bytes.ptr, strnlen(bytes.ptr, bytes.len) };
}

static bool form_is_signed(enum param_form form)
{
	switch (form) {
	case FORM_I16:
	case FORM_I32:
	case FORM_I64:
	case FORM_ERRNO:
	case FORM_FD:
	case FORM_PID:
		return true;
	default:
		return false;
	}
}

bool param_number(struct text bytes, enum param_form form, int64_t *out)
{
	const unsigned spare = bytes.len <= 8 ? 64 - 8 * (unsigned)bytes.len : 64;
	uint64_t number = 0;

	if ((bytes.len & (bytes.len - 1)) != 0 || bytes.len > 8 || bytes.len == 0)
		return false;
	memcpy(&number, bytes.ptr, bytes.len);
	number = le64toh(number);
	*out = form_is_signed(form) ? (int64_t)(number << spare) >> spare : (int64_t)number;
	return true;
}

static bool form_is_number(enum param_form form)
{
	return form > FORM_NONE && form < FORM_TEXT;
}

bool sensor_event_number(const struct sensor_event *event, unsigned param, int64_t *out)
{
	struct text bytes;
	const struct event_param_info *info = find_param(event, param, &bytes);

	return info != NULL && form_is_number(info->form) && param_number(bytes, info->form, out);
}

int64_t sensor_event_number_or(const struct sensor_event *event, unsigned param, int64_t otherwise)
{
	int64_t number = otherwise;

	sensor_event_number(event, param, &number);
	return number;
}

bool sensor_event_result(const struct sensor_event *event, int64_t *out)
{
	const struct event_param_info *first = &sensor_event_info(event->type)->params[0];

	if (!sensor_event_is_exit(event) || event->param_count == 0)
		return false;
	if (first->form != FORM_ERRNO && first->form != FORM_FD && first->form != FORM_PID)
		return false;
	return param_number(event->params[0], first->form, out);
}
