/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

const struct http_limits http_limits_default = {
	.head_bytes = 60 * 1024, /* Envoy's default, as is the next */
	.field_count = 100,
	.start_line_bytes = 16 * 1024,
	.trailer_bytes = 8 * 1024,
	.chunk_extension_bytes = 1024,
};

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

void http_head_remove_hop_by_hop(struct http_head *head)
{
	static const enum http_name names[] = {
		HTTP_CONNECTION, HTTP_PROXY_CONNECTION, HTTP_KEEP_ALIVE,    HTTP_TRANSFER_ENCODING,
		HTTP_TE,         HTTP_UPGRADE,          HTTP_HTTP2_SETTINGS
	};
	struct http_fields *const fields = &head->fields;

	for (const struct http_field *field = http_fields_find_known(fields, HTTP_CONNECTION);
	     field != NULL; field = http_fields_next(fields, field))
		remove_nominated(fields, field->value);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (fields->first[names[i]] != 0)
			http_fields_remove_known(fields, names[i]);
}
