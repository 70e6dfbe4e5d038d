/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/json_event.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

/* --- one JSON value ---------------------------------------------------------------------- */

static struct text text_from_json(struct arena *arena, const json_t *json)
{
	if (json_is_string(json))
		return (struct text){ json_string_value(json), json_string_length(json) };
	if (json_is_integer(json))
		return text_of(arena_printf(arena, "%" PRId64, (int64_t)json_integer_value(json)));
	if (json_is_real(json))
		return text_of(arena_printf(arena, "%.17g", json_real_value(json)));
	return text_of(json_is_true(json) ? "true" : "false");
}

static bool number_from_json(const json_t *json, int64_t *out)
{
	char *end;

	if (json_is_integer(json))
		*out = json_integer_value(json);
	else if (json_is_boolean(json))
		*out = json_is_true(json);
	else if (json_is_real(json) && json_real_value(json) > -9e18
		 && json_real_value(json) < 9e18)
		*out = (int64_t)json_real_value(json);
	else if (json_is_string(json) && strcmp(json_string_value(json), "true") == 0)
		*out = 1;
	else if (json_is_string(json) && strcmp(json_string_value(json), "false") == 0)
		*out = 0;
	else if (json_is_string(json)) {
		errno = 0;
		*out = strtoll(json_string_value(json), &end, 10);
		return errno == 0 && end != json_string_value(json) && *end == '\0';
	} else
		return false;
	return true;
}

static enum field_value_kind kind_of(enum field_type type, const json_t *json)
{
	switch (type) {
	case FIELD_NUMBER:
		return FIELD_VALUE_NUMBER;
	case FIELD_BOOL:
		return FIELD_VALUE_BOOL;
	case FIELD_ADDRESS:
	case FIELD_NETWORK:
		return FIELD_VALUE_ADDRESS;
	case FIELD_ANY:
		return json_is_number(json) ? FIELD_VALUE_NUMBER : FIELD_VALUE_TEXT;
	default:
		return FIELD_VALUE_TEXT;
	}
}

/* False where the JSON value cannot be of that kind. */
static bool item_from_json(struct arena *arena, enum field_value_kind kind, const json_t *json,
			   union field_item *out)
{
	if (json_is_null(json) || json_is_object(json) || json_is_array(json))
		return false;
	switch (kind) {
	case FIELD_VALUE_NUMBER:
	case FIELD_VALUE_BOOL:
		return number_from_json(json, &out->number);
	case FIELD_VALUE_ADDRESS:
		return ip_parse(text_from_json(arena, json), &out->address);
	default:
		out->text = text_from_json(arena, json);
		return true;
	}
}

/* --- a field ----------------------------------------------------------------------------- */

static void add_items(struct json_event *event, const json_t *json, enum field_value_kind kind,
		      struct buffer *items)
{
	const size_t count = json_is_array(json) ? json_array_size(json) : 1;

	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_is_array(json) ? json_array_get(json, i) : json;
		union field_item item;

		if (item_from_json(&event->arena, kind, one, &item))
			buffer_add(items, &item, sizeof(item));
	}
}

static const json_t *find_key(const struct json_event *event, struct text key)
{
	return json_object_getn(event->root, key.ptr, key.len);
}

static const json_t *find_field(struct json_event *event, const struct field_use *use)
{
	const char *name = field_of(use->id)->name;
	const json_t *found;

	if (use->index >= 0)
		return find_key(event,
				text_of(arena_printf(&event->arena, "%s[%d]", name, use->index)));
	if (use->key.ptr == NULL)
		return find_key(event, text_of(name));
	found = find_key(
		event, text_of(arena_printf(&event->arena, "%s.%.*s", name, TEXT_ARGS(use->key))));
	if (found == NULL)
		found = find_key(event, text_of(arena_printf(&event->arena, "%s[%.*s]", name,
							     TEXT_ARGS(use->key))));
	return found;
}

/* What a field is made of where it is not given itself. */
static const struct composite {
	enum field_id field, parts[2];
} composites[] = {
	{ FIELD_FD_IP, { FIELD_FD_CIP, FIELD_FD_SIP } },
	{ FIELD_FD_NET, { FIELD_FD_CIP, FIELD_FD_SIP } },
	{ FIELD_FD_PORT, { FIELD_FD_CPORT, FIELD_FD_SPORT } },
	{ FIELD_FD_CNET, { FIELD_FD_CIP } },
	{ FIELD_FD_SNET, { FIELD_FD_SIP } },
	{ FIELD_FD_LNET, { FIELD_FD_LIP } },
	{ FIELD_FD_RNET, { FIELD_FD_RIP } },
	{ FIELD_SYSCALL_TYPE, { FIELD_EVT_TYPE } },
};

#define ANCESTORS_MAX 64

static void add_parts(struct json_event *event, const struct field_use *use,
		      enum field_value_kind kind, struct buffer *items)
{
	const bool ancestors = (field_of(use->id)->flags & FIELD_FLAG_ANCESTOR) && use->index < 0;
	const json_t *json;

	for (size_t i = 0; i < COUNT_OF(composites); i++) {
		for (size_t k = 0; k < 2 && composites[i].field == use->id; k++) {
			const struct field_use part = { .id = composites[i].parts[k], .index = -1 };

			json = part.id != FIELD_NONE ? find_field(event, &part) : NULL;
			if (json != NULL)
				add_items(event, json, kind, items);
		}
	}
	for (int i = 1; ancestors && i <= ANCESTORS_MAX; i++) {
		json = find_field(event, &(struct field_use){ .id = use->id, .index = i });
		if (json == NULL)
			return;
		add_items(event, json, kind, items);
	}
}

static void get_value(const struct rule_event *base, const struct field_use *use,
		      struct field_value *out)
{
	struct json_event *event = CONTAINER_OF(base, struct json_event, event);
	AUTO_BUFFER struct buffer items = { 0 };
	const json_t *json = find_field(event, use);
	const enum field_value_kind kind = kind_of(field_of(use->id)->type, json);
	union field_item *kept;

	if (json != NULL)
		add_items(event, json, kind, &items);
	else
		add_parts(event, use, kind, &items);
	if (items.len == 0)
		return;
	kept = arena_alloc(&event->arena, items.len);
	memcpy(kept, items.data, items.len);
	*out = field_value_many(kind, kept, (uint32_t)(items.len / sizeof(*kept)));
}

/* --- the event --------------------------------------------------------------------------- */

void json_event_init(struct json_event *event)
{
	*event = (struct json_event){ .event.get = get_value };
	arena_init(&event->arena, 4096);
}

void json_event_done(struct json_event *event)
{
	json_decref(event->root);
	arena_done(&event->arena);
}

static int64_t time_of(const struct json_event *event)
{
	static const char *const keys[] = { "evt.rawtime", "evt.time" };
	int64_t time_ns;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const json_t *json = json_object_get(event->root, keys[i]);

		if (json_is_integer(json) && number_from_json(json, &time_ns) && time_ns >= 0)
			return time_ns;
	}
	return 0;
}

int json_event_parse(struct json_event *event, struct text line, struct error *err)
{
	json_error_t why;
	json_t *root = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);

	if (root == NULL)
		return error_set(err, -EINVAL, "not JSON: %s, at column %d", why.text, why.column);
	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, -EINVAL,
				 "an event must be an object of field -> value, such as "
				 "{\"evt.type\": \"open\"}");
	}
	json_decref(event->root);
	arena_reset(&event->arena);
	event->root = root;
	event->event.time_ns = time_of(event);
	event->event.type =
		event_type_find(text_of(json_string_value(json_object_get(root, "evt.type"))));
	return 0;
}
