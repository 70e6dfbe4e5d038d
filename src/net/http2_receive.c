/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_connection.h"

#define CONTINUATIONS_MAX 8 /* 16 KiB each: twice the largest head that is let through */

static struct http2_stream *find_stream(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* Ends the connection: the peer costs more than it may. */
static int give_up(struct http2 *http2, const char *fault)
{
	http2->fault = fault;
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int pay_reset(struct http2 *http2)
{
	if (http2->side == HTTP2_SERVER && !http2_budget_pay(&http2->resets, http2->now_ns))
		return give_up(http2, "too many streams were reset");
	return 0;
}

static int pay_control(struct http2 *http2)
{
	if (!http2_budget_pay(&http2->controls, http2->now_ns))
		return give_up(http2, "too many frames without content");
	return 0;
}

/* For its head or trailers. RFC 9113 8.1.1 wants malformed messages reset; a request that is only
 * too large, or wants what is not offered, can be answered. */
static int refuse(struct http2 *http2, struct http2_stream *stream)
{
	if (!stream->is_accepted && http2->events->on_refused != NULL)
		http2->events->on_refused(http2, stream->problem);
	if (stream->problem.status == 400 || http2->side == HTTP2_CLIENT || stream->is_accepted) {
		stream->why = HTTP_CLOSE_MALFORMED;
		http2_stream_submit_reset(stream, NGHTTP2_PROTOCOL_ERROR);
	} else {
		http2_stream_answer(stream, stream->problem.status);
	}
	return pay_reset(http2);
}

/* CVE-2024-27316: a head may go on without end and without a byte. */
static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *user_data)
{
	struct http2 *const http2 = user_data;

	(void)session;
	if (head->type != NGHTTP2_CONTINUATION)
		http2->continuations = 0;
	else if (++http2->continuations > CONTINUATIONS_MAX)
		return give_up(http2, "a head in too many frames");
	return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct http2 *const http2 = user_data;
	struct http2_stream *stream = find_stream(session, frame->hd.stream_id);

	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		stream = http2_stream_open(http2, frame->hd.stream_id);
		nghttp2_session_set_stream_user_data(session, stream->id, stream);
	}
	if (stream == NULL)
		return 0;
	stream->head_bytes = 0;
	if (!stream->has_head)
		http_head_clear(&stream->stream.head);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user_data)
{
	struct http2_stream *const stream = find_stream(session, frame->hd.stream_id);

	(void)flags;
	(void)user_data;
	if (stream != NULL && !stream->is_reset)
		http2_head_add(stream, (struct text){ (const char *)name, name_len },
			       (struct text){ (const char *)value, value_len });
	return 0;
}

/* nghttp2 would leave such a field out; RFC 9113 8.2.1 calls the message malformed. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
			     const uint8_t *name, size_t name_len, const uint8_t *value,
			     size_t value_len, uint8_t flags, void *user_data)
{
	struct http2_stream *const stream = find_stream(session, frame->hd.stream_id);

	(void)name;
	(void)name_len;
	(void)value;
	(void)value_len;
	(void)flags;
	(void)user_data;
	if (stream != NULL && stream->problem.status == 0)
		stream->problem = (struct http_problem){ 400, "a malformed field" };
	return 0;
}

static void end_message(struct http2_stream *stream)
{
	stream->has_ended = true;
	if (!stream->is_reset)
		stream->stream.events->on_end(&stream->stream);
}

static int finish_head(struct http2 *http2, struct http2_stream *stream, bool ends)
{
	if (!http2_head_finish(stream, ends)) {
		stream->has_ended = ends;
		return refuse(http2, stream);
	}
	stream->has_head = !http_status_is_interim(stream->stream.head.status);
	if (!stream->is_accepted) {
		stream->is_accepted = true;
		http2->events->on_stream(http2, &stream->stream);
	}
	stream->stream.events->on_head(&stream->stream);
	return 0;
}

static int on_headers(struct http2 *http2, const nghttp2_frame *frame)
{
	struct http2_stream *const stream = find_stream(http2->session, frame->hd.stream_id);
	const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	if (stream == NULL || stream->is_reset)
		return 0;
	if (stream->has_head) { /* trailers; nghttp2 has seen that they end the stream */
		if (stream->problem.status != 0)
			return refuse(http2, stream);
	} else {
		const int code = finish_head(http2, stream, ends);

		if (code != 0 || stream->problem.status != 0)
			return code;
	}
	if (ends)
		end_message(stream);
	return 0;
}

static int on_data(struct http2 *http2, const nghttp2_frame *frame)
{
	struct http2_stream *const stream = find_stream(http2->session, frame->hd.stream_id);
	const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	if (ends && stream != NULL)
		end_message(stream);
	return !ends && frame->hd.length == 0 ? pay_control(http2) : 0;
}

static int on_reset(struct http2 *http2, const nghttp2_frame *frame)
{
	struct http2_stream *const stream = find_stream(http2->session, frame->hd.stream_id);

	if (stream != NULL)
		stream->is_reset_by_peer = true;
	return pay_reset(http2);
}

static int on_ping(struct http2 *http2, const nghttp2_ping *ping)
{
	if ((ping->hd.flags & NGHTTP2_FLAG_ACK) == 0)
		return pay_control(http2);
	if (memcmp(ping->opaque_data, http2_farewell, sizeof(http2_farewell)) == 0)
		http2_shut_down_now(http2);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct http2 *const http2 = user_data;

	(void)session;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return on_headers(http2, frame);
	case NGHTTP2_DATA:
		return on_data(http2, frame);
	case NGHTTP2_RST_STREAM:
		return on_reset(http2, frame);
	case NGHTTP2_PING:
		return on_ping(http2, &frame->ping);
	case NGHTTP2_SETTINGS:
	case NGHTTP2_PRIORITY:
		return pay_control(http2);
	default:
		return 0;
	}
}

/* nghttp2 resets the stream (or the connection) by itself; that, too, costs the peer. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int code,
			    void *user_data)
{
	struct http2 *const http2 = user_data;
	struct http2_stream *const stream = find_stream(session, frame->hd.stream_id);

	(void)code;
	if (stream != NULL && stream->why == HTTP_CLOSE_DONE)
		stream->why = HTTP_CLOSE_MALFORMED;
	if (stream != NULL && !stream->is_accepted && http2->events->on_refused != NULL)
		http2->events->on_refused(
			http2, (struct http_problem){ 400, "a malformed HTTP/2 message" });
	return pay_reset(http2);
}

static int on_body(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *user_data)
{
	struct http2_stream *const stream = find_stream(session, id);

	(void)flags;
	(void)user_data;
	if (stream == NULL || stream->is_reset || !stream->is_accepted || !stream->has_head) {
		nghttp2_session_consume(session, id, len);
		return 0;
	}
	stream->unconsumed += len;
	stream->stream.events->on_body(&stream->stream, (struct text){ (const char *)data, len });
	return 0;
}

static enum http_close why_closed(const struct http2_stream *stream, uint32_t code)
{
	if (stream->why != HTTP_CLOSE_DONE)
		return stream->why;
	switch (code) {
	case NGHTTP2_NO_ERROR: /* by RST_STREAM, too: then it depends on what is missing */
		return stream->has_ended ? HTTP_CLOSE_DONE : HTTP_CLOSE_CANCELED;
	case NGHTTP2_CANCEL:
		return HTTP_CLOSE_CANCELED;
	case NGHTTP2_REFUSED_STREAM:
		return HTTP_CLOSE_REFUSED;
	default:
		return stream->is_reset_by_peer ? HTTP_CLOSE_INTERNAL : HTTP_CLOSE_MALFORMED;
	}
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user_data)
{
	struct http2_stream *const stream = find_stream(session, id);

	(void)user_data;
	if (stream != NULL)
		http2_stream_closed(stream, why_closed(stream, code));
	return 0;
}

static void on_end_sent(struct http2_stream *stream)
{
	stream->has_sent_end = true;
	if (stream->reset_when_sent && !stream->has_ended)
		http2_stream_submit_reset(stream, NGHTTP2_NO_ERROR);
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
	struct http2 *const http2 = user_data;
	struct http2_stream *const stream = find_stream(session, frame->hd.stream_id);
	const bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	if (may_end && stream != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		on_end_sent(stream);
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR
	    && http2->fault == NULL)
		http2->fault = nghttp2_http2_strerror(frame->goaway.error_code);
	return 0;
}

void http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_body);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_send_data_callback(callbacks, http2_stream_send_data);
}
