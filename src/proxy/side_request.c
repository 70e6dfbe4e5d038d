/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/side_request.h"

#include "proxy/codec.h"
#include "proxy/worker.h"

/* No rewriting, no timeout but its own. */
static const struct route side_route;

/* Once more where nothing of it can have been understood. */
static const struct retry_policy side_retry = {
	.on.conditions = RETRY_ON_CONNECT_FAILURE | RETRY_ON_REFUSED_STREAM,
	.retries = 1,
	.backoff_ns = 10 * NS_PER_MS,
};

static struct side_request *side_of(const struct exchange *exchange)
{
	return exchange->call;
}

static void finish(struct side_request *side)
{
	side->done(side);
	side->exchange = NULL;
	side->trailers = NULL;
	buffer_done(&side->answer);
}

/* ---- the answer, as an exchange gives it to a client ---- */

static void send_interim(struct exchange *exchange, const struct http_head *head)
{
	(void)exchange, (void)head;
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	(void)head;
	side_of(exchange)->has_answer = !exchange->answered_here;
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	struct side_request *side = side_of(exchange);

	if (!side->has_answer || side->drops_body)
		return;
	if (side->answer.len + bytes.len > side->answer_limit)
		exchange_cancel(exchange, FLAG_UPSTREAM_PROTOCOL, "answer_too_long");
	else
		buffer_add(&side->answer, bytes.ptr, bytes.len);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	struct side_request *side = side_of(exchange);

	side->trailers = (struct http_fields *)trailers;
	finish(side);
}

static void abort_answer(struct exchange *exchange)
{
	struct side_request *side = side_of(exchange);

	side->has_answer = false;
	finish(side);
}

/* Not paused any more: somebody takes the request's body. */
static void pause_request(struct exchange *exchange, bool paused)
{
	struct side_request *side = side_of(exchange);

	if (paused || side->was_sent)
		return;
	if (exchange->is_tcp) {
		side->has_answer = true;
		exchange_finish(exchange);
		finish(side);
		return;
	}
	side->was_sent = true;
	exchange_request_body(exchange, side->to_send);
	if (side->exchange == exchange)
		exchange_request_end(exchange, NULL);
}

static bool is_full(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

static const struct server_codec side_codec = {
	.send_interim = send_interim,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.abort = abort_answer,
	.pause = pause_request,
	.is_full = is_full,
};

/* ---- the request ---- */

struct exchange *side_request_new(struct side_request *side, struct held_plan *plan)
{
	struct exchange *exchange = exchange_new_without_client(plan);

	exchange->server_codec = &side_codec;
	exchange->call = side;
	exchange->route = &side_route;
	exchange->retry.policy = &side_retry;
	http_head_clear(&exchange->request);
	exchange->request.version = HTTP_VERSION_1_1;
	side->exchange = exchange;
	side->has_answer = side->was_sent = false;
	return exchange;
}

void side_request_send(struct side_request *side, const struct weighted_cluster *to,
		       uint64_t timeout_ns)
{
	struct exchange *exchange = side->exchange;
	struct loop *loop = exchange->worker->loop;

	exchange->request.framing = HTTP_BODY_LENGTH;
	exchange->request.content_length = side->to_send.len;
	exchange->request_is_complete = side->to_send.len == 0 && !exchange->is_tcp;
	if (timeout_ns > 0)
		timer_set(loop, &exchange->timeout, loop_now(loop) + timeout_ns);
	exchange_forward_to(exchange, to);
}

void side_request_cancel(struct side_request *side)
{
	struct exchange *exchange = TAKE(side->exchange);

	if (exchange != NULL)
		exchange_cancel(exchange, FLAG_CLIENT_GONE, "not_wanted");
	buffer_done(&side->answer);
}
