/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_connection.h"

#include <assert.h>

#define ARENA_FIRST 1024 /* a usual head fits */

struct http2_stream *http2_stream_new(void)
{
	struct http2_stream *const stream = MEM_NEW(struct http2_stream);

	arena_init(&stream->stream.arena, ARENA_FIRST);
	return stream;
}

void http2_stream_free(struct http2_stream *stream)
{
	http_head_done(&stream->stream.head);
	http_fields_done(&stream->stream.trailers);
	http_fields_done(&stream->out_trailers);
	arena_done(&stream->stream.arena);
	mem_free(stream);
}

/* Everything is as new but what took memory: arena and arrays of fields. */
void http2_stream_reset_state(struct http2_stream *stream)
{
	struct http2_stream kept = { 0 };

	http_head_clear(&stream->stream.head);
	http_fields_clear(&stream->stream.trailers);
	http_fields_clear(&stream->out_trailers);
	arena_reset(&stream->stream.arena);
	kept.stream.head = stream->stream.head;
	kept.stream.trailers = stream->stream.trailers;
	kept.stream.arena = stream->stream.arena;
	kept.out_trailers = stream->out_trailers;
	*stream = kept;
}

void http2_stream_closed(struct http2_stream *stream, enum http_close why)
{
	stream->why = why;
	list_remove(&stream->blocked_link);
	list_remove(&stream->link);
	list_append(&stream->http2->closed, &stream->link);
	if (stream->id != 0)
		nghttp2_session_set_stream_user_data(stream->http2->session, stream->id, NULL);
	stream->id = -1; /* nghttp2 knows it no more */
	http2_want_flush(stream->http2);
}

static bool is_closed(const struct http2_stream *stream)
{
	return stream->id < 0;
}

void http2_stream_submit_reset(struct http2_stream *stream, uint32_t code)
{
	stream->is_reset = true;
	nghttp2_submit_rst_stream(stream->http2->session, NGHTTP2_FLAG_NONE, stream->id, code);
	http2_want_flush(stream->http2);
}

static nghttp2_data_provider body_of(struct http2_stream *stream)
{
	return (nghttp2_data_provider){ .source.ptr = stream,
					.read_callback = http2_stream_read_body };
}

static void submit_head(struct http2_stream *stream, const struct http_head *head, bool ends)
{
	struct http2 *const http2 = stream->http2;
	const nghttp2_data_provider body = body_of(stream);
	nghttp2_nv *fields;
	const size_t count = http2_head_fields(http2, head, &fields);

	if (http2->side == HTTP2_CLIENT)
		stream->id = nghttp2_submit_request(http2->session, NULL, fields, count,
						    ends ? NULL : &body, stream);
	else if (http_status_is_interim(head->status))
		nghttp2_submit_headers(http2->session, NGHTTP2_FLAG_NONE, stream->id, NULL, fields,
				       count, NULL);
	else
		nghttp2_submit_response(http2->session, stream->id, fields, count,
					ends ? NULL : &body);
	if (stream->id < 0) /* identifiers are used up; http2_can_open says so, too */
		http2_stream_closed(stream, HTTP_CLOSE_REFUSED);
}

static void send_head(struct http_stream *public, struct http_head *head, bool ends)
{
	struct http2_stream *const stream = http2_stream_of(public);

	if (is_closed(stream) || stream->is_reset)
		return;
	submit_head(stream, head, ends);
	http2_want_flush(stream->http2);
}

/* Bodies stay where they are: the bytes go from the owner's memory into the queue, while
 * http_stream_send_body runs and at no other time. */
static size_t send_body(struct http_stream *public, struct text data, bool ends)
{
	struct http2_stream *const stream = http2_stream_of(public);
	struct http2 *const http2 = stream->http2;
	size_t left;

	if (is_closed(stream) || stream->is_reset)
		return data.len; /* nobody will see it; on_close follows */
	if (!http2->is_inside) {
		stream->pending = data;
		stream->pending_ends = ends;
		nghttp2_session_resume_data(http2->session, stream->id);
		http2_send_queued(http2);
		left = stream->pending.len;
		stream->pending = (struct text){ NULL, 0 };
		stream->pending_ends = false;
	} else {
		left = data.len;
	}
	http2_want_flush(http2);
	if (left > 0 && !is_closed(stream) && !list_is_linked(&stream->blocked_link))
		list_append(&http2->blocked, &stream->blocked_link);
	return data.len - left;
}

static void send_end(struct http_stream *public, const struct http_fields *trailers)
{
	struct http2_stream *const stream = http2_stream_of(public);

	if (is_closed(stream) || stream->is_reset)
		return;
	if (trailers != NULL)
		http_fields_copy(&stream->out_trailers, trailers, &stream->stream.arena);
	stream->end_is_due = true;
	nghttp2_session_resume_data(stream->http2->session, stream->id);
	http2_want_flush(stream->http2);
}

static void consume(struct http_stream *public, size_t len)
{
	struct http2_stream *const stream = http2_stream_of(public);

	assert(len <= stream->unconsumed);
	if (is_closed(stream))
		return; /* the rest is given back with the stream */
	stream->unconsumed -= len;
	nghttp2_session_consume(stream->http2->session, stream->id, len);
	http2_want_flush(stream->http2);
}

static uint32_t code_of(enum http_close why)
{
	static const uint32_t codes[] = {
		[HTTP_CLOSE_DONE] = NGHTTP2_NO_ERROR,
		[HTTP_CLOSE_CANCELED] = NGHTTP2_CANCEL,
		[HTTP_CLOSE_REFUSED] = NGHTTP2_REFUSED_STREAM,
		[HTTP_CLOSE_MALFORMED] = NGHTTP2_PROTOCOL_ERROR,
		[HTTP_CLOSE_INTERNAL] = NGHTTP2_INTERNAL_ERROR,
		[HTTP_CLOSE_CONNECTION] = NGHTTP2_INTERNAL_ERROR,
	};

	return codes[why];
}

static void reset(struct http_stream *public, enum http_close why)
{
	struct http2_stream *const stream = http2_stream_of(public);

	if (is_closed(stream) || stream->is_reset)
		return;
	stream->why = why;
	if (stream->id == 0) {
		http2_stream_closed(stream, why);
	} else if (why == HTTP_CLOSE_DONE && !stream->has_sent_end) {
		stream->reset_when_sent = true; /* RST_STREAM would overtake what is queued */
	} else {
		http2_stream_submit_reset(stream, code_of(why));
	}
}

static const struct http_stream_ops ops = {
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.consume = consume,
	.reset = reset,
};

struct http2_stream *http2_stream_open(struct http2 *http2, int32_t id)
{
	struct http2_stream *const stream = http2_memory_take_stream(http2->memory);

	stream->stream.ops = &ops;
	stream->http2 = http2;
	stream->id = id;
	list_append(&http2->streams, &stream->link);
	http2->stream_count++;
	return stream;
}

void http2_stream_answer(struct http2_stream *stream, unsigned status)
{
	struct http_head answer = { .status = status, .content_length = 0 };

	submit_head(stream, &answer, true);
	stream->is_reset = true; /* no event */
	stream->reset_when_sent = true;
	http2_want_flush(stream->http2);
}

static ssize_t end_body(struct http2_stream *stream, uint32_t *flags)
{
	nghttp2_nv *fields;

	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (stream->out_trailers.count == 0)
		return 0;
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;

	const size_t count = http2_trailer_fields(stream->http2, &stream->out_trailers, &fields);

	nghttp2_submit_trailer(stream->http2->session, stream->id, fields, count);
	return 0;
}

ssize_t http2_stream_read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t len,
			       uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	struct http2_stream *const stream = source->ptr;

	(void)session;
	(void)id;
	(void)buffer;
	(void)user_data;
	len = MIN_OF(len, stream->pending.len);
	if (len == 0 && !stream->pending_ends)
		return stream->end_is_due ? end_body(stream, flags) : NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (len == stream->pending.len && stream->pending_ends)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)len;
}

int http2_stream_send_data(nghttp2_session *session, nghttp2_frame *frame,
			   const uint8_t *frame_head, size_t len, nghttp2_data_source *source,
			   void *user_data)
{
	struct http2_stream *const stream = source->ptr;
	struct http2 *const http2 = user_data;

	(void)session;
	assert(frame->data.padlen == 0 && len <= stream->pending.len);
	byte_queue_add(http2->out, http2->pool, frame_head, 9);
	byte_queue_add(http2->out, http2->pool, stream->pending.ptr, len);
	stream->pending = text_from(stream->pending, len);
	return 0;
}
