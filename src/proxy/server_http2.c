/* SPDX-License-Identifier: Apache-2.0 */
/* server_http2.c — HTTP/2 with a client: each stream of its connection is an exchange (RFC 9113).
 */
#include "proxy/codec.h"

#include "proxy/bounds.h"
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/stream_end.h"

#include <errno.h>

struct server_call { /* a stream; from the worker's free list */
	struct server_call *next_free;
	struct downstream *downstream;
	struct exchange *exchange; /* NULL: it has ended */
	struct stream_end end;
};

/* ---- life ---- */

static struct server_call *take_call(struct worker *worker)
{
	struct server_call *call = worker->free_server_calls;

	if (call == NULL)
		return MEM_NEW(struct server_call);
	worker->free_server_calls = call->next_free;
	return call;
}

static void give_call(struct worker *worker, struct server_call *call)
{
	call->next_free = worker->free_server_calls;
	worker->free_server_calls = call;
}

void server_http2_free_all(struct worker *worker)
{
	while (worker->free_server_calls != NULL) {
		struct server_call *call = worker->free_server_calls;

		worker->free_server_calls = call->next_free;
		http_fields_done(&call->end.trailers);
		mem_free(call);
	}
}

/* ---- the request ---- */

/* The exchange takes the head over; the stream gets the exchange's empty one, whose array it will
 * use. */
static void swap_heads(struct http_head *a, struct http_head *b)
{
	const struct http_head kept = *a;

	*a = *b;
	*b = kept;
}

static void on_head(struct http_stream *stream)
{
	struct server_call *call = stream->owner;
	struct downstream *downstream = call->downstream;
	struct exchange *exchange = exchange_new(downstream);

	call->exchange = exchange;
	exchange->server_codec = &server_http2;
	exchange->call = call;
	downstream->requests++;
	swap_heads(&exchange->request, &stream->head);
	if (exchange->request.framing == HTTP_BODY_NONE) {
		call->end.all_received = true;
		exchange_request_end(exchange, NULL);
	}
	exchange_begin(exchange);
}

static void pass(struct server_call *call, struct text bytes, bool was_kept)
{
	if (call->exchange != NULL && !call->exchange->answer_is_complete)
		exchange_request_body(call->exchange, bytes);
	stream_end_passed(&call->end, bytes.len, was_kept);
}

static void pass_end(struct server_call *call)
{
	struct exchange *exchange = call->exchange;

	if (exchange != NULL && !exchange->request_is_complete)
		exchange_request_end(exchange, &call->end.stream->trailers);
}

static void on_body(struct http_stream *stream, struct text bytes)
{
	struct server_call *call = stream->owner;

	if (stream_end_receive(&call->end, bytes))
		pass(call, bytes, false);
}

static void on_end(struct http_stream *stream)
{
	struct server_call *call = stream->owner;

	if (call->end.all_received)
		return;
	call->end.all_received = true;
	if (!call->end.is_paused && call->end.received.len == 0)
		pass_end(call);
}

static void on_writable(struct http_stream *stream)
{
	struct server_call *call = stream->owner;

	if (stream_end_writable(&call->end) && call->exchange != NULL)
		exchange_client_drained(call->exchange);
}

static void on_close(struct http_stream *stream, enum http_close why)
{
	struct server_call *call = stream->owner;

	stream_end_done(&call->end);
	if (call->exchange != NULL)
		exchange_cancel(call->exchange,
				why == HTTP_CLOSE_MALFORMED ? FLAG_BAD_REQUEST : FLAG_CLIENT_GONE,
				why == HTTP_CLOSE_MALFORMED ? "malformed_stream" : "stream_reset");
	give_call(call->downstream->worker, call);
}

static const struct http_stream_events stream_events = {
	.on_head = on_head,
	.on_body = on_body,
	.on_end = on_end,
	.on_writable = on_writable,
	.on_close = on_close,
};

/* ---- the answer ---- */

static struct server_call *call_of(const struct exchange *exchange)
{
	return exchange->call;
}

static void send_interim(struct exchange *exchange, const struct http_head *head)
{
	struct http_head copy = *head;

	http_stream_send_head(call_of(exchange)->end.stream, &copy, false);
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	struct server_call *call = call_of(exchange);
	const unsigned status = head->status;

	if (text_is(exchange->request.method, "HEAD"))
		head->framing = HTTP_BODY_NONE;
	if (exchange->is_extended_connect && status == 101) {
		head->status = 200; /* RFC 8441, section 5 */
		http_fields_remove(&head->fields, TEXT("sec-websocket-accept"));
	}
	if (call->end.stream != NULL)
		stream_end_send_head(&call->end, head);
	head->status = status;
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	stream_end_send(&call_of(exchange)->end, bytes);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	struct server_call *call = call_of(exchange);

	call->exchange = NULL;
	call->end.is_paused = false; /* what is on its way of the request is read and dropped */
	stream_end_finish(&call->end, trailers);
	if (!call->end.all_received && call->end.stream != NULL) /* RFC 9113 8.1 */
		http_stream_reset(call->end.stream, HTTP_CLOSE_DONE);
}

static void pause_request(struct exchange *exchange, bool paused);

static void open_tunnel(struct exchange *exchange)
{
	pause_request(exchange, false);
}

static void end_half(struct exchange *exchange)
{
	stream_end_finish(&call_of(exchange)->end, NULL);
}

static void abort_answer(struct exchange *exchange)
{
	struct server_call *call = call_of(exchange);

	call->exchange = NULL;
	if (call->end.stream != NULL)
		http_stream_reset(call->end.stream, HTTP_CLOSE_INTERNAL);
}

static void pause_request(struct exchange *exchange, bool paused)
{
	struct server_call *call = call_of(exchange);
	struct text bytes;

	if (call->end.is_paused == paused)
		return;
	call->end.is_paused = paused;
	while (call->exchange == exchange && stream_end_next(&call->end, &bytes))
		pass(call, bytes, true);
	if (!call->end.is_paused && call->end.all_received && call->end.received.len == 0
	    && call->exchange == exchange)
		pass_end(call);
}

static bool is_full(const struct exchange *exchange)
{
	return call_of(exchange)->end.is_full;
}

const struct server_codec server_http2 = {
	.send_interim = send_interim,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.open_tunnel = open_tunnel,
	.end_half = end_half,
	.abort = abort_answer,
	.pause = pause_request,
	.is_full = is_full,
};

/* ---- the connection ---- */

static void on_stream(struct http2 *http2, struct http_stream *stream)
{
	struct downstream *downstream = http2_owner(http2);
	struct server_call *call = take_call(downstream->worker);

	call->downstream = downstream;
	call->exchange = NULL;
	stream_end_open(&call->end, stream, downstream->link.pool);
	stream->events = &stream_events;
	stream->owner = call;
}

static void on_output(struct http2 *http2)
{
	struct downstream *downstream = http2_owner(http2);

	loop_defer(downstream->worker->loop, &downstream->resume);
}

static void on_refused(struct http2 *http2, struct http_problem problem)
{
	struct downstream *downstream = http2_owner(http2);

	access_log_refused_connection(&downstream->worker->log, downstream, "http", problem.reason);
}

static const struct http2_events connection_events = {
	.on_stream = on_stream,
	.on_output = on_output,
	.on_refused = on_refused,
};

static const struct http2_config config = { HTTP2_CONFIG_DEFAULT, .allow_extended_connect = true };

void server_http2_start(struct downstream *downstream)
{
	struct worker *worker = downstream->worker;

	downstream->state = DOWNSTREAM_HTTP2;
	downstream->http2 = http2_new(HTTP2_SERVER, &config, &connection_events, downstream,
				      worker->http2_memory, &downstream->link.out, &worker->slabs);
}

/* What is queued is sent first, GOAWAY among it; then the link's on_finished closes. */
static void finish_connection(struct downstream *downstream)
{
	downstream->state = DOWNSTREAM_CLOSING;
	link_finish(&downstream->link);
	if (downstream->link.state == LINK_CLOSED)
		downstream_close(downstream);
}

void server_http2_flush(struct downstream *downstream)
{
	if (!link_is_open(&downstream->link))
		return;
	http2_flush(downstream->http2);
	if (http2_is_finished(downstream->http2))
		finish_connection(downstream);
	else if (downstream->link.out.len > 0)
		link_flush_later(&downstream->link);
}

/* Refused: GOAWAY says why. */
static void refuse_connection(struct downstream *downstream)
{
	http2_flush(downstream->http2);
	finish_connection(downstream);
}

static bool receive(struct downstream *downstream, const char *bytes, size_t len)
{
	struct error err = { 0 };

	if (http2_receive(downstream->http2, bytes, len, loop_now(downstream->worker->loop), &err)
	    == 0)
		return true;
	log_debug("%s: %s", downstream->peer_ip, err.text);
	return false;
}

/* What was read before it was known to be HTTP/2. */
static bool receive_input(struct downstream *downstream)
{
	struct input *input = &downstream->input;
	const bool is_fine = input_length(input) == 0
			     || receive(downstream, input_bytes(input), input_length(input));

	input_release(input, downstream->link.pool);
	return is_fine;
}

void server_http2_on_input(struct downstream *downstream)
{
	struct worker *worker = downstream->worker;
	struct slab *slab;
	ssize_t got;

	if (!receive_input(downstream)) {
		refuse_connection(downstream);
		return;
	}
	slab = slab_take(&worker->slabs);
	while ((got = link_read(&downstream->link, slab->data, SLAB_ROOM)) > 0
	       && receive(downstream, slab->data, (size_t)got)) {
	}
	slab_give(&worker->slabs, slab);
	if (got > 0) {
		refuse_connection(downstream);
		return;
	}
	if (got != -EAGAIN) {
		downstream_close(downstream);
		return;
	}
	downstream_set_deadline(downstream, loop_now(worker->loop) + IDLE_TIMEOUT_NS);
}
