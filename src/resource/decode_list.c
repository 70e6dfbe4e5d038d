/* SPDX-License-Identifier: Apache-2.0 */
/* decode_list.c — lists and maps. */
#include "resource/decode.h"

struct any_list { /* what every LIST_OF looks like */
	void *items;
	size_t count;
};

struct map_item { /* what every item of a map starts with */
	struct source_pos at;
	struct text key;
};

/* Room for so many items; NULL, and told, beyond the set's budget. A file of a few megabytes could
 * ask for many gigabytes otherwise: "[{},{},…" */
static void *take_items(struct decoder *decoder, const struct field *field,
			const struct value *value, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(value->count, size, &bytes) || bytes > decoder->budget) {
		decode_error(decoder, value->at,
			     "'%s' would take too much memory; all resources "
			     "together have 256 MiB",
			     field->name);
		return NULL;
	}
	decoder->budget -= bytes;
	return arena_alloc(decoder->arena, bytes);
}

static bool is_list(struct decoder *decoder, const struct field *field, const struct value *value)
{
	if (value->type != VALUE_SEQUENCE)
		decode_wrong_type(decoder, field, value, "a list");
	return value->type == VALUE_SEQUENCE;
}

static bool is_mapping(struct decoder *decoder, const struct field *field,
		       const struct value *value)
{
	if (value->type != VALUE_MAPPING)
		decode_wrong_type(decoder, field, value, "a mapping");
	return value->type == VALUE_MAPPING;
}

static bool item_is_empty(struct decoder *decoder, const struct field *field,
			  const struct value *item)
{
	const bool may_be = !(field->flags & FIELD_NOT_EMPTY);

	if (item->type != VALUE_NULL
	    && (may_be || item->type != VALUE_SCALAR || item->text.len > 0))
		return false;
	decode_error(decoder, item->at, "an item of '%s' is empty", field->name);
	return true;
}

static struct text_list *new_text_list(struct decoder *decoder, const struct field *field,
				       const struct value *value, void *member)
{
	struct text_list *list = member;
	struct text *items = take_items(decoder, field, value, sizeof(*items));
	struct source_pos *at = take_items(decoder, field, value, sizeof(*at));

	list->items = items;
	list->at = at;
	return items != NULL && at != NULL ? list : NULL;
}

static void add_text(struct text_list *list, struct text text, struct source_pos at)
{
	((struct text *)list->items)[list->count] = text;
	((struct source_pos *)list->at)[list->count] = at;
	list->count++;
}

void decode_text_list(struct decoder *decoder, const struct field *field, const struct value *value,
		      void *member)
{
	if (!is_list(decoder, field, value))
		return;

	struct text_list *list = new_text_list(decoder, field, value, member);

	if (list == NULL)
		return;
	VALUE_FOR_EACH(value, item)
	{
		struct text text;

		if (!item_is_empty(decoder, field, item)
		    && decode_text_item(decoder, field, item, &text))
			add_text(list, text, item->at);
	}
}

void decode_scalar_list(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	struct text_list *list = member;

	if (value->type == VALUE_SCALAR) {
		*list = (struct text_list){ .items = ARENA_NEW(decoder->arena, struct text),
					    .at = ARENA_NEW(decoder->arena, struct source_pos) };
		add_text(list, decode_keep(decoder, value->text), value->at);
		return;
	}
	if (!is_list(decoder, field, value) || new_text_list(decoder, field, value, member) == NULL)
		return;
	VALUE_FOR_EACH(value, item)
	{
		if (item->type == VALUE_SCALAR)
			add_text(list, decode_keep(decoder, item->text), item->at);
		else
			decode_wrong_type(decoder, field, item, "a text or a number");
	}
}

void decode_number_list(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	struct any_list *list = member;

	if (!is_list(decoder, field, value))
		return;

	uint32_t *numbers = take_items(decoder, field, value, sizeof(*numbers));

	if (numbers == NULL)
		return;
	list->items = numbers;
	VALUE_FOR_EACH(value, item)
	{
		int64_t number;

		if (decode_number(decoder, field, item, 0, UINT32_MAX, &number))
			numbers[list->count++] = (uint32_t)number;
	}
}

void decode_text_map(struct decoder *decoder, const struct field *field, const struct value *value,
		     void *member)
{
	struct text_map *map = member;

	if (!is_mapping(decoder, field, value))
		return;

	struct text_pair *pairs = take_items(decoder, field, value, sizeof(*pairs));

	if (pairs == NULL)
		return;
	map->items = pairs;
	VALUE_FOR_EACH(value, entry)
	{
		struct text_pair *pair = &pairs[map->count];

		if (entry->type == VALUE_NULL)
			pair->value = TEXT("");
		else if (!decode_text_item(decoder, field, entry, &pair->value))
			continue;
		pair->at = entry->key->at;
		pair->key = decode_keep(decoder, entry->key->text);
		map->count++;
	}
}

void decode_message_list(struct decoder *decoder, const struct field *field,
			 const struct value *value, void *member)
{
	const struct schema *schema = field->schema;
	struct any_list *list = member;

	if (!is_list(decoder, field, value))
		return;

	char *items = take_items(decoder, field, value, schema->size);

	if (items == NULL)
		return;
	list->items = items;
	VALUE_FOR_EACH(value, item)
	{
		char *message = items + list->count * schema->size;

		if (item->type == VALUE_NULL && field->flags & FIELD_NULL_ITEMS)
			*(struct source_pos *)message = item->at;
		else if (item_is_empty(decoder, field, item))
			continue;
		else
			decode_message(decoder, schema, item, message);
		list->count++;
	}
}

/* Items of a map, each with `at` and `key`; the rest is read by `read`. */
static void decode_map(struct decoder *decoder, const struct field *field,
		       const struct value *value, struct any_list *list, bool of_scalars)
{
	const struct schema *schema = field->schema;

	if (!is_mapping(decoder, field, value))
		return;

	char *items = take_items(decoder, field, value, schema->size);

	if (items == NULL)
		return;
	list->items = items;
	VALUE_FOR_EACH(value, entry)
	{
		char *message = items + list->count++ * schema->size;
		struct map_item *item = (struct map_item *)message;

		item->key = decode_keep(decoder, entry->key->text);
		if (of_scalars && entry->type != VALUE_NULL)
			decode_value(decoder, &schema->fields[0], entry,
				     message + schema->fields[0].offset);
		else if (entry->type != VALUE_NULL)
			decode_message(decoder, schema, entry, message);
		if (of_scalars && schema->validate != NULL)
			schema->validate(decoder, entry, message);
		item->at = entry->key->at;
	}
}

void decode_message_map(struct decoder *decoder, const struct field *field,
			const struct value *value, void *member)
{
	decode_map(decoder, field, value, member, false);
}

void decode_scalar_map(struct decoder *decoder, const struct field *field,
		       const struct value *value, void *member)
{
	decode_map(decoder, field, value, member, true);
}
