/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 messages. The first byte says what the rest is: 'Q' a request, 'A' an answer to GET, 'H'
 * to HEAD. It means the same however it is cut (http1_try); it never has two lengths; written and
 * read again it is the same message; its body, too, is the same however it is cut. */
#include "net/http1_try.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MAX 4096

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct message {
	struct http_head head;
	struct buffer bytes;
	size_t head_len;
};

static void message_done(struct message *message)
{
	http_head_done(&message->head);
	buffer_done(&message->bytes);
}

#define AUTO_MESSAGE __attribute__((cleanup(message_done)))

/* request NULL: it is a request. */
static bool parse(struct message *message, const void *bytes, size_t len,
		  const struct http_head *request)
{
	struct http1_parser parser;
	enum http1_result result;

	buffer_add(&message->bytes, bytes, len);
	http1_parser_init(&parser, &http_limits_default);
	result = request == NULL
			 ? http1_parse_request(&parser, &message->head, message->bytes.data, len)
			 : http1_parse_response(&parser, &message->head, request,
						message->bytes.data, len);
	message->head_len = parser.next;
	return result == HTTP1_DONE;
}

static void require_one_length(const struct http_head *head)
{
	const struct http_fields *const fields = &head->fields;

	if (http_fields_find_known(fields, HTTP_TRANSFER_ENCODING) != NULL)
		require(http_fields_find_known(fields, HTTP_CONTENT_LENGTH) == NULL);
	if (head->framing == HTTP_BODY_LENGTH)
		require(head->content_length != HTTP_LENGTH_UNKNOWN);
}

/* Without what the writer says anew. */
static void show_essence(struct buffer *out, struct http_head *head)
{
	http_head_remove_hop_by_hop(head);
	http_fields_remove_known(&head->fields, HTTP_CONTENT_LENGTH);
	http_fields_remove_known(&head->fields, HTTP_HOST);
	head->scheme = head->reason = (struct text){ NULL, 0 };
	head->version = HTTP_VERSION_1_1;
	head->keep_alive = true;
	http_show(out, head);
}

static void check_written(struct message *message, const struct http_head *request)
{
	AUTO_MESSAGE struct message again = { 0 };
	AUTO_BUFFER struct buffer want = { 0 }, seen = { 0 }, written = { 0 };
	struct http_head *const head = &message->head;

	if (head->status == 101) /* its framing depends on a wish that is not passed on by itself */
		return;
	if (request == NULL && head->authority.len == 0)
		head->authority = TEXT("a");
	http_head_remove_hop_by_hop(head);
	if (request == NULL)
		http1_prepare_request(head);
	else
		http1_prepare_response(head, request);
	written.len = (size_t)(http1_head_put(head, buffer_reserve(&written, http1_head_size(head)))
			       - written.data);
	require(written.len == http1_head_size(head));
	require(parse(&again, written.data, written.len, request));
	require(again.head_len == written.len);
	show_essence(&want, head);
	show_essence(&seen, &again.head);
	require(text_equal(buffer_text(&want), buffer_text(&seen)));
}

static void read_body(struct buffer *out, const struct http_head *head, struct text input,
		      size_t piece)
{
	AUTO_ARENA struct arena arena;
	struct http_fields trailers = { 0 };
	struct http1_body body;
	struct text arrived = text_until(input, 0), data;
	enum http1_body_result result = HTTP1_BODY_MORE;

	arena_init(&arena, 256);
	http1_body_init(&body, head, &http_limits_default, &trailers, &arena);
	while (result == HTTP1_BODY_MORE && arrived.ptr + arrived.len < input.ptr + input.len) {
		const size_t rest = (size_t)(input.ptr + input.len - arrived.ptr) - arrived.len;

		arrived.len += MIN_OF(piece, rest);
		while ((result = http1_body_read(&body, &arrived, &data)) == HTTP1_BODY_DATA)
			buffer_add(out, data.ptr, data.len);
	}
	buffer_printf(out, "%d %u", (int)result, body.problem.status);
	HTTP_FIELD_FOR_EACH (&trailers, field) {
		require(result != HTTP1_BODY_END || http_trailer_is_allowed(field));
		buffer_printf(out, "|%.*s:%.*s", TEXT_ARGS(field->name), TEXT_ARGS(field->value));
	}
	http_fields_done(&trailers);
}

static void check_body(const struct http_head *head, struct text input)
{
	AUTO_BUFFER struct buffer whole = { 0 }, pieces = { 0 };

	read_body(&whole, head, input, input.len + 1);
	read_body(&pieces, head, input, 1);
	require(text_equal(buffer_text(&whole), buffer_text(&pieces)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUFFER struct buffer ignored = { 0 };
	AUTO_MESSAGE struct message message = { 0 };

	if (size < 1 || size > MESSAGE_MAX)
		return 0;

	const char *const method = data[0] == 'Q' ? NULL : data[0] == 'H' ? "HEAD" : "GET";
	const struct http_head asked = { .method = text_of(method),
					 .version = HTTP_VERSION_1_1,
					 .keep_alive = true,
					 .upgrade = TEXT("websocket") };
	const struct http_head *const request = method != NULL ? &asked : NULL;

	http1_try(&ignored, (struct text){ (const char *)data + 1, size - 1 }, method, NULL);
	if (!parse(&message, data + 1, size - 1, request))
		return 0;
	require_one_length(&message.head);
	check_body(&message.head, text_from(buffer_text(&message.bytes), message.head_len));
	check_written(&message, request);
	return 0;
}
