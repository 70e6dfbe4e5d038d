/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

const struct http_limits http_limits_default = HTTP_LIMITS_DEFAULT;

void http_head_done(struct http_head *head)
{
	http_fields_done(&head->fields);
	*head = (struct http_head){ 0 };
}

void http_head_clear(struct http_head *head)
{
	const struct text absent = { NULL, 0 };

	http_fields_clear(&head->fields);
	head->version = HTTP_VERSION_NONE;
	head->method = head->scheme = head->authority = head->path = absent;
	head->status = 0;
	head->reason = head->upgrade = absent;
	head->framing = HTTP_BODY_NONE;
	head->content_length = HTTP_LENGTH_UNKNOWN;
	head->keep_alive = head->expect_continue = head->accepts_trailers = false;
}

static char *copy_text(char *next, struct text *text)
{
	if (text->len == 0)
		return next;

	const char *copy = next;

	next = mempcpy(next, text->ptr, text->len);
	text->ptr = copy;
	return next;
}

void http_head_keep(struct http_head *head, struct arena *arena)
{
	struct text *const texts[] = { &head->method, &head->scheme, &head->authority,
				       &head->path,   &head->reason, &head->upgrade };
	size_t len = 0;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		len += texts[i]->len;
	HTTP_FIELD_FOR_EACH (&head->fields, field)
		len += field->name.len + field->value.len;

	char *next = arena_alloc_bytes(arena, len);

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		next = copy_text(next, texts[i]);
	HTTP_FIELD_FOR_EACH (&head->fields, field) {
		next = field->id == HTTP_OTHER ? copy_text(next, &field->name) : next;
		next = copy_text(next, &field->value);
	}
}

static void remove_nominated(struct http_fields *fields, struct text list)
{
	while (list.ptr != NULL) {
		const struct text item = text_trim(text_split(&list, ','));

		if (item.len == 0 || text_equal_nocase(item, TEXT("connection")))
			continue;
		HTTP_FIELD_FOR_EACH (fields, field)
			if (text_equal_nocase(field->name, item)) {
				http_fields_remove(fields, field->name);
				break;
			}
	}
}

bool http_name_is_of_connection(enum http_name name)
{
	switch (name) {
	case HTTP_CONNECTION:
	case HTTP_CONTENT_LENGTH:
	case HTTP_HOST:
	case HTTP_HTTP2_SETTINGS:
	case HTTP_KEEP_ALIVE:
	case HTTP_PROXY_CONNECTION:
	case HTTP_TE:
	case HTTP_TRANSFER_ENCODING:
	case HTTP_UPGRADE:
		return true;
	default:
		return false;
	}
}

/* Host and the length stay readable for filters; the writers take neither from here. */
void http_head_remove_hop_by_hop(struct http_head *head)
{
	static const enum http_name names[] = { HTTP_CONNECTION, HTTP_HTTP2_SETTINGS,
						HTTP_KEEP_ALIVE, HTTP_PROXY_CONNECTION,
						HTTP_TE,         HTTP_TRANSFER_ENCODING,
						HTTP_UPGRADE };
	struct http_fields *const fields = &head->fields;

	for (const struct http_field *field = http_fields_find_known(fields, HTTP_CONNECTION);
	     field != NULL; field = http_fields_next(fields, field))
		remove_nominated(fields, field->value);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (fields->first[names[i]] != 0)
			http_fields_remove_known(fields, names[i]);
	head->upgrade = (struct text){ NULL, 0 };
}

bool http_trailer_is_harmless(const struct http_field *field)
{
	return field->id != HTTP_CONTENT_LENGTH && field->id != HTTP_TRANSFER_ENCODING
	       && field->id != HTTP_HOST;
}

bool http_trailer_is_allowed(const struct http_field *field)
{
	static const bool head_only[HTTP_NAME_COUNT] = {
		[HTTP_AUTHORIZATION] = true,
		[HTTP_CACHE_CONTROL] = true,
		[HTTP_CONTENT_ENCODING] = true,
		[HTTP_CONTENT_TYPE] = true,
		[HTTP_COOKIE] = true,
		[HTTP_EXPECT] = true,
		[HTTP_FORWARDED] = true,
		[HTTP_MAX_FORWARDS] = true,
		[HTTP_PROXY_AUTHENTICATE] = true,
		[HTTP_PROXY_AUTHORIZATION] = true,
		[HTTP_RANGE] = true,
		[HTTP_SET_COOKIE] = true,
		[HTTP_TRAILER] = true,
		[HTTP_WWW_AUTHENTICATE] = true,
		[HTTP_X_FORWARDED_CLIENT_CERT] = true,
		[HTTP_X_FORWARDED_FOR] = true,
		[HTTP_X_FORWARDED_HOST] = true,
		[HTTP_X_FORWARDED_PORT] = true,
		[HTTP_X_FORWARDED_PROTO] = true,
		[HTTP_X_REAL_IP] = true,
	};

	return !head_only[field->id] && !http_name_is_of_connection(field->id);
}
