/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_write.h"

/* Writes what it is given, or with `next` NULL only counts it: size and bytes come from one walk
 * through the message and cannot disagree. */
struct sink {
	char *next;
	size_t len;
};

static void put(struct sink *sink, struct text text)
{
	if (sink->next != NULL && text.len > 0)
		sink->next = mempcpy(sink->next, text.ptr, text.len);
	sink->len += text.len;
}

static void put_field(struct sink *sink, struct text name, struct text value)
{
	put(sink, name);
	put(sink, TEXT(": "));
	put(sink, value);
	put(sink, TEXT("\r\n"));
}

static void put_number(struct sink *sink, uint64_t number)
{
	char digits[TEXT_NUMBER_MAX];

	put(sink, (struct text){ digits, text_format_number(digits, number) });
}

static void put_request_line(struct sink *sink, const struct http_head *head)
{
	put(sink, head->method);
	put(sink, TEXT(" "));
	put(sink, http_head_is_connect(head) ? head->authority : head->path);
	put(sink, TEXT(" HTTP/1.1\r\n"));
	put_field(sink, TEXT("host"), head->authority);
}

static void put_status_line(struct sink *sink, const struct http_head *head)
{
	put(sink, TEXT("HTTP/1.1 "));
	put_number(sink, head->status);
	put(sink, TEXT(" "));
	put(sink, head->reason.len > 0 ? head->reason : text_of(http_status_reason(head->status)));
	put(sink, TEXT("\r\n"));
}

static void put_framing(struct sink *sink, const struct http_head *head)
{
	if (head->framing == HTTP_BODY_CHUNKED) {
		put_field(sink, TEXT("transfer-encoding"), TEXT("chunked"));
	} else if (head->content_length != HTTP_LENGTH_UNKNOWN) {
		put(sink, TEXT("content-length: "));
		put_number(sink, head->content_length);
		put(sink, TEXT("\r\n"));
	}
}

/* HTTP/1.0 peers learn that we keep, HTTP/1.1 peers that we do not; RFC 9112 9.3. */
static void put_connection(struct sink *sink, const struct http_head *head)
{
	if (head->upgrade.len > 0) {
		put_field(sink, TEXT("connection"), TEXT("upgrade"));
		put_field(sink, TEXT("upgrade"), head->upgrade);
	} else if (http_status_is_interim(head->status)) {
		return;
	} else if (!head->keep_alive) {
		put_field(sink, TEXT("connection"), TEXT("close"));
	} else if (head->version == HTTP_VERSION_1_0 && head->status != 0) {
		put_field(sink, TEXT("connection"), TEXT("keep-alive"));
	} else if (head->accepts_trailers && head->status == 0) {
		put_field(sink, TEXT("connection"), TEXT("te"));
		put_field(sink, TEXT("te"), TEXT("trailers"));
	}
}

static void put_fields(struct sink *sink, const struct http_fields *fields)
{
	HTTP_FIELD_FOR_EACH (fields, field)
		if (!http_name_is_of_connection(field->id))
			put_field(sink, field->name, field->value);
}

static void put_head(struct sink *sink, const struct http_head *head)
{
	if (head->status != 0)
		put_status_line(sink, head);
	else
		put_request_line(sink, head);
	put_fields(sink, &head->fields);
	put_framing(sink, head);
	put_connection(sink, head);
	put(sink, TEXT("\r\n"));
}

size_t http1_head_size(const struct http_head *head)
{
	struct sink counted = { NULL, 0 };

	put_head(&counted, head);
	return counted.len;
}

char *http1_head_put(const struct http_head *head, char *out)
{
	struct sink sink = { out, 0 };

	put_head(&sink, head);
	return sink.next;
}

void http1_write_head(struct byte_queue *out, struct slab_pool *pool, const struct http_head *head)
{
	const size_t len = http1_head_size(head);

	if (len <= SLAB_SIZE) {
		http1_head_put(head, byte_queue_extend(out, pool, len));
		return;
	}

	AUTO(mem_free_text) char *bytes = mem_alloc(len); /* rare: most heads fit a slab */

	http1_head_put(head, bytes);
	byte_queue_add(out, pool, bytes, len);
}

void http1_write_continue(struct byte_queue *out, struct slab_pool *pool)
{
	const struct text line = TEXT("HTTP/1.1 100 Continue\r\n\r\n");

	byte_queue_add(out, pool, line.ptr, line.len);
}

static size_t format_hex(char out[16], size_t number)
{
	size_t len = 1;

	for (size_t rest = number >> 4; rest > 0; rest >>= 4)
		len++;
	for (size_t i = len; i > 0; i--, number >>= 4)
		out[i - 1] = "0123456789abcdef"[number & 15];
	return len;
}

void http1_write_chunk(struct byte_queue *out, struct slab_pool *pool, struct text data)
{
	char line[18];

	if (data.len == 0) /* would end the body */
		return;

	const size_t digits = format_hex(line, data.len);

	memcpy(line + digits, "\r\n", 2);
	byte_queue_add(out, pool, line, digits + 2);
	byte_queue_add(out, pool, data.ptr, data.len);
	byte_queue_add(out, pool, "\r\n", 2);
}

static void put_last_chunk(struct sink *sink, const struct http_fields *trailers)
{
	put(sink, TEXT("0\r\n"));
	if (trailers != NULL)
		put_fields(sink, trailers);
	put(sink, TEXT("\r\n"));
}

void http1_write_last_chunk(struct byte_queue *out, struct slab_pool *pool,
			    const struct http_fields *trailers)
{
	struct sink sink = { NULL, 0 };

	put_last_chunk(&sink, trailers);

	AUTO(mem_free_text) char *large = sink.len > SLAB_SIZE ? mem_alloc(sink.len) : NULL;

	sink.next = large != NULL ? large : byte_queue_extend(out, pool, sink.len);

	const size_t len = sink.len;

	put_last_chunk(&sink, trailers);
	if (large != NULL)
		byte_queue_add(out, pool, large, len);
}

void http1_prepare_request(struct http_head *head)
{
	if (head->framing == HTTP_BODY_TO_END)
		head->framing = HTTP_BODY_CHUNKED;
}

/* RFC 9110 6.4.1. */
static bool may_have_body(const struct http_head *head, const struct http_head *request)
{
	return head->status >= 200 && head->status != 204 && head->status != 304
	       && !http_head_is_head(request);
}

void http1_prepare_response(struct http_head *head, const struct http_head *request)
{
	const bool is_tunnel =
		head->status == 101 || (http_head_is_connect(request) && head->status / 100 == 2);
	const bool knows_chunks = request->version != HTTP_VERSION_1_0;

	head->keep_alive = request->keep_alive;
	head->version = request->version;
	if (is_tunnel)
		head->framing = HTTP_BODY_TO_END;
	else if (!may_have_body(head, request))
		head->framing = HTTP_BODY_NONE;
	else if (head->framing == HTTP_BODY_TO_END || head->framing == HTTP_BODY_CHUNKED)
		head->framing = knows_chunks ? HTTP_BODY_CHUNKED : HTTP_BODY_TO_END;
	if (is_tunnel || head->status < 200 || head->status == 204) /* RFC 9110 8.6 */
		head->content_length = HTTP_LENGTH_UNKNOWN;
	if (head->framing == HTTP_BODY_TO_END)
		head->keep_alive = false;
}
