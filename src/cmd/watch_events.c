/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/watch_events.h"

static bool is_flags(unsigned form)
{
	return form == FORM_FLAGS8 || form == FORM_FLAGS16 || form == FORM_FLAGS32
	       || form == FORM_MODE;
}

static bool is_enum(unsigned form)
{
	return form == FORM_ENUM8 || form == FORM_ENUM16 || form == FORM_ENUM32;
}

/* "O_RDWR|O_CLOEXEC": a name takes its bits, so that what contains others comes first. */
static void add_names(struct json_writer *json, const struct event_param_info *info, int64_t value)
{
	char names[512];
	size_t count, used = 0;
	const struct flag_name *table = sensor_flag_names(info->extra, &count);
	uint32_t rest = (uint32_t)value;

	for (size_t i = 0; i < count; i++) {
		const uint32_t bits = table[i].value;
		const bool fits =
			is_enum(info->form) ? bits == rest : bits != 0 && (rest & bits) == bits;

		if (!fits || used + strlen(table[i].name) + 2 > sizeof(names))
			continue;
		if (used > 0)
			names[used++] = '|';
		memcpy(names + used, table[i].name, strlen(table[i].name));
		used += strlen(table[i].name);
		if (is_enum(info->form))
			break;
		rest &= ~bits;
	}
	json_text(json, (struct text){ names, used });
}

static void add_texts(struct json_writer *json, struct text texts)
{
	json_begin_array(json);
	while (texts.len > 0) {
		const size_t end = text_find_char(texts, '\0');
		const size_t len = end == TEXT_NONE ? texts.len : end;

		json_text(json, text_until(texts, len));
		texts = text_from(texts, end == TEXT_NONE ? len : len + 1);
	}
	json_end_array(json);
}

static void add_address(struct json_writer *json, unsigned form, struct text bytes)
{
	const bool is_tuple = form == FORM_SOCKTUPLE;
	char text[SOCKET_TEXT_MAX];
	struct socket_address address;

	if (!(is_tuple ? socket_tuple_parse(bytes, &address)
		       : socket_address_parse(bytes, &address)))
		json_nothing(json);
	else if (address.path.ptr != NULL)
		json_text(json, address.path);
	else if (is_tuple)
		json_text(json, socket_tuple_text(text, &address.source, &address.destination));
	else
		json_text(json, socket_end_text(text, &address.destination));
}

static void add_param(struct json_writer *json, const struct event_param_info *info,
		      struct text bytes)
{
	const unsigned param = info->param;
	int64_t number;

	if (bytes.ptr == NULL)
		json_nothing(json);
	else if (param == PARAM_ARGS || param == PARAM_ENV || param == PARAM_CGROUPS)
		add_texts(json, bytes);
	else if (info->form == FORM_TEXT || info->form == FORM_PATH || info->form == FORM_RELPATH)
		json_text(json, text_until(bytes, strnlen(bytes.ptr, bytes.len)));
	else if (info->form == FORM_SOCKADDR || info->form == FORM_SOCKTUPLE)
		add_address(json, info->form, bytes);
	else if (!param_number(bytes, info->form, &number))
		json_text(json, bytes);
	else if (is_flags(info->form) || is_enum(info->form))
		add_names(json, info, number);
	else
		json_number(json, number);
}

void watch_event_json(const struct sensor_event *event, const struct record_facts *facts,
		      struct buffer *out)
{
	const struct event_info *info = sensor_event_info(event->type);
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "num");
	json_number(&json, (int64_t)event->number);
	json_key(&json, "time");
	json_number(&json, (int64_t)event->time_ns);
	json_key(&json, "type");
	json_cstring(&json, info->name);
	json_key(&json, "tid");
	json_number(&json, event->tid);
	json_key(&json, "pid");
	json_number(&json, event->pid);
	json_key(&json, "comm");
	json_text(&json,
		  (struct text){ facts->record->comm,
				 strnlen(facts->record->comm, sizeof(facts->record->comm)) });
	json_key(&json, "compat");
	json_bool(&json, (facts->record->flags & RECORD_COMPAT) != 0);
	json_key(&json, "args");
	json_begin_object(&json);
	for (unsigned i = 0; i < info->param_count && i < event->param_count; i++) {
		json_key(&json, sensor_param_name(info->params[i].param));
		add_param(&json, &info->params[i], event->params[i]);
	}
	json_end_object(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}
