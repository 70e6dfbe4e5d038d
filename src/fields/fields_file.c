/* SPDX-License-Identifier: Apache-2.0 */
/* fields_file.c — fd.*: the descriptor that an event is about, whatever it is of. */
#include "fields/fields_private.h"

#include <stdio.h>
#include <sys/sysmacros.h>

static const struct descriptor *descriptor_of(const struct fields *fields)
{
	return fields->view->descriptor;
}

struct text descriptor_full_name(struct fields *fields)
{
	const struct descriptor *descriptor = descriptor_of(fields);
	char name[SOCKET_TEXT_MAX];
	struct text text;

	if (descriptor == NULL)
		return (struct text){ 0 };
	text = descriptor_name(descriptor, name);
	if (text.ptr != name)
		return text;
	return (struct text){ arena_strndup(&fields->arena, text.ptr, text.len), text.len };
}

static bool is_file(const struct descriptor *descriptor)
{
	return descriptor->kind == DESCRIPTOR_FILE || descriptor->kind == DESCRIPTOR_DIRECTORY;
}

/* Of a directory it is the directory itself. */
static struct text directory_of(struct fields *fields, const struct descriptor *descriptor)
{
	const struct text name = descriptor_full_name(fields);

	if (!is_file(descriptor))
		return (struct text){ 0 };
	return descriptor->kind == DESCRIPTOR_DIRECTORY ? name : path_directory(name);
}

static struct text type_char(struct fields *fields, const struct descriptor *descriptor)
{
	char *text = arena_alloc_bytes(&fields->arena, 1);

	*text = descriptor_kind_char(descriptor->kind);
	return (struct text){ text, 1 };
}

void field_file_text(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *descriptor = descriptor_of(fields);

	if (descriptor == NULL)
		return;
	switch (field_rows[use->id].what) {
	case FILE_NAME:
		return answer_text(out, descriptor_full_name(fields));
	case FILE_RAW_NAME:
		if (is_file(descriptor))
			answer_text(out, descriptor->raw_name != NULL
						 ? shared_text_view(descriptor->raw_name)
						 : descriptor_full_name(fields));
		return;
	case FILE_DIRECTORY:
		return answer_text(out, directory_of(fields, descriptor));
	case FILE_LAST_NAME:
		if (is_file(descriptor))
			answer_text(out, path_name(descriptor_full_name(fields)));
		return;
	case FILE_TYPE:
		return answer_text(out, text_of(descriptor_kind_name(descriptor->kind)));
	case FILE_TYPE_CHAR:
		return answer_text(out, type_char(fields, descriptor));
	default:
		return answer_text(out, text_of(arena_printf(&fields->arena, "%lld%lld",
							     (long long)fields->view->event->tid,
							     (long long)fields->view->number)));
	}
}

void field_file_number(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *descriptor = descriptor_of(fields);
	const uint8_t what = field_rows[use->id].what;

	if (what == FILE_NUMBER) {
		if (fields->view->has_number)
			answer_number(out, fields->view->number);
		return;
	}
	if (descriptor == NULL)
		return;
	switch (what) {
	case FILE_DEVICE:
		return answer_number(out, descriptor->device);
	case FILE_MAJOR:
		return answer_number(out, major(descriptor->device));
	case FILE_MINOR:
		return answer_number(out, minor(descriptor->device));
	default:
		return answer_number(out, (int64_t)descriptor->inode);
	}
}

void field_file_bool(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct descriptor *descriptor = descriptor_of(fields);

	if (descriptor == NULL)
		return;
	switch (field_rows[use->id].what) {
	case FILE_UPPER:
		return answer_bool(out, descriptor->upper_layer);
	case FILE_LOWER:
		return answer_bool(out, descriptor->lower_layer);
	case FILE_NAME_CHANGED:
		return answer_bool(out, fields->view->name_changed);
	case FILE_CONNECTED:
		return answer_bool(out, descriptor->state == DESCRIPTOR_STATE_CONNECTED);
	default:
		return answer_bool(out, descriptor->kind == DESCRIPTOR_IPV4_BOUND
						|| descriptor->kind == DESCRIPTOR_IPV6_BOUND
						|| descriptor->role == SOCKET_ROLE_SERVER);
	}
}

/* fd.types: the kinds of all that the process has open, each once; fd.types[1]: of that number. */
void field_file_types(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct process *process = process_at_hand(fields);
	bool seen[DESCRIPTOR_KIND_COUNT] = { false };
	union field_item *items;
	uint64_t number, from = 0, to = 0;
	uint32_t count = 0;

	if (process == NULL)
		return;
	if (use->key.ptr != NULL && text_parse_number(use->key, INT32_MAX, &number)) {
		from = number;
		to = number + 1;
	} else {
		to = 1024; /* what a program opens has small numbers first */
	}
	items = ARENA_ARRAY(&fields->arena, DESCRIPTOR_KIND_COUNT, union field_item);
	for (uint64_t i = from; i < to; i++) {
		const struct descriptor *descriptor =
			descriptor_table_get(process->descriptors, (int64_t)i);

		if (descriptor == NULL || seen[descriptor->kind])
			continue;
		seen[descriptor->kind] = true;
		items[count++].text = text_of(descriptor_kind_name(descriptor->kind));
	}
	*out = field_value_many(FIELD_VALUE_TEXT, items, count);
}

/* "3ad7b26ded6d:/etc/shadow" */
void field_file_container(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct process *process = process_at_hand(fields);
	const struct descriptor *descriptor = descriptor_of(fields);
	const struct container *container = process != NULL ? process->container : NULL;
	struct text name;

	if (descriptor == NULL)
		return;
	name = field_rows[use->id].what == FILE_NAME ? descriptor_full_name(fields)
						     : directory_of(fields, descriptor);
	if (name.ptr != NULL)
		answer_text(out, text_of(arena_printf(
					 &fields->arena, "%.*s:%.*s", CONTAINER_ID_SHORT,
					 container != NULL ? container->id : "", TEXT_ARGS(name))));
}
