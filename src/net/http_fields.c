/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <assert.h>

#define FIRST_CAPACITY 16
#define MOST_FIELDS    (UINT16_MAX - 1)

void http_fields_done(struct http_fields *fields)
{
	mem_free(fields->items);
	*fields = (struct http_fields){ 0 };
}

void http_fields_clear(struct http_fields *fields)
{
	fields->count = 0;
	memset(fields->first, 0, sizeof(fields->first));
}

static void append(struct http_fields *fields, enum http_name id, struct text name,
		   struct text value)
{
	assert(fields->count < MOST_FIELDS && name.len > 0);
	if (fields->count == fields->capacity) {
		fields->capacity = MAX_OF(fields->capacity * 2, (size_t)FIRST_CAPACITY);
		fields->items = mem_realloc_array(fields->items, fields->capacity,
						  sizeof(fields->items[0]));
	}
	fields->items[fields->count++] =
		(struct http_field){ .name = name, .value = value, .id = id };
	if (fields->first[id] == 0)
		fields->first[id] = (uint16_t)fields->count;
}

void http_fields_add(struct http_fields *fields, struct text name, struct text value)
{
	const enum http_name id = http_name_of(name);

	/* The table's own text needs no keeping and lies together with its neighbours. */
	append(fields, id, id != HTTP_OTHER ? http_name_text(id) : name, value);
}

void http_fields_add_known(struct http_fields *fields, enum http_name name, struct text value)
{
	append(fields, name, http_name_text(name), value);
}

static struct text copy_text(struct text text, struct arena *arena)
{
	return (struct text){ arena_strndup(arena, text.ptr, text.len), text.len };
}

void http_fields_copy(struct http_fields *to, const struct http_fields *from, struct arena *arena)
{
	HTTP_FIELD_FOR_EACH (from, field)
		append(to, field->id,
		       field->id != HTTP_OTHER ? field->name : copy_text(field->name, arena),
		       copy_text(field->value, arena));
}

struct http_field *http_fields_find(const struct http_fields *fields, struct text name)
{
	const enum http_name id = http_name_of(name);
	const size_t start = fields->first[id];

	if (start == 0)
		return NULL;
	if (id != HTTP_OTHER)
		return &fields->items[start - 1];
	for (size_t i = start - 1; i < fields->count; i++)
		if (text_equal(fields->items[i].name, name))
			return &fields->items[i];
	return NULL;
}

struct http_field *http_fields_next(const struct http_fields *fields,
				    const struct http_field *field)
{
	for (size_t i = (size_t)(field - fields->items) + 1; i < fields->count; i++)
		if (fields->items[i].id == field->id
		    && text_equal(fields->items[i].name, field->name))
			return &fields->items[i];
	return NULL;
}

struct text http_fields_joined(const struct http_fields *fields, struct text name,
			       struct arena *arena)
{
	const struct http_field *first = http_fields_find(fields, name);
	size_t len = 0;

	if (first == NULL)
		return (struct text){ NULL, 0 };
	if (http_fields_next(fields, first) == NULL)
		return first->value;
	for (const struct http_field *field = first; field != NULL;
	     field = http_fields_next(fields, field))
		len += field->value.len + 2;

	char *joined = arena_alloc_bytes(arena, len), *next = joined;

	for (const struct http_field *field = first; field != NULL;
	     field = http_fields_next(fields, field)) {
		if (field != first)
			next = mempcpy(next, ", ", 2);
		if (field->value.len > 0)
			next = mempcpy(next, field->value.ptr, field->value.len);
	}
	return (struct text){ joined, (size_t)(next - joined) };
}

void http_fields_remove_last(struct http_fields *fields)
{
	assert(fields->count > 0);

	const enum http_name id = fields->items[--fields->count].id;

	if (fields->first[id] == fields->count + 1)
		fields->first[id] = 0;
}

static void remove_from(struct http_fields *fields, struct http_field *field)
{
	while (field != NULL) {
		struct http_field *const after = http_fields_next(fields, field);

		field->name.len = 0;
		field = after;
	}
}

void http_fields_remove_known(struct http_fields *fields, enum http_name name)
{
	assert(name != HTTP_OTHER);
	remove_from(fields, http_fields_find_known(fields, name));
	fields->first[name] = 0;
}

void http_fields_remove(struct http_fields *fields, struct text name)
{
	const enum http_name id = http_name_of(name);

	if (id != HTTP_OTHER)
		http_fields_remove_known(fields, id);
	else
		remove_from(fields, http_fields_find(fields, name));
}

void http_fields_set(struct http_fields *fields, struct text name, struct text value)
{
	http_fields_remove(fields, name);
	http_fields_add(fields, name, value);
}

void http_fields_set_known(struct http_fields *fields, enum http_name name, struct text value)
{
	http_fields_remove_known(fields, name);
	http_fields_add_known(fields, name, value);
}
