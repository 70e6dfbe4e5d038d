/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/param_text.h"

#include "sensor/path.h"
#include "sensor/syscall_name.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static struct text printed(char *text)
{
	return text_of(text);
}

struct text errno_text(int64_t number)
{
	const int code = number < 0 && number >= -4095 ? (int)-number : (int)number;
	const char *name = code > 0 && code <= 4095 ? strerrorname_np(code) : NULL;

	return text_of(name);
}

/* --- numbers that stand for something ---------------------------------------------------- */

static void add_name(struct buffer *out, const char *name)
{
	if (out->len > 0)
		buffer_add_char(out, '|');
	buffer_add_text(out, name);
}

/* A name takes its bits away, so O_RDWR is not also O_RDONLY; what is left alone and has a name of
 * its own, zero too, ends the search. */
static struct text flags_text(struct arena *arena, enum flag_table table, uint32_t value)
{
	AUTO_BUFFER struct buffer out = { 0 };
	size_t count;
	const struct flag_name *names = sensor_flag_names(table, &count);
	uint32_t rest = value;

	for (size_t i = 0; i < count; i++) {
		if (names[i].value == value) {
			add_name(&out, names[i].name);
			break;
		}
		if (names[i].value == 0 || (rest & names[i].value) != names[i].value)
			continue;
		add_name(&out, names[i].name);
		rest &= ~names[i].value;
	}
	return out.len > 0 ? (struct text){ arena_strndup(arena, out.data, out.len), out.len }
			   : (struct text){ 0 };
}

static struct text enum_text(enum flag_table table, uint32_t value)
{
	size_t count;
	const struct flag_name *names = sensor_flag_names(table, &count);

	for (size_t i = 0; i < count; i++)
		if (names[i].value == value)
			return text_of(names[i].name);
	return (struct text){ 0 };
}

static struct text descriptor_text(struct arena *arena, const struct sensor_view *view,
				   int64_t number)
{
	const struct descriptor *descriptor;
	char name[SOCKET_TEXT_MAX];

	if (number == AT_FDCWD)
		return TEXT("AT_FDCWD");
	if (number < 0)
		return errno_text(number);
	if (view->has_number && view->number == number)
		descriptor = view->descriptor;
	else
		descriptor =
			view->thread != NULL
				? descriptor_table_get(view->thread->process->descriptors, number)
				: NULL;
	if (descriptor == NULL)
		return (struct text){ 0 };
	return printed(arena_printf(arena, "<%c>%.*s", descriptor_kind_char(descriptor->kind),
				    TEXT_ARGS(descriptor_name(descriptor, name))));
}

static struct text signal_text(struct arena *arena, int64_t number)
{
	const char *name = number > 0 && number < NSIG ? sigabbrev_np((int)number) : NULL;

	return name != NULL ? printed(arena_printf(arena, "SIG%s", name)) : (struct text){ 0 };
}

static struct text plain_number(struct arena *arena, enum param_form form, int64_t number)
{
	switch (form) {
	case FORM_HEX32:
	case FORM_HEX64:
		return printed(arena_printf(arena, "%" PRIX64, (uint64_t)number));
	case FORM_OCT32:
	case FORM_MODE:
		return printed(arena_printf(arena, "0%" PRIo64, (uint64_t)number));
	case FORM_UID:
	case FORM_GID:
		return printed(arena_printf(arena, "%" PRId32, (int32_t)number)); /* -1: none */
	default:
		return printed(arena_printf(arena, "%" PRId64, number));
	}
}

static struct text resolved_number(struct arena *arena, const struct sensor_view *view,
				   const struct event_param_info *info, int64_t number)
{
	switch (info->form) {
	case FORM_ERRNO:
		return number < 0 ? errno_text(number) : (struct text){ 0 };
	case FORM_FD:
		return descriptor_text(arena, view, number);
	case FORM_SIGNAL:
		return signal_text(arena, number);
	case FORM_SYSCALL:
		return text_of(syscall_name((unsigned)number));
	case FORM_FLAGS8:
	case FORM_FLAGS16:
	case FORM_FLAGS32:
	case FORM_MODE:
		return flags_text(arena, info->extra, (uint32_t)number);
	case FORM_ENUM8:
	case FORM_ENUM16:
	case FORM_ENUM32:
		return enum_text(info->extra, (uint32_t)number);
	default:
		return (struct text){ 0 };
	}
}

/* --- other forms ------------------------------------------------------------------------- */

/* Bytes that cannot be printed are dots. */
static struct text bytes_text(struct arena *arena, struct text bytes)
{
	char *out = arena_strndup(arena, bytes.ptr, bytes.len);

	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] < ' ' || bytes.ptr[i] > '~')
			out[i] = '.';
	return (struct text){ out, bytes.len };
}

static struct text keep(struct arena *arena, struct text text)
{
	return (struct text){ arena_strndup(arena, text.ptr, text.len), text.len };
}

static struct text address_text(struct arena *arena, struct text bytes)
{
	struct socket_address address;
	char out[SOCKET_TEXT_MAX];

	if (!socket_address_parse(bytes, &address))
		return (struct text){ 0 };
	return address.family == AF_UNIX ? address.path
					 : keep(arena, socket_end_text(out, &address.destination));
}

static struct text tuple_text(struct arena *arena, struct text bytes)
{
	struct socket_address address;
	char out[SOCKET_TEXT_MAX];

	if (!socket_tuple_parse(bytes, &address))
		return (struct text){ 0 };
	if (address.family == AF_UNIX)
		return printed(arena_printf(arena, "%" PRIx64 "->%" PRIx64 " %.*s",
					    address.source_id, address.destination_id,
					    TEXT_ARGS(address.path)));
	return keep(arena, socket_tuple_text(out, &address.source, &address.destination));
}

/* [2] count, then [8] descriptor and [2] flags each: "3:5 4:1". */
static struct text descriptors_text(struct arena *arena, struct text bytes)
{
	AUTO_BUFFER struct buffer out = { 0 };
	int64_t number, flags;

	for (size_t at = 2; at + 10 <= bytes.len; at += 10) {
		param_number(text_until(text_from(bytes, at), 8), FORM_FD, &number);
		param_number(text_until(text_from(bytes, at + 8), 2), FORM_U16, &flags);
		buffer_printf(&out, "%s%" PRId64 ":%" PRIX64, out.len > 0 ? " " : "", number,
			      (uint64_t)flags);
	}
	return out.len > 0 ? keep(arena, buffer_text(&out)) : TEXT("");
}

/* Which type it is stands in the first byte; as a number it serves. */
static struct text dynamic_text(struct arena *arena, struct text bytes)
{
	int64_t number;

	if (bytes.len < 2 || !param_number(text_from(bytes, 1), FORM_I64, &number))
		return (struct text){ 0 };
	return printed(arena_printf(arena, "%" PRIX64, (uint64_t)number));
}

/* --- paths ------------------------------------------------------------------------------- */

static struct text directory_of(const struct sensor_view *view, const struct event_param_info *info)
{
	const struct process *process = view->thread->process;
	const struct descriptor *descriptor;
	int64_t number = AT_FDCWD;

	if (info->form == FORM_RELPATH)
		sensor_event_number(view->event, info->extra, &number);
	if (number == AT_FDCWD)
		return shared_text_view(process->cwd);
	descriptor = descriptor_table_get(process->descriptors, number);
	return descriptor != NULL ? shared_text_view(descriptor->name) : (struct text){ 0 };
}

struct text param_path(struct arena *arena, const struct sensor_view *view, unsigned place)
{
	const struct event_param_info *info = &sensor_event_info(view->event->type)->params[place];
	const struct text path = sensor_event_text(view->event, info->param);
	char out[PATH_TEXT_MAX];

	if (path.ptr == NULL || view->thread == NULL)
		return path;
	return keep(arena, path_join(out, directory_of(view, info), path));
}

/* --- all of them ------------------------------------------------------------------------- */

static struct param_text other_text(struct arena *arena, const struct sensor_view *view,
				    const struct event_param_info *info, struct text bytes,
				    unsigned place)
{
	switch (info->form) {
	case FORM_TEXT:
		return (struct param_text){ sensor_event_text(view->event, info->param), { 0 } };
	case FORM_PATH:
	case FORM_RELPATH:
		return (struct param_text){ sensor_event_text(view->event, info->param),
					    param_path(arena, view, place) };
	case FORM_SOCKADDR:
		return (struct param_text){ address_text(arena, bytes), { 0 } };
	case FORM_SOCKTUPLE:
		return (struct param_text){ tuple_text(arena, bytes), { 0 } };
	case FORM_DESCRIPTORS:
		return (struct param_text){ descriptors_text(arena, bytes), { 0 } };
	case FORM_DYNAMIC:
		return (struct param_text){ dynamic_text(arena, bytes), { 0 } };
	default:
		return (struct param_text){ bytes_text(arena, bytes), { 0 } };
	}
}

struct param_text param_text(struct arena *arena, const struct sensor_view *view, unsigned place)
{
	const struct event_info *info = sensor_event_info(view->event->type);
	struct text bytes;
	int64_t number;

	if (place >= info->param_count || place >= view->event->param_count)
		return (struct param_text){ 0 };
	bytes = view->event->params[place];
	if (bytes.len == 0)
		return (struct param_text){ 0 };
	if (info->params[place].form >= FORM_TEXT)
		return other_text(arena, view, &info->params[place], bytes, place);
	if (!param_number(bytes, info->params[place].form, &number))
		return (struct param_text){ 0 };
	return (struct param_text){ plain_number(arena, info->params[place].form, number),
				    resolved_number(arena, view, &info->params[place], number) };
}
