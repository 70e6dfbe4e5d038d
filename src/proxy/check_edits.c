/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/authorizer.h"

static void add(struct check_edits *edits, struct arena *arena, struct check_edit edit)
{
	struct check_edit *items;

	if (edits->count == edits->capacity) {
		edits->capacity = MAX_OF(edits->capacity * 2, (size_t)8);
		items = ARENA_ARRAY(arena, edits->capacity, struct check_edit);
		if (edits->count > 0)
			memcpy(items, edits->items, edits->count * sizeof(*items));
		edits->items = items;
	}
	edits->items[edits->count++] = edit;
}

static struct text keep(struct arena *arena, struct text text)
{
	return (struct text){ arena_strndup(arena, text.ptr, text.len), text.len };
}

void check_edits_add(struct check_edits *edits, struct arena *arena, enum check_edit_kind kind,
		     struct text name, struct text value)
{
	char *lower = arena_strndup(arena, name.ptr, name.len);
	const struct text key = { lower, name.len };

	http_lower(lower, name.len);
	if (http_token_is_valid(key) && !http_name_is_of_connection(http_name_of(key))
	    && http_value_is_valid(value)) /* a pseudo field's name is no token */
		add(edits, arena, (struct check_edit){ kind, key, keep(arena, value) });
}

void check_query_add(struct check_edits *edits, struct arena *arena, enum check_edit_kind kind,
		     struct text name, struct text value)
{
	if (name.len > 0 && http_text_is(name, HTTP_CHAR_TARGET)
	    && http_text_is(value, HTTP_CHAR_TARGET))
		add(edits, arena,
		    (struct check_edit){ kind, keep(arena, name), keep(arena, value) });
}

static void append(struct http_field *field, struct text value, struct arena *arena)
{
	if (field != NULL)
		field->value = text_of(arena_printf(arena, "%.*s,%.*s", TEXT_ARGS(field->value),
						    TEXT_ARGS(value)));
}

static void apply(const struct check_edit *edit, struct http_fields *fields, struct arena *arena)
{
	struct http_field *present = http_fields_find(fields, edit->name);

	switch (edit->kind) {
	case CHECK_SET:
		http_fields_set(fields, edit->name, edit->value);
		return;
	case CHECK_ADD:
		http_fields_add(fields, edit->name, edit->value);
		return;
	case CHECK_APPEND:
		append(present, edit->value, arena);
		return;
	case CHECK_ADD_IF_ABSENT:
		if (present == NULL)
			http_fields_add(fields, edit->name, edit->value);
		return;
	case CHECK_SET_IF_PRESENT:
		if (present != NULL)
			http_fields_set(fields, edit->name, edit->value);
		return;
	case CHECK_REMOVE:
		http_fields_remove(fields, edit->name);
		return;
	}
}

void check_edits_apply(const struct check_edits *edits, struct http_head *head, struct arena *arena)
{
	for (size_t i = 0; i < edits->count; i++)
		apply(&edits->items[i], &head->fields, arena);
}

/* ---- the query ---- */

static bool is_edited(const struct check_edits *edits, struct text name)
{
	for (size_t i = 0; i < edits->count; i++)
		if (text_equal(edits->items[i].name, name))
			return true;
	return false;
}

static void add_parameter(struct buffer *target, char *separator, struct text parameter)
{
	buffer_add_char(target, *separator);
	buffer_add(target, parameter.ptr, parameter.len);
	*separator = '&';
}

void check_query_apply(const struct check_edits *edits, struct exchange *exchange)
{
	struct text rest = exchange->query;
	AUTO_BUFFER struct buffer target = { 0 };
	char separator = '?';

	if (edits->count == 0)
		return;
	buffer_add(&target, exchange->path.ptr, exchange->path.len);
	while (rest.ptr != NULL) {
		const struct text parameter = text_split(&rest, '&');
		struct text value = parameter;

		if (!is_edited(edits, text_split(&value, '=')))
			add_parameter(&target, &separator, parameter);
	}
	for (size_t i = 0; i < edits->count; i++) {
		const struct check_edit *edit = &edits->items[i];

		if (edit->kind == CHECK_REMOVE)
			continue;
		add_parameter(&target, &separator, edit->name);
		buffer_add_char(&target, '=');
		buffer_add(&target, edit->value.ptr, edit->value.len);
	}
	exchange_set_target(exchange, buffer_text(&target));
}
