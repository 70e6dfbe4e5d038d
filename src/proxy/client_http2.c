/* SPDX-License-Identifier: Apache-2.0 */
/* client_http2.c — HTTP/2 with an upstream: many exchanges share one connection, and what they send
 * in a round leaves in one write (RFC 9113). */
#include "proxy/codec.h"

#include "proxy/exchange.h"
#include "proxy/stream_end.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

#include <errno.h>

struct client_call { /* a stream; from the worker's free list */
	struct client_call *next_free;
	struct pool *pool;         /* of its connection, which may be gone before the call is */
	struct exchange *exchange; /* NULL: nobody waits for the answer any more */
	struct stream_end end;
	struct text scheme;
	bool head_is_done;
};

/* ---- life ---- */

static struct client_call *take_call(struct worker *worker)
{
	struct client_call *call = worker->free_client_calls;

	if (call == NULL)
		return MEM_NEW(struct client_call);
	worker->free_client_calls = call->next_free;
	return call;
}

void client_http2_free_all(struct worker *worker)
{
	while (worker->free_client_calls != NULL) {
		struct client_call *call = worker->free_client_calls;

		worker->free_client_calls = call->next_free;
		http_fields_done(&call->end.trailers);
		mem_free(call);
	}
}

static struct client_call *call_of(const struct exchange *exchange)
{
	return exchange->upstream;
}

/* The exchange and the stream go separate ways. */
static void part(struct client_call *call)
{
	if (call->exchange == NULL)
		return;
	call->exchange->upstream = NULL;
	call->exchange->client_codec = NULL;
	call->exchange = NULL;
	pool_end_request(call->pool);
}

/* ---- the answer ---- */

static void on_head(struct http_stream *stream)
{
	struct client_call *call = stream->owner;
	struct exchange *exchange = call->exchange;

	if (exchange == NULL)
		return;
	if (http_status_is_interim(stream->head.status)) {
		exchange_interim(exchange, &stream->head);
		return;
	}

	const struct http_head kept = exchange->response;

	exchange->response = stream->head;
	stream->head = kept;
	call->head_is_done = true;
	exchange_response_head(exchange);
}

static void pass(struct client_call *call, struct text bytes, bool was_kept)
{
	if (call->exchange != NULL)
		exchange_response_body(call->exchange, bytes);
	stream_end_passed(&call->end, bytes.len, was_kept);
}

static void pass_end(struct client_call *call)
{
	if (call->exchange != NULL)
		exchange_response_end(call->exchange, &call->end.stream->trailers);
}

static void on_body(struct http_stream *stream, struct text bytes)
{
	struct client_call *call = stream->owner;

	if (stream_end_receive(&call->end, bytes))
		pass(call, bytes, false);
}

static void on_end(struct http_stream *stream)
{
	struct client_call *call = stream->owner;

	call->end.all_received = true;
	if (!call->end.is_paused && call->end.received.len == 0)
		pass_end(call);
}

static void on_writable(struct http_stream *stream)
{
	struct client_call *call = stream->owner;

	if (stream_end_writable(&call->end) && call->exchange != NULL)
		exchange_upstream_drained(call->exchange);
}

static enum upstream_failure failure_of(const struct client_call *call, enum http_close why)
{
	if (call->head_is_done)
		return UPSTREAM_TRUNCATED;
	switch (why) {
	case HTTP_CLOSE_REFUSED:
		return UPSTREAM_REFUSED;
	case HTTP_CLOSE_MALFORMED:
		return UPSTREAM_BAD_ANSWER;
	default:
		return UPSTREAM_RESET;
	}
}

static void on_close(struct http_stream *stream, enum http_close why)
{
	struct client_call *call = stream->owner;
	struct exchange *exchange = call->exchange;
	struct worker *worker = call->pool->worker;

	/* whole, but its last part still waits for a slow client: it stays until that has it */
	if (exchange != NULL && call->end.all_received && call->end.received.len > 0) {
		http_fields_copy(&exchange->response_trailers, &stream->trailers, &exchange->arena);
		call->end.stream = NULL;
		return;
	}
	part(call);
	stream_end_done(&call->end);
	call->next_free = worker->free_client_calls;
	worker->free_client_calls = call;
	if (exchange != NULL)
		exchange_upstream_failed(exchange, failure_of(call, why), "upstream_stream_reset");
}

static const struct http_stream_events stream_events = {
	.on_head = on_head,
	.on_body = on_body,
	.on_end = on_end,
	.on_writable = on_writable,
	.on_close = on_close,
};

/* ---- the request ---- */

bool client_http2_can_open(const struct upstream_connection *connection)
{
	return link_is_open(&connection->link) && http2_can_open(connection->http2);
}

void client_http2_open(struct upstream_connection *connection, struct exchange *exchange)
{
	struct client_call *call = take_call(connection->pool->worker);
	struct http_stream *stream = http2_open(connection->http2, &stream_events, call);

	call->pool = connection->pool;
	call->exchange = exchange;
	call->head_is_done = false;
	call->scheme = link_is_tls(&connection->link) ? TEXT("https") : TEXT("http");
	stream_end_open(&call->end, stream, connection->link.pool);
	exchange->upstream = call;
	exchange->client_codec = &client_http2;
	connection->served++;
	connection->idle_since_ns = loop_now(connection->link.loop);
}

static bool is_ready(const struct exchange *exchange)
{
	return call_of(exchange)->end.stream != NULL;
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	const struct http_head received = *head;

	head->scheme = call_of(exchange)->scheme;
	stream_end_send_head(&call_of(exchange)->end, head);
	*head = received;
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	stream_end_send(&call_of(exchange)->end, bytes);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	stream_end_finish(&call_of(exchange)->end, trailers);
}

static void pause_answer(struct exchange *exchange, bool paused)
{
	struct client_call *call = call_of(exchange);
	struct text bytes;

	if (call->end.is_paused == paused)
		return;
	call->end.is_paused = paused;
	while (call->exchange == exchange && stream_end_next(&call->end, &bytes))
		pass(call, bytes, true);
	if (!call->end.is_paused && call->end.all_received && call->end.received.len == 0
	    && call->exchange == exchange)
		exchange_response_end(exchange, call->end.stream != NULL
							? &call->end.stream->trailers
							: &exchange->response_trailers);
}

static bool is_full(const struct exchange *exchange)
{
	return call_of(exchange)->end.is_full;
}

static void free_closed(struct client_call *call)
{
	struct worker *worker = call->pool->worker;

	if (call->end.stream != NULL)
		return; /* on_close will come */
	stream_end_done(&call->end);
	call->next_free = worker->free_client_calls;
	worker->free_client_calls = call;
}

static void cancel(struct exchange *exchange)
{
	struct client_call *call = call_of(exchange);

	part(call);
	if (call->end.stream != NULL)
		http_stream_reset(call->end.stream, HTTP_CLOSE_CANCELED);
	else
		free_closed(call);
}

static void release(struct exchange *exchange)
{
	struct client_call *call = call_of(exchange);

	if (!call->end.is_ended && call->end.stream != NULL) { /* answered before all was sent */
		cancel(exchange);
		return;
	}
	part(call);
	free_closed(call);
}

const struct client_codec client_http2 = {
	.is_ready = is_ready,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.pause = pause_answer,
	.is_full = is_full,
	.release = release,
	.cancel = cancel,
};

/* ---- the connection ---- */

static void on_output(struct http2 *http2)
{
	struct upstream_connection *connection = http2_owner(http2);

	loop_defer(connection->pool->worker->loop, &connection->resume);
}

static void on_refused(struct http2 *http2, struct http_problem problem)
{
	(void)http2;
	(void)problem; /* its stream's on_close tells the exchange */
}

static const struct http2_events connection_events = {
	.on_output = on_output,
	.on_refused = on_refused,
};

void client_http2_start(struct upstream_connection *connection)
{
	struct worker *worker = connection->pool->worker;

	connection->http2 =
		http2_new(HTTP2_CLIENT, &http2_config_default, &connection_events, connection,
			  worker->http2_memory, &connection->link.out, &worker->slabs);
}

/* It was told to go (GOAWAY), or has carried what it may. */
static bool has_nothing_left(const struct upstream_connection *connection)
{
	return http2_is_finished(connection->http2)
	       || (http2_stream_count(connection->http2) == 0 && upstream_is_used_up(connection));
}

void client_http2_flush(struct upstream_connection *connection)
{
	if (!link_is_open(&connection->link))
		return;
	http2_flush(connection->http2);
	if (has_nothing_left(connection)) /* no stream is left that a GOAWAY could save */
		upstream_close(connection);
	else if (connection->link.out.len > 0)
		link_flush_later(&connection->link);
}

void client_http2_on_input(struct upstream_connection *connection)
{
	struct worker *worker = connection->pool->worker;
	struct slab *slab = slab_take(&worker->slabs);
	struct error err = { 0 };
	ssize_t got;

	while ((got = link_read(&connection->link, slab->data, SLAB_ROOM)) > 0)
		if (http2_receive(connection->http2, slab->data, (size_t)got,
				  loop_now(worker->loop), &err)
		    < 0) {
			log_debug("upstream %s: %s", connection->pool->key, err.text);
			break;
		}
	slab_give(&worker->slabs, slab);
	/* closed, broken, or told to go (GOAWAY) with nothing left to do */
	if (got != -EAGAIN || (connection->link.out.len == 0 && has_nothing_left(connection)))
		upstream_close(connection);
}
