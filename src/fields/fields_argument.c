/* SPDX-License-Identifier: Apache-2.0 */
/* fields_argument.c — evt.arg.*, and what calls of the open family were asked for. */
#include "fields/fields_private.h"

static bool is_form(const struct sensor_event *event, unsigned place, enum param_form form)
{
	return sensor_event_info(event->type)->params[place].form == form;
}

/* Numbers of users and groups stand for names that only we know here. */
static struct text owner_name(struct fields *fields, unsigned place)
{
	const struct sensor_view *view = fields->view;
	const struct user *user = NULL;
	const struct group *group = NULL;
	int64_t id;

	if (view->thread == NULL || fields->users == NULL
	    || !param_number(view->event->params[place], FORM_UID, &id))
		return (struct text){ 0 };
	if (is_form(view->event, place, FORM_UID))
		user = users_find(fields->users, view->thread->process, (uint32_t)id,
				  view->event->time_ns);
	else
		group = users_find_group(fields->users, view->thread->process, (uint32_t)id,
					 view->event->time_ns);
	return user != NULL ? user->name : group != NULL ? group->name : (struct text){ 0 };
}

static struct param_text argument_text(struct fields *fields, unsigned place)
{
	struct param_text text = param_text(&fields->arena, fields->view, place);
	struct text name;

	if (text.plain.ptr == NULL
	    || (!is_form(fields->view->event, place, FORM_UID)
		&& !is_form(fields->view->event, place, FORM_GID)))
		return text;
	name = owner_name(fields, place);
	if (name.ptr != NULL)
		text.resolved = (struct text){ arena_strndup(&fields->arena, name.ptr, name.len),
					       name.len };
	return text;
}

static struct text best(struct param_text text)
{
	return text.resolved.len > 0 ? text.resolved : text.plain;
}

/* evt.arg.path by name, evt.arg[2] by place; -1 where the event has no such argument. */
static int place_of(const struct sensor_event *event, struct text key)
{
	const struct event_info *info = sensor_event_info(event->type);
	uint64_t number;

	if (text_parse_number(key, EVENT_PARAMS_MAX - 1, &number))
		return number < info->param_count ? (int)number : -1;
	for (int i = 0; i < info->param_count; i++)
		if (text_is(key, sensor_param_name(info->params[i].param)))
			return i;
	return -1;
}

void field_argument(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const int place = place_of(fields->view->event, use->key);

	if (place >= 0)
		answer_text(out, best(argument_text(fields, (unsigned)place)));
}

void field_raw_argument(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct sensor_event *event = fields->view->event;
	const int place = place_of(event, use->key);
	const struct event_param_info *info;
	int64_t number;

	if (place < 0)
		return;
	info = &sensor_event_info(event->type)->params[place];
	if (sensor_event_number(event, info->param, &number))
		answer_number(out, number);
	else if (info->form == FORM_BYTES)
		answer_text(out, sensor_event_bytes(event, info->param));
	else
		answer_text(out, param_text(&fields->arena, fields->view, (unsigned)place).plain);
}

/* "fd=3(<f>/etc/passwd) name=passwd(/etc/passwd) flags=1(O_RDONLY)" */
void field_arguments(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct sensor_event *event = fields->view->event;
	const struct event_info *info = sensor_event_info(event->type);
	AUTO_BUFFER struct buffer line = { 0 };

	(void)use;
	for (unsigned i = 0; i < info->param_count && i < event->param_count; i++) {
		const struct param_text text = argument_text(fields, i);

		if (line.len > 0)
			buffer_add_char(&line, ' ');
		buffer_printf(&line, "%s=", sensor_param_name(info->params[i].param));
		if (text.plain.ptr == NULL)
			buffer_add_text(&line, "<NA>");
		else
			buffer_add(&line, text.plain.ptr, text.plain.len);
		if (text.resolved.len > 0 && !text_equal(text.resolved, text.plain))
			buffer_printf(&line, "(%.*s)", TEXT_ARGS(text.resolved));
	}
	answer_text(out, (struct text){ arena_strndup(&fields->arena,
						      line.data != NULL ? line.data : "", line.len),
					line.len });
}

void field_buffer(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	(void)use;
	answer_text(out, sensor_event_bytes(fields->view->event, PARAM_DATA));
}

void field_buffer_length(struct fields *fields, const struct field_use *use,
			 struct field_value *out)
{
	const struct text bytes = sensor_event_bytes(fields->view->event, PARAM_DATA);

	(void)use;
	if (bytes.ptr != NULL)
		answer_number(out, (int64_t)bytes.len);
}

/* --- the open family --------------------------------------------------------------------- */

/* Bits of open's flags, in Falco's numbering; and who may execute, of a file's mode. */
#define OPEN_READ    (1 << 0)
#define OPEN_WRITE   (1 << 1)
#define OPEN_CREATE  (1 << 2)
#define OPEN_TMPFILE (1 << 13)
#define OPEN_CREATED (1 << 14)
#define MODE_EXECUTE 0111

static bool opens(unsigned type)
{
	switch (type) {
	case EVENT_OPEN_X:
	case EVENT_OPENAT_X:
	case EVENT_OPENAT_2_X:
	case EVENT_OPENAT2_X:
	case EVENT_OPEN_BY_HANDLE_AT_X:
		return true;
	default:
		return false;
	}
}

static bool opened(const struct sensor_event *event, enum open_what what)
{
	const bool creat = event->type == EVENT_CREAT_X;
	const int64_t flags = sensor_event_number_or(event, PARAM_FLAGS, 0);
	const int64_t mode = sensor_event_number_or(event, PARAM_MODE, 0);

	if (!creat && !opens(event->type))
		return false;
	switch (what) {
	case OPENED_TO_READ:
		return !creat && (flags & OPEN_READ);
	case OPENED_TO_WRITE:
		return creat || (flags & OPEN_WRITE);
	case OPENED_TO_RUN:
		return (creat || (flags & (OPEN_CREATE | OPEN_TMPFILE))) && (mode & MODE_EXECUTE);
	default:
		return creat ? !(sensor_event_number_or(event, PARAM_FD, -1) < 0)
			     : (flags & OPEN_CREATED) != 0;
	}
}

void field_open(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	answer_bool(out, opened(fields->view->event, field_rows[use->id].what));
}
