/* SPDX-License-Identifier: Apache-2.0 */
/* server_http1.c — HTTP/1.0 and 1.1 with a client: heads and bodies in, answers out (RFC 9112). */
#include "proxy/codec.h"
#include "proxy/downstream.h"

#include "proxy/bounds.h"
#include "proxy/exchange.h"

#include <errno.h>

enum step { STEP_WAIT = 0, STEP_ON };

/* What was written is sent, and then the connection ends; without the last chunk or byte, if the
 * answer is not complete. */
static void end_connection(struct downstream *downstream)
{
	downstream->state = DOWNSTREAM_CLOSING;
	downstream_set_deadline(downstream,
				loop_now(downstream->worker->loop) + HANDSHAKE_TIMEOUT_NS);
	link_finish(&downstream->link);
}

/* ---- reading ---- */

/* The connection broke, or ended where it must not. */
static enum step lose_client(struct downstream *downstream)
{
	downstream_close(downstream);
	return STEP_WAIT;
}

/* Reads once. STEP_ON: something arrived, or the client's end did. */
static enum step fill(struct downstream *downstream, size_t limit)
{
	size_t room;
	char *into = input_room(&downstream->input, downstream->link.pool, limit, &room);

	if (into == NULL || downstream->peer_is_done)
		return STEP_WAIT;

	const ssize_t got = link_read(&downstream->link, into, room);

	if (got == -EAGAIN) {
		if (input_length(&downstream->input) == 0)
			input_release(&downstream->input, downstream->link.pool);
		return STEP_WAIT;
	}
	if (got < 0)
		return lose_client(downstream);
	if (got == 0)
		downstream->peer_is_done = true;
	downstream->input.end += (size_t)got;
	return STEP_ON;
}

static void begin_exchange(struct downstream *downstream)
{
	struct exchange *exchange = downstream->exchange;
	const size_t used = downstream->parser.next;

	input_split(&downstream->input, used, &exchange->head_bytes, downstream->link.pool);
	exchange->server_codec = &server_http1;
	downstream->keep_alive = exchange->request.keep_alive && !downstream->worker->is_draining
				 && !downstream->listener->is_closed;
	downstream->requests++;
	downstream->is_paused = false;
	http1_body_init(&downstream->body, &exchange->request, &http_limits_default,
			&exchange->request_trailers, &exchange->arena);
	if (exchange->request.framing == HTTP_BODY_NONE) {
		downstream->state = DOWNSTREAM_WAITING;
		downstream_set_deadline(downstream, 0);
		exchange_request_end(exchange, NULL);
	} else {
		downstream->state = DOWNSTREAM_BODY;
		downstream_set_deadline(downstream,
					loop_now(downstream->worker->loop) + BODY_TIMEOUT_NS);
	}
	exchange_begin(exchange);
}

static void refuse_head(struct downstream *downstream, const struct http_problem *problem)
{
	downstream->state = DOWNSTREAM_WAITING;
	downstream_set_deadline(downstream, 0);
	downstream->exchange->request_is_complete = true;
	downstream->exchange->server_codec = &server_http1;
	exchange_refuse(downstream->exchange, problem->status, problem->reason);
}

static enum step parse_head(struct downstream *downstream)
{
	struct input *input = &downstream->input;

	if (downstream->exchange == NULL) {
		downstream->exchange = exchange_new(downstream);
		downstream_set_deadline(downstream,
					loop_now(downstream->worker->loop) + HEAD_TIMEOUT_NS);
	}
	switch (http1_parse_request(&downstream->parser, &downstream->exchange->request,
				    input_bytes(input), input_length(input))) {
	case HTTP1_DONE:
		begin_exchange(downstream);
		return STEP_ON;
	case HTTP1_REFUSED:
		refuse_head(downstream, &downstream->parser.problem);
		return STEP_ON;
	default:
		return STEP_WAIT;
	}
}

static enum step read_head(struct downstream *downstream)
{
	if (input_length(&downstream->input) > 0 && parse_head(downstream) == STEP_ON)
		return STEP_ON;
	if (downstream->state == DOWNSTREAM_CLOSING)
		return STEP_WAIT;
	if (downstream->peer_is_done) { /* between requests, or in the middle of a head */
		return lose_client(downstream);
	}
	return fill(downstream, HEAD_BYTES_MAX);
}

static void break_request(struct downstream *downstream)
{
	struct exchange *exchange = downstream->exchange;
	const struct http_problem *problem = &downstream->body.problem;

	downstream->keep_alive = false;
	exchange->request_is_complete = true;
	downstream->state = DOWNSTREAM_WAITING;
	if (exchange->answer_started) {
		exchange_cancel(exchange, FLAG_BAD_REQUEST, problem->reason);
		return;
	}
	/* the upstream must not see a body that looks complete */
	exchange_abandon_upstream(exchange);
	exchange_answer(exchange, problem->status, problem->reason, FLAG_BAD_REQUEST,
			problem->reason);
}

/* Passes on what has arrived of the body. STEP_ON: its state changed. */
static enum step pass_body(struct downstream *downstream)
{
	struct text in = { input_bytes(&downstream->input), input_length(&downstream->input) };
	const size_t before = in.len;
	struct text data;
	enum http1_body_result result = HTTP1_BODY_MORE;

	while (!downstream->is_paused && downstream->state == DOWNSTREAM_BODY
	       && (result = http1_body_read(&downstream->body, &in, &data)) == HTTP1_BODY_DATA)
		exchange_request_body(downstream->exchange, data);
	if (downstream->state == DOWNSTREAM_CLOSING)
		return STEP_WAIT;
	input_consume(&downstream->input, before - in.len);
	if (downstream->state != DOWNSTREAM_BODY)
		return STEP_ON;
	if (result == HTTP1_BODY_END) {
		downstream->state = DOWNSTREAM_WAITING;
		downstream_set_deadline(downstream, 0);
		exchange_request_end(downstream->exchange, &downstream->exchange->request_trailers);
		return STEP_ON;
	}
	if (result == HTTP1_BODY_REFUSED) {
		break_request(downstream);
		return STEP_ON;
	}
	return STEP_WAIT;
}

static enum step read_body(struct downstream *downstream)
{
	if (downstream->is_paused)
		return STEP_WAIT;
	if (pass_body(downstream) == STEP_ON)
		return STEP_ON;
	if (downstream->state == DOWNSTREAM_CLOSING || downstream->is_paused)
		return STEP_WAIT;
	if (downstream->peer_is_done)
		return lose_client(downstream); /* the body is incomplete */
	downstream_set_deadline(downstream, loop_now(downstream->worker->loop) + BODY_TIMEOUT_NS);
	return fill(downstream, SLAB_SIZE);
}

static void begin_next(struct downstream *downstream)
{
	downstream->state = DOWNSTREAM_HEAD;
	http1_parser_init(&downstream->parser, &http_limits_default);
	downstream_set_deadline(downstream, loop_now(downstream->worker->loop) + IDLE_TIMEOUT_NS);
}

/* Reads the rest of a body that was answered early, so that the connection can go on. */
static enum step drain_body(struct downstream *downstream)
{
	struct text in = { input_bytes(&downstream->input), input_length(&downstream->input) };
	const size_t before = in.len;
	struct text data;
	enum http1_body_result result;

	while ((result = http1_body_read(&downstream->body, &in, &data)) == HTTP1_BODY_DATA)
		downstream->drained_bytes += data.len;
	input_consume(&downstream->input, before - in.len);
	if (result == HTTP1_BODY_END) {
		arena_reset(&downstream->worker->dropped);
		begin_next(downstream);
		return STEP_ON;
	}
	if (result == HTTP1_BODY_REFUSED || downstream->drained_bytes > DRAIN_BYTES_MAX
	    || downstream->peer_is_done) {
		end_connection(downstream);
		return STEP_WAIT;
	}
	return fill(downstream, SLAB_SIZE);
}

/* Nothing is wanted from the client now, but that it broke off is worth knowing; a client that only
 * has no more to say (half-close) still gets its answer. */
static enum step watch_client(struct downstream *downstream)
{
	while (fill(downstream, SLAB_SIZE) == STEP_ON && !downstream->peer_is_done) {
	}
	return STEP_WAIT;
}

void server_http1_on_input(struct downstream *downstream)
{
	enum step step = STEP_ON;

	while (step == STEP_ON) {
		switch (downstream->state) {
		case DOWNSTREAM_HEAD:
			step = read_head(downstream);
			break;
		case DOWNSTREAM_BODY:
			step = read_body(downstream);
			break;
		case DOWNSTREAM_WAITING:
			step = watch_client(downstream);
			break;
		case DOWNSTREAM_DRAINING:
			step = drain_body(downstream);
			break;
		default:
			return;
		}
	}
}

/* ---- writing ---- */

static void pause_request(struct exchange *exchange, bool paused)
{
	struct downstream *downstream = exchange->downstream;

	if (downstream->is_paused == paused)
		return;
	downstream->is_paused = paused;
	if (!paused)
		loop_defer(downstream->worker->loop, &downstream->resume);
}

static bool is_full(const struct exchange *exchange)
{
	return link_is_full(&exchange->downstream->link);
}

static void send_interim(struct exchange *exchange, const struct http_head *head)
{
	struct link *link = &exchange->downstream->link;

	if (exchange->request.version != HTTP_VERSION_1_1)
		return; /* HTTP/1.0 knows no interim answers (RFC 9110, section 15.2) */
	http1_write_head(&link->out, link->pool, head);
	link_flush_later(link);
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	struct downstream *downstream = exchange->downstream;

	http1_prepare_response(head, &exchange->request);
	head->keep_alive &= downstream->keep_alive; /* a broken request, or a drain, ends it */
	downstream->keep_alive = head->keep_alive;
	downstream->body_to_chunks = head->framing == HTTP_BODY_CHUNKED;
	http1_write_head(&downstream->link.out, downstream->link.pool, head);
	link_flush_later(&downstream->link);
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	struct downstream *downstream = exchange->downstream;

	if (bytes.len == 0 || exchange->response.framing == HTTP_BODY_NONE)
		return;
	if (downstream->body_to_chunks)
		http1_write_chunk(&downstream->link.out, downstream->link.pool, bytes);
	else
		byte_queue_add(&downstream->link.out, downstream->link.pool, bytes.ptr, bytes.len);
	link_flush_later(&downstream->link);
	if (link_is_full(&downstream->link)) /* until it drains: who never reads is hung up on */
		downstream_set_deadline(downstream,
					loop_now(downstream->worker->loop) + BODY_TIMEOUT_NS);
}

static void open_tunnel(struct exchange *exchange)
{
	struct downstream *downstream = exchange->downstream;

	downstream->state = DOWNSTREAM_RAW;
	exchange->server_codec = &server_raw;
	downstream->is_paused = false;
	loop_defer(downstream->worker->loop, &downstream->resume);
}

static void abort_answer(struct exchange *exchange)
{
	end_connection(exchange->downstream);
}

static void go_on(struct downstream *downstream)
{
	if (downstream->state == DOWNSTREAM_WAITING) {
		begin_next(downstream);
	} else {
		downstream->state = DOWNSTREAM_DRAINING;
		downstream->drained_bytes = 0;
		downstream->is_paused = false;
		http_fields_clear(&downstream->worker->dropped_trailers);
		downstream->body.trailers = &downstream->worker->dropped_trailers;
		downstream->body.arena = &downstream->worker->dropped;
		downstream_set_deadline(downstream,
					loop_now(downstream->worker->loop) + HEAD_TIMEOUT_NS);
	}
	if (input_length(&downstream->input) > 0 || downstream->peer_is_done
	    || downstream->state == DOWNSTREAM_DRAINING)
		loop_defer(downstream->worker->loop, &downstream->resume);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	struct downstream *downstream = exchange->downstream;

	if (downstream->body_to_chunks)
		http1_write_last_chunk(&downstream->link.out, downstream->link.pool, trailers);
	downstream->body_to_chunks = false;
	link_flush_later(&downstream->link);
	if (downstream->keep_alive)
		go_on(downstream);
	else
		end_connection(downstream);
}

const struct server_codec server_http1 = {
	.send_interim = send_interim,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.open_tunnel = open_tunnel,
	.abort = abort_answer,
	.pause = pause_request,
	.is_full = is_full,
};
