/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/retry.h"

#include "proxy/codec.h"
#include "proxy/exchange.h"
#include "proxy/metrics_cluster.h"
#include "proxy/worker.h"

struct tried_endpoint { /* in the exchange's arena */
	struct tried_endpoint *before;
	const struct cluster_endpoint *endpoint;
};

static void count(struct exchange *exchange, enum cluster_counter counter)
{
	metrics_count_cluster(&exchange->worker->metrics, exchange->destination->cluster, counter);
}

/* ---- the time of a try ---- */

static void on_try_timeout(struct timer *timer)
{
	struct exchange *exchange = CONTAINER_OF(timer, struct exchange, retry.try_timeout);

	count(exchange, CLUSTER_TRY_TIMEOUT);
	exchange_abandon_upstream(exchange);
	exchange_upstream_failed(exchange, UPSTREAM_TRY_TIMEOUT, "upstream_per_try_timeout");
}

static void start_try_timeout(struct exchange *exchange)
{
	struct loop *loop = exchange->worker->loop;
	const uint64_t limit = exchange->retry.policy->try_timeout_ns;

	if (limit > 0 && exchange->request_is_complete)
		timer_set(loop, &exchange->retry.try_timeout, loop_now(loop) + limit);
}

void retry_begin_try(struct exchange *exchange, const struct cluster_endpoint *endpoint)
{
	struct tried_endpoint *tried = ARENA_NEW(&exchange->arena, struct tried_endpoint);

	*tried = (struct tried_endpoint){ exchange->retry.tried, endpoint };
	exchange->retry.tried = tried;
	retry_limit_enter(exchange);
	start_try_timeout(exchange);
}

void retry_request_ended(struct exchange *exchange)
{
	if (exchange->client_codec != NULL)
		start_try_timeout(exchange);
}

bool retry_was_tried(const struct exchange *exchange, const struct cluster_endpoint *endpoint)
{
	for (const struct tried_endpoint *tried = exchange->retry.tried; tried != NULL;
	     tried = tried->before)
		if (tried->endpoint == endpoint)
			return true;
	return false;
}

/* ---- the body ---- */

static void forget_body(struct exchange *exchange)
{
	exchange->worker->kept_body_bytes -= exchange->retry.body.len;
	byte_queue_clear(&exchange->retry.body, &exchange->worker->slabs);
}

void retry_keep_body(struct exchange *exchange, struct text bytes)
{
	struct retry *retry = &exchange->retry;
	struct worker *worker = exchange->worker;

	if (retry->body_is_lost || exchange->answer_started)
		return;
	if (retry->policy->retries == 0 || retry->body.len + bytes.len > RETRY_BODY_MAX
	    || worker->kept_body_bytes + bytes.len > RETRY_BODIES_MAX) {
		retry->body_is_lost = true;
		forget_body(exchange);
		return;
	}
	byte_queue_add(&retry->body, &worker->slabs, bytes.ptr, bytes.len);
	worker->kept_body_bytes += bytes.len;
}

void retry_send_body(struct exchange *exchange)
{
	for (const struct slab *slab = exchange->retry.body.first; slab != NULL; slab = slab->next)
		exchange->client_codec->send_body(
			exchange,
			(struct text){ slab->data + slab->start, slab->end - slab->start });
}

/* ---- again ---- */

static void on_backoff_over(struct timer *timer)
{
	struct exchange *exchange = CONTAINER_OF(timer, struct exchange, retry.backoff);

	exchange_attempt(exchange);
}

/* The exchange is as it was before its last attempt. */
static void take_back_attempt(struct exchange *exchange)
{
	timer_cancel(exchange->worker->loop, &exchange->retry.try_timeout);
	exchange_abandon_upstream(exchange);
	http_head_clear(&exchange->response);
	if (!exchange->request_is_complete)
		exchange->server_codec->pause(exchange, true);
}

static void retry_later(struct exchange *exchange)
{
	struct retry *retry = &exchange->retry;
	struct loop *loop = exchange->worker->loop;

	retry->count++;
	count(exchange, CLUSTER_RETRY);
	take_back_attempt(exchange);
	timer_set(loop, &retry->backoff,
		  loop_now(loop) + retry_backoff_ns(retry->policy, retry->count, random_cheap()));
}

/* It is wanted; is it possible? */
static bool try_again(struct exchange *exchange)
{
	const struct retry *retry = &exchange->retry;

	retry_limit_give(exchange);
	if (retry->policy->retries == 0 || retry->body_is_lost)
		return false;
	if (retry->count >= retry->policy->retries) {
		exchange->flags |= FLAG_RETRY_LIMIT;
		count(exchange, CLUSTER_RETRY_LIMIT_EXCEEDED);
		return false;
	}
	if (!retry_limit_take(exchange)) {
		exchange->flags |= FLAG_OVERFLOW;
		count(exchange, CLUSTER_RETRY_OVERFLOW);
		return false;
	}
	retry_later(exchange);
	return true;
}

bool retry_after_answer(struct exchange *exchange)
{
	const struct retry *retry = &exchange->retry;

	if (retry_wants_answer(retry->policy, &exchange->response))
		return try_again(exchange);
	if (retry->count > 0)
		count(exchange, CLUSTER_RETRY_SUCCESS);
	return false;
}

/* Methods that may be repeated without harm (RFC 9110, section 9.2.2). */
static bool is_idempotent(struct text method)
{
	static const char *const methods[] = { "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" };

	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (text_is(method, methods[i]))
			return true;
	return false;
}

/* That the upstream closed a connection it had kept, just as we used it again, is nobody's failure
 * (RFC 9112, section 9.3.1): once, a request that may be repeated is, at once. */
static bool replace_stale(struct exchange *exchange)
{
	struct retry *retry = &exchange->retry;

	if (retry->policy->retries == 0 || retry->body_is_lost || retry->stale_was_replaced
	    || !is_idempotent(exchange->request.method))
		return false;
	retry->stale_was_replaced = true;
	take_back_attempt(exchange);
	exchange_attempt(exchange);
	return true;
}

bool retry_after_failure(struct exchange *exchange, enum upstream_failure why)
{
	const struct retry *retry = &exchange->retry;

	if (why == UPSTREAM_STALE && replace_stale(exchange))
		return true;
	return retry_wants_failure(retry->policy, why) && try_again(exchange);
}

/* ---- life ---- */

void retry_init(struct exchange *exchange)
{
	exchange->retry.backoff.fire = on_backoff_over;
	exchange->retry.try_timeout.fire = on_try_timeout;
}

void retry_settle(struct exchange *exchange)
{
	timer_cancel(exchange->worker->loop, &exchange->retry.backoff);
	timer_cancel(exchange->worker->loop, &exchange->retry.try_timeout);
	forget_body(exchange);
}
