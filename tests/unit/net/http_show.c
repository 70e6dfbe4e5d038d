/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_show.h"

#include <inttypes.h>

static const char *const version_names[] = { "no version", "HTTP/1.0", "HTTP/1.1", "HTTP/2" };

static void show_framing(struct buffer *out, const struct http_head *head)
{
	static const char *const names[] = { "no body", "length", "chunked", "to end" };

	buffer_printf(out, " %s", names[head->framing]);
	if (head->content_length != HTTP_LENGTH_UNKNOWN)
		buffer_printf(out, " %" PRIu64, head->content_length);
}

void http_show(struct buffer *out, const struct http_head *head)
{
	if (head->status != 0)
		buffer_printf(out, "%u \"%.*s\"", head->status, TEXT_ARGS(head->reason));
	else
		buffer_printf(out, "%.*s %.*s%s%.*s %.*s", TEXT_ARGS(head->method),
			      TEXT_ARGS(head->scheme), head->scheme.len > 0 ? "://" : "",
			      TEXT_ARGS(head->authority), TEXT_ARGS(head->path));
	buffer_printf(out, " %s", version_names[head->version]);
	show_framing(out, head);
	buffer_add_text(out, head->keep_alive ? ", keep" : ", close");
	if (head->expect_continue)
		buffer_add_text(out, ", expects 100");
	if (head->accepts_trailers)
		buffer_add_text(out, ", trailers");
	if (head->upgrade.len > 0)
		buffer_printf(out, ", upgrade %.*s", TEXT_ARGS(head->upgrade));
	HTTP_FIELD_FOR_EACH (&head->fields, field)
		buffer_printf(out, " | %.*s: %.*s", TEXT_ARGS(field->name),
			      TEXT_ARGS(field->value));
}
