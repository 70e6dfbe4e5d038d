/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2.h"

#include "net/http2_connection.h"

#include <errno.h>

const struct http2_config http2_config_default = {
	HTTP2_CONFIG_DEFAULT,
};

const uint8_t http2_farewell[8] = { 'f', 'a', 'r', 'e', 'w', 'e', 'l', 'l' };

void http2_want_flush(struct http2 *http2)
{
	if (http2->wants_flush)
		return;
	http2->wants_flush = true;
	http2->events->on_output(http2);
}

void http2_send_queued(struct http2 *http2)
{
	const uint8_t *bytes;
	ssize_t len = 1;

	http2->is_inside = true;
	while (len > 0 && http2->out->len < http2->config->queue_high) {
		len = nghttp2_session_mem_send(http2->session, &bytes);
		if (len > 0)
			byte_queue_add(http2->out, http2->pool, bytes, (size_t)len);
	}
	http2->is_inside = false;
}

void http2_tell_closed(struct http2 *http2)
{
	while (!list_is_empty(&http2->closed)) {
		struct http2_stream *const stream =
			LIST_ITEM(http2->closed.next, struct http2_stream, link);

		list_remove(&stream->link);
		http2->stream_count--;
		if (stream->unconsumed > 0)
			nghttp2_session_consume_connection(http2->session, stream->unconsumed);
		if (stream->is_accepted)
			stream->stream.events->on_close(&stream->stream, stream->why);
		http2_memory_give_stream(http2->memory, stream);
	}
}

static bool may_send(const struct http2 *http2, const struct http2_stream *stream)
{
	return nghttp2_session_get_remote_window_size(http2->session) > 0
	       && nghttp2_session_get_stream_remote_window_size(http2->session, stream->id) > 0;
}

/* Each stream that waits is told once; what its owner cannot send then puts it back. */
static void tell_writable(struct http2 *http2)
{
	struct list waiting = http2->blocked;

	if (list_is_empty(&http2->blocked))
		return;
	waiting.next->prev = waiting.prev->next = &waiting;
	list_init(&http2->blocked);
	while (!list_is_empty(&waiting)) {
		struct http2_stream *const stream =
			LIST_ITEM(waiting.next, struct http2_stream, blocked_link);

		list_remove(&stream->blocked_link);
		if (http2->out->len < http2->config->queue_high && may_send(http2, stream))
			stream->stream.events->on_writable(&stream->stream);
		else
			list_append(&http2->blocked, &stream->blocked_link);
	}
}

void http2_flush(struct http2 *http2)
{
	http2->wants_flush = false;
	http2_send_queued(http2);
	http2_tell_closed(http2);
	tell_writable(http2);
	http2_send_queued(http2);
	http2_tell_closed(http2);
}

static int fail(struct http2 *http2, int code, struct error *err)
{
	const bool is_flood = http2->fault != NULL || code == NGHTTP2_ERR_FLOODED;

	nghttp2_session_terminate_session(http2->session, is_flood ? NGHTTP2_ENHANCE_YOUR_CALM
								   : NGHTTP2_PROTOCOL_ERROR);
	if (http2->fault == NULL)
		http2->fault = nghttp2_strerror(code);
	return error_set(err, -EPROTO, "HTTP/2: %s", http2->fault);
}

int http2_receive(struct http2 *http2, const char *bytes, size_t len, uint64_t now_ns,
		  struct error *err)
{
	int result = 0;

	http2->now_ns = now_ns;
	http2->is_inside = true;

	const ssize_t taken = nghttp2_session_mem_recv(http2->session, (const uint8_t *)bytes, len);

	http2->is_inside = false;
	if (taken < 0)
		result = fail(http2, (int)taken, err);
	http2_tell_closed(http2);
	tell_writable(http2);
	/* Its end, too, is for http2_flush's caller to see. */
	if (nghttp2_session_want_write(http2->session) != 0 || http2_is_finished(http2))
		http2_want_flush(http2);
	return result;
}

struct http_stream *http2_open(struct http2 *http2, const struct http_stream_events *events,
			       void *owner)
{
	struct http2_stream *stream;

	if (!http2_can_open(http2))
		return NULL;
	stream = http2_stream_open(http2, 0);
	stream->stream.events = events;
	stream->stream.owner = owner;
	stream->is_accepted = true;
	return &stream->stream;
}

bool http2_can_open(const struct http2 *http2)
{
	return http2->side == HTTP2_CLIENT
	       && nghttp2_session_check_request_allowed(http2->session) != 0
	       && http2->stream_count < nghttp2_session_get_remote_settings(
			  http2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool http2_may_tunnel(const struct http2 *http2)
{
	return nghttp2_session_get_remote_settings(http2->session,
						   NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL)
	       == 1;
}

size_t http2_stream_count(const struct http2 *http2)
{
	return http2->stream_count;
}

void *http2_owner(const struct http2 *http2)
{
	return http2->owner;
}

const char *http2_fault(const struct http2 *http2)
{
	return http2->fault;
}

void http2_ping(struct http2 *http2)
{
	nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, NULL);
	http2_want_flush(http2);
}

/* RFC 9113 6.8. A GOAWAY that names the last stream could cross with requests, which would then be
 * both served and sent elsewhere. So a server first says only that it will go; once the PING behind
 * that is answered, every request sent before has arrived, and http2_shut_down_now names the last.
 */
void http2_shut_down(struct http2 *http2)
{
	if (http2->side == HTTP2_SERVER) {
		nghttp2_submit_shutdown_notice(http2->session);
		nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, http2_farewell);
		http2_want_flush(http2);
	} else {
		http2_shut_down_now(http2);
	}
}

void http2_shut_down_now(struct http2 *http2)
{
	nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
			      nghttp2_session_get_last_proc_stream_id(http2->session),
			      NGHTTP2_NO_ERROR, NULL, 0);
	http2_want_flush(http2);
}

bool http2_is_finished(const struct http2 *http2)
{
	return nghttp2_session_want_read(http2->session) == 0
	       && nghttp2_session_want_write(http2->session) == 0;
}

enum http2_preface http2_preface_check(const char *bytes, size_t len)
{
	const size_t known = MIN_OF(len, (size_t)NGHTTP2_CLIENT_MAGIC_LEN);

	if (known > 0 && memcmp(bytes, NGHTTP2_CLIENT_MAGIC, known) != 0)
		return HTTP2_PREFACE_NO;
	return known == NGHTTP2_CLIENT_MAGIC_LEN ? HTTP2_PREFACE_YES : HTTP2_PREFACE_PARTIAL;
}
