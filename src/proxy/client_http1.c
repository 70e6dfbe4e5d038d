/* SPDX-License-Identifier: Apache-2.0 */
/* client_http1.c — HTTP/1.1 with an upstream: requests out, answers in (RFC 9112). */
#include "proxy/codec.h"
#include "proxy/upstream_connection.h"

#include "proxy/bounds.h"
#include "proxy/exchange.h"
#include "proxy/websocket.h"
#include "proxy/worker.h"

#include <errno.h>

/* ---- writing ---- */

static struct upstream_connection *connection_of(const struct exchange *exchange)
{
	return exchange->upstream;
}

static bool is_ready(const struct exchange *exchange)
{
	return link_is_open(&connection_of(exchange)->link);
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	struct upstream_connection *connection = connection_of(exchange);
	const bool client_keeps = head->keep_alive;
	const enum http_framing received = head->framing;

	head->keep_alive = true; /* of our connection, not of the client's */
	http1_prepare_request(head);
	connection->body_to_chunks = head->framing == HTTP_BODY_CHUNKED;
	http1_write_head(&connection->link.out, connection->link.pool, head);
	head->keep_alive = client_keeps;
	head->framing = received;
	link_flush_later(&connection->link);
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	struct upstream_connection *connection = connection_of(exchange);

	if (bytes.len == 0)
		return;
	if (connection->body_to_chunks)
		http1_write_chunk(&connection->link.out, connection->link.pool, bytes);
	else
		byte_queue_add(&connection->link.out, connection->link.pool, bytes.ptr, bytes.len);
	link_flush_later(&connection->link);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	struct upstream_connection *connection = connection_of(exchange);

	if (connection->body_to_chunks)
		http1_write_last_chunk(&connection->link.out, connection->link.pool, trailers);
	connection->body_to_chunks = false;
	connection->request_is_sent = true;
	link_flush_later(&connection->link);
}

static void release(struct exchange *exchange)
{
	upstream_release(connection_of(exchange));
}

static void cancel(struct exchange *exchange)
{
	upstream_close(connection_of(exchange));
}

const struct client_codec client_http1 = {
	.is_ready = is_ready,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.pause = upstream_pause,
	.is_full = upstream_is_full,
	.release = release,
	.cancel = cancel,
};

/* ---- reading ---- */

enum step { STEP_WAIT = 0, STEP_ON };

static enum step fail(struct upstream_connection *connection, enum upstream_failure why,
		      const char *details)
{
	struct exchange *exchange = connection->exchange;

	upstream_close(connection);
	if (exchange != NULL)
		exchange_upstream_failed(exchange, why, details);
	return STEP_WAIT;
}

static void end_answer(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;

	exchange_response_end(exchange, &exchange->response_trailers);
}

/* What comes behind the head is no HTTP any more. */
static enum step change_protocol(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (!exchange->wants_tunnel || !text_equal_nocase(exchange->response.upgrade, WEBSOCKET))
		return fail(connection, UPSTREAM_BAD_ANSWER, "unexpected 101");
	connection->head_is_done = connection->is_raw = true;
	exchange->client_codec = &client_raw;
	exchange_response_head(exchange);
	if (connection->exchange != NULL) {
		input_consume(&connection->input, connection->parser.next);
		loop_defer(connection->pool->worker->loop, &connection->resume);
	}
	return STEP_WAIT;
}

static enum step take_head(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (http_status_is_interim(exchange->response.status)) {
		exchange_interim(exchange, &exchange->response);
		input_consume(&connection->input, connection->parser.next);
		http1_parser_init(&connection->parser, &http_limits_default);
		return STEP_ON;
	}
	if (exchange->response.status == 101)
		return change_protocol(connection);

	const size_t used = connection->parser.next;

	connection->head_is_done = true;
	connection->keep_alive = exchange->response.keep_alive;
	http1_body_init(&connection->body, &exchange->response, &http_limits_default,
			&exchange->response_trailers, &exchange->arena);
	exchange_response_head(exchange);
	if (connection->exchange == NULL)
		return STEP_WAIT;
	input_consume(&connection->input, used);
	return STEP_ON;
}

static enum step parse_head(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (input_length(&connection->input) == 0)
		return STEP_WAIT;
	switch (http1_parse_response(&connection->parser, &exchange->response, &exchange->request,
				     input_bytes(&connection->input),
				     input_length(&connection->input))) {
	case HTTP1_DONE:
		return take_head(connection);
	case HTTP1_REFUSED:
		return fail(connection, UPSTREAM_BAD_ANSWER, connection->parser.problem.reason);
	default:
		return STEP_WAIT;
	}
}

static enum step pass_body(struct upstream_connection *connection)
{
	struct text in = { input_bytes(&connection->input), input_length(&connection->input) };
	const size_t before = in.len;
	struct text data;
	enum http1_body_result result = HTTP1_BODY_MORE;

	while (!connection->is_paused && connection->exchange != NULL
	       && (result = http1_body_read(&connection->body, &in, &data)) == HTTP1_BODY_DATA)
		exchange_response_body(connection->exchange, data);
	if (connection->exchange == NULL)
		return STEP_WAIT;
	input_consume(&connection->input, before - in.len);
	if (result == HTTP1_BODY_END) {
		end_answer(connection);
		return STEP_WAIT;
	}
	if (result == HTTP1_BODY_REFUSED)
		return fail(connection, UPSTREAM_TRUNCATED, connection->body.problem.reason);
	return STEP_WAIT;
}

/* The upstream has sent its last byte. */
static enum step take_end(struct upstream_connection *connection)
{
	connection->keep_alive = false;
	if (!connection->head_is_done)
		return fail(connection, upstream_loss(connection), "connection_termination");
	if (!http1_body_close(&connection->body))
		return fail(connection, UPSTREAM_TRUNCATED, "answer_truncated");
	end_answer(connection);
	return STEP_WAIT;
}

static enum step fill(struct upstream_connection *connection)
{
	size_t room;
	char *into = input_room(&connection->input, connection->link.pool,
				connection->head_is_done ? SLAB_SIZE : HEAD_BYTES_MAX, &room);

	if (into == NULL)
		return fail(connection, UPSTREAM_BAD_ANSWER, "head_too_large");

	const ssize_t got = link_read(&connection->link, into, room);

	if (got == -EAGAIN) {
		if (input_length(&connection->input) == 0)
			input_release(&connection->input, connection->link.pool);
		return STEP_WAIT;
	}
	if (got < 0)
		return fail(connection,
			    connection->head_is_done ? UPSTREAM_TRUNCATED
						     : upstream_loss(connection),
			    "connection_termination");
	if (got == 0)
		return take_end(connection);
	connection->input.end += (size_t)got;
	return STEP_ON;
}

static bool may_go_on(const struct upstream_connection *connection)
{
	return connection->exchange != NULL && !connection->is_paused && !connection->is_raw;
}

void client_http1_on_input(struct upstream_connection *connection)
{
	enum step step = STEP_ON;

	if (connection->exchange
	    == NULL) { /* idle: what comes now is its end, or nothing we asked for */
		upstream_close(connection);
		return;
	}
	while (step == STEP_ON && may_go_on(connection)) {
		do {
			step = connection->head_is_done ? pass_body(connection)
							: parse_head(connection);
		} while (step == STEP_ON && may_go_on(connection));
		if (!may_go_on(connection))
			return;
		step = fill(connection);
	}
}
