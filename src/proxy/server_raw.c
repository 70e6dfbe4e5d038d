/* SPDX-License-Identifier: Apache-2.0 */
/* server_raw.c — a client's connection whose bytes are passed on unread: raw TCP, or TLS that is
 * not ours to open. The connection is one exchange; each direction ends by itself (half-close). */
#include "proxy/codec.h"
#include "proxy/downstream.h"

#include "proxy/bounds.h"
#include "proxy/exchange.h"
#include "proxy/filter.h"

#include <errno.h>

/* Bytes went one way or the other: the time that nothing may happen begins again. */
static void note_activity(struct downstream *downstream)
{
	const struct exchange *exchange = downstream->exchange;
	const struct cluster *cluster =
		exchange->destination != NULL ? exchange->destination->cluster : NULL;
	const uint64_t idle_ns = cluster != NULL && cluster->tcp_idle_ns > 0 ? cluster->tcp_idle_ns
									     : IDLE_TIMEOUT_NS;

	downstream_set_deadline(downstream, loop_now(downstream->worker->loop) + idle_ns);
}

/* ---- reading ---- */

static bool may_read(const struct downstream *downstream)
{
	return downstream->exchange != NULL && !downstream->is_paused
	       && !downstream->exchange->request_is_complete;
}

/* What was read before it was known that nobody would look into it. */
static void pass_input(struct downstream *downstream)
{
	struct input input = downstream->input;
	const struct text bytes = { input_bytes(&input), input_length(&input) };

	if (bytes.len == 0)
		return;
	downstream->input = (struct input){ 0 };
	exchange_request_body(downstream->exchange, bytes);
	input_release(&input, downstream->link.pool);
}

static ssize_t pass_link(struct downstream *downstream)
{
	struct slab_pool *pool = downstream->link.pool;
	struct slab *slab = slab_take(pool);
	ssize_t got = -EAGAIN;

	while (may_read(downstream)
	       && (got = link_read(&downstream->link, slab->data, SLAB_ROOM)) > 0) {
		note_activity(downstream);
		exchange_request_body(downstream->exchange,
				      (struct text){ slab->data, (size_t)got });
	}
	slab_give(pool, slab);
	return got;
}

void server_raw_on_input(struct downstream *downstream)
{
	ssize_t got;

	if (!may_read(downstream))
		return;
	pass_input(downstream);
	if (!may_read(downstream))
		return;
	got = pass_link(downstream);
	if (got == 0)
		exchange_request_end(downstream->exchange, NULL);
	else if (got < 0 && got != -EAGAIN)
		downstream_close(downstream); /* the exchange hears that the client is gone */
}

/* ---- writing ---- */

static void send_interim(struct exchange *exchange, const struct http_head *head)
{
	(void)exchange;
	(void)head;
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	(void)exchange;
	(void)head;
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	struct downstream *downstream = exchange->downstream;

	byte_queue_add(&downstream->link.out, downstream->link.pool, bytes.ptr, bytes.len);
	link_flush_later(&downstream->link);
	note_activity(downstream);
}

static void end_half(struct exchange *exchange)
{
	link_send_end(&exchange->downstream->link);
}

/* The last bytes are sent, and then the connection ends. */
static void finish_connection(struct downstream *downstream)
{
	downstream->state = DOWNSTREAM_CLOSING;
	downstream_set_deadline(downstream,
				loop_now(downstream->worker->loop) + HANDSHAKE_TIMEOUT_NS);
	link_finish(&downstream->link);
	if (downstream->link.state == LINK_CLOSED)
		downstream_close(downstream);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	(void)trailers;
	finish_connection(exchange->downstream);
}

/* Who was never let in is told goodbye; who loses bytes must see that. */
static void abort_connection(struct exchange *exchange)
{
	struct downstream *downstream = exchange->downstream;

	if (!exchange->answer_started) {
		finish_connection(downstream);
		return;
	}
	link_reset(&downstream->link);
	downstream_close(downstream);
}

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

const struct server_codec server_raw = {
	.send_interim = send_interim,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.end_half = end_half,
	.abort = abort_connection,
	.pause = pause_request,
	.is_full = is_full,
};

/* ---- life ---- */

void server_raw_start(struct downstream *downstream)
{
	struct exchange *exchange = exchange_new(downstream);

	downstream->state = DOWNSTREAM_RAW;
	downstream->exchange = exchange;
	downstream->is_paused = false;
	exchange->server_codec = &server_raw;
	exchange_begin_tcp(exchange);
	if (downstream->exchange != NULL) {
		note_activity(downstream);
		if (!downstream->is_paused)
			loop_defer(downstream->worker->loop, &downstream->resume);
	}
}

void server_raw_on_new_plan(struct downstream *downstream)
{
	const struct listener_plan *listener = downstream_listener_plan(downstream);
	struct exchange *exchange = downstream->exchange;

	if (exchange != NULL && exchange->is_tcp && exchange->answer_started && listener != NULL)
		tcp_judge_again(exchange, listener);
}

/* A drain lets it go on to the end of the time there is; without its listener nobody may speak. */
void server_raw_retire(struct downstream *downstream)
{
	if (downstream->listener->plan == NULL && downstream->exchange != NULL)
		exchange_cancel(downstream->exchange, FLAG_NONE, "listener_removed");
}
