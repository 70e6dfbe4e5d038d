/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange.h"

#include "proxy/balance_key.h"
#include "proxy/codec.h"
#include "proxy/downstream.h"
#include "proxy/filter.h"
#include "proxy/gateway_tls.h"
#include "proxy/log_format.h"
#include "proxy/metrics_cluster.h"
#include "proxy/mirror.h"
#include "proxy/websocket.h"
#include "proxy/worker.h"

#define ARENA_FIRST 4096

/* ---- life ---- */

static void run_release(struct deferred *deferred)
{
	struct exchange *exchange = CONTAINER_OF(deferred, struct exchange, release);
	struct worker *worker = exchange->worker;

	input_release(&exchange->head_bytes, &worker->slabs);
	byte_queue_clear(&exchange->kept, &worker->slabs);
	authentication_done(&exchange->authentication);
	held_plan_unref(TAKE(exchange->plan));
	arena_reset(&exchange->arena);
	exchange->next_free = worker->free_exchanges;
	worker->free_exchanges = exchange;
}

static void cancel_upstream(struct exchange *exchange)
{
	if (exchange->client_codec != NULL)
		exchange->client_codec->cancel(exchange);
}

static void on_timeout(struct timer *timer)
{
	struct exchange *exchange = CONTAINER_OF(timer, struct exchange, timeout);

	if (exchange->is_tcp) {
		exchange_cancel(exchange, FLAG_DURATION, "max_connection_duration");
		return;
	}
	metrics_count_cluster(&exchange->worker->metrics, exchange->destination->cluster,
			      CLUSTER_TIMEOUT);
	if (exchange->client_codec != NULL)
		exchange_note_failure(exchange, 504);
	cancel_upstream(exchange);
	if (exchange->answer_started) {
		exchange_cancel(exchange, FLAG_TIMEOUT, "response_timeout");
		return;
	}
	exchange_answer(exchange, 504, "upstream request timeout", FLAG_TIMEOUT,
			"response_timeout");
}

static struct exchange *take_exchange(struct worker *worker)
{
	struct exchange *exchange = worker->free_exchanges;

	if (exchange != NULL) {
		worker->free_exchanges = exchange->next_free;
		return exchange;
	}
	exchange = MEM_NEW(struct exchange);
	exchange->worker = worker;
	arena_init(&exchange->arena, ARENA_FIRST);
	exchange->timeout.fire = on_timeout;
	exchange->release.run = run_release;
	exchange->wait.timer.fire = filters_on_timer;
	retry_init(exchange);
	return exchange;
}

/* Everything that belongs to one request goes back to zero; what is kept for the next one stays. */
static void reset_exchange(struct exchange *exchange)
{
	struct exchange kept = {
		.worker = exchange->worker,
		.arena = exchange->arena,
		.request.fields = exchange->request.fields,
		.response.fields = exchange->response.fields,
		.request_trailers = exchange->request_trailers,
		.response_trailers = exchange->response_trailers,
		.timeout = exchange->timeout,
		.release = exchange->release,
		.wait.timer = exchange->wait.timer,
		.retry.backoff = exchange->retry.backoff,
		.retry.try_timeout = exchange->retry.try_timeout,
	};

	http_fields_clear(&kept.request.fields);
	http_fields_clear(&kept.response.fields);
	http_fields_clear(&kept.request_trailers);
	http_fields_clear(&kept.response_trailers);
	*exchange = kept;
}

static struct exchange *start_exchange(struct worker *worker)
{
	struct exchange *exchange = take_exchange(worker);

	reset_exchange(exchange);
	exchange->retry.policy = &retry_never;
	list_init(&exchange->mirrors);
	exchange->start_ns = loop_now(worker->loop);
	exchange->start_wall_ns = loop_wall(worker->loop);
	worker->exchange_count++;
	return exchange;
}

struct exchange *exchange_new(struct downstream *downstream)
{
	struct exchange *exchange = start_exchange(downstream->worker);

	exchange->downstream = downstream;
	return exchange;
}

struct exchange *exchange_new_without_client(struct held_plan *plan)
{
	struct exchange *exchange = start_exchange(plan->worker);

	exchange->plan = held_plan_ref(plan);
	return exchange;
}

void exchange_free_all(struct worker *worker)
{
	while (worker->free_exchanges != NULL) {
		struct exchange *exchange = worker->free_exchanges;

		worker->free_exchanges = exchange->next_free;
		arena_done(&exchange->arena);
		http_head_done(&exchange->request);
		http_head_done(&exchange->response);
		http_fields_done(&exchange->request_trailers);
		http_fields_done(&exchange->response_trailers);
		mem_free(exchange);
	}
}

static void leave_client(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;

	metrics_count_exchange(&worker->metrics, exchange);
	access_log_exchange(&worker->log, exchange);
	trace_exchange(&worker->traces, exchange);
	if (exchange->downstream->exchange == exchange)
		exchange->downstream->exchange = NULL;
}

/* Nothing more will happen to it: it is logged and counted, and its memory goes back at the end of
 * the round, when nobody on the stack can be looking at it. */
void exchange_finish(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;

	exchange->answer_is_complete = true;
	timer_cancel(worker->loop, &exchange->timeout);
	filters_cancel(exchange);
	retry_settle(exchange);
	retry_limit_leave(exchange);
	mirror_leave(exchange);
	if (exchange->client_codec != NULL)
		exchange->client_codec->release(exchange);
	if (exchange->downstream != NULL)
		leave_client(exchange);
	worker->exchange_count--;
	loop_defer(worker->loop, &exchange->release);
}

/* ---- the request ---- */

static void set_listener(struct exchange *exchange)
{
	const struct downstream *downstream = exchange->downstream;

	exchange->plan = held_plan_ref(exchange->worker->plan);
	exchange->listener = downstream_listener_plan(downstream);
	if (exchange->listener != NULL)
		exchange->server = listener_server_for(exchange->listener,
						       downstream->server_name != NULL
							       ? text_of(downstream->server_name)
							       : TEXT(""));
}

/* A route's timeout runs from the end of the request, over all attempts (Envoy). */
static void start_timeout(struct exchange *exchange)
{
	if (exchange->timeout_ns > 0)
		timer_set(exchange->worker->loop, &exchange->timeout,
			  loop_now(exchange->worker->loop) + exchange->timeout_ns);
}

/* connectionPool.tcp.maxConnectionDuration */
static void start_duration(struct exchange *exchange)
{
	const uint64_t longest_ns = exchange->destination->cluster->tcp_duration_ns;

	if (longest_ns > 0)
		timer_set(exchange->worker->loop, &exchange->timeout,
			  loop_now(exchange->worker->loop) + longest_ns);
}

void exchange_begin(struct exchange *exchange)
{
	set_listener(exchange);
	if (exchange->listener == NULL || !downstream_still_fits(exchange->downstream)) {
		exchange->downstream->keep_alive = false;
		exchange_answer(exchange, 503, "this connection is out of date; connect again\n",
				FLAG_NONE, "listener_changed");
		return;
	}
	if (exchange->server == NULL) {
		exchange_answer_with_fields(exchange, 404, TEXT(""), FLAG_NO_ROUTE,
					    "route_not_found");
		return;
	}
	filters_run(exchange);
}

void exchange_pass(struct exchange *exchange)
{
	if (!exchange->is_tcp)
		exchange_set_terms(exchange);
	if (exchange->request_is_complete)
		start_timeout(exchange);
	exchange_forward(exchange);
}

void exchange_begin_tcp(struct exchange *exchange)
{
	exchange->is_tcp = exchange->is_tunnel = true;
	exchange_begin(exchange);
}

void exchange_refuse(struct exchange *exchange, unsigned status, const char *reason)
{
	set_listener(exchange);
	exchange->downstream->keep_alive = false;
	exchange_answer(exchange, status, reason, FLAG_BAD_REQUEST, reason);
}

void exchange_request_body(struct exchange *exchange, struct text bytes)
{
	exchange->request_bytes += bytes.len;
	if (exchange->is_tcp)
		metrics_count_tcp_bytes(exchange, bytes.len, 0);
	if (filters_take_body(exchange, bytes) || exchange->client_codec == NULL)
		return;
	retry_keep_body(exchange, bytes);
	mirror_body(exchange, bytes);
	exchange->client_codec->send_body(exchange, bytes);
	if (exchange->client_codec->is_full(exchange))
		exchange->server_codec->pause(exchange, true);
}

void exchange_request_end(struct exchange *exchange, const struct http_fields *trailers)
{
	exchange->request_is_complete = true;
	exchange->request_end_ns = loop_now(exchange->worker->loop);
	exchange->trailers_to_send = trailers;
	if (exchange->answer_is_complete || filters_take_end(exchange))
		return;
	if (!exchange->is_tunnel) {
		start_timeout(exchange); /* where it is forwarded already; else that starts it */
		retry_request_ended(exchange);
	}
	mirror_end(exchange, trailers);
	if (exchange->client_codec != NULL && exchange->client_codec->is_ready(exchange))
		exchange->client_codec->send_end(exchange, trailers);
	if (exchange->answer_is_over)
		exchange_response_end(exchange, NULL);
}

void exchange_cancel(struct exchange *exchange, enum exchange_flag why, const char *details)
{
	exchange->flags |= why;
	if (exchange->details == NULL || why != FLAG_CLIENT_GONE)
		exchange->details = details;
	cancel_upstream(exchange);
	exchange_finish(exchange);
	if (why != FLAG_CLIENT_GONE)
		exchange->server_codec->abort(exchange);
}

void exchange_abandon_upstream(struct exchange *exchange)
{
	cancel_upstream(exchange);
}

void exchange_client_drained(struct exchange *exchange)
{
	if (exchange->client_codec != NULL)
		exchange->client_codec->pause(exchange, false);
}

/* ---- the upstream ---- */

/* What a filter had to see before the request was sent. */
static void send_kept(struct exchange *exchange)
{
	for (const struct slab *slab = exchange->kept.first; slab != NULL; slab = slab->next) {
		const struct text bytes = { slab->data + slab->start, slab->end - slab->start };

		retry_keep_body(exchange, bytes);
		exchange->client_codec->send_body(exchange, bytes);
	}
	byte_queue_clear(&exchange->kept, &exchange->worker->slabs);
}

/* The next hop is told which attempt this is; the application, what its caller's proxy said. */
static void tell_attempt(struct exchange *exchange)
{
	struct text attempt = TEXT("1");

	if (exchange->downstream == NULL || exchange->listener->role == LISTENER_INBOUND)
		return;
	if (exchange->attempts > 1)
		attempt = text_of(arena_printf(&exchange->arena, "%u", exchange->attempts));
	http_fields_set_known(&exchange->request.fields, HTTP_X_ENVOY_ATTEMPT_COUNT, attempt);
}

void exchange_upstream_ready(struct exchange *exchange)
{
	exchange->upstream_start_ns = loop_now(exchange->worker->loop);
	if (exchange->is_tcp) {
		exchange->answer_started = true; /* from now on what is lost is lost */
		if (exchange->downstream != NULL)
			metrics_count_tcp_opened(&exchange->worker->metrics, exchange);
		start_duration(exchange);
	}
	tell_attempt(exchange);
	exchange->client_codec->send_head(exchange, &exchange->request);
	retry_send_body(exchange);
	send_kept(exchange);
	if (exchange->wants_tunnel)
		return; /* the client's bytes wait for the upstream's word */
	if (exchange->request_is_complete)
		exchange->client_codec->send_end(exchange, exchange->trailers_to_send);
	else if (!exchange->client_codec->is_full(exchange))
		exchange->server_codec->pause(exchange, false);
}

void exchange_interim(struct exchange *exchange, const struct http_head *head)
{
	if (!exchange->answer_started)
		exchange->server_codec->send_interim(exchange, head);
}

/* The upstream has agreed: what follows are bytes, for as long as both ends like. */
static void open_tunnel(struct exchange *exchange)
{
	exchange->is_tunnel = true;
	exchange->request_is_complete = false;
	timer_cancel(exchange->worker->loop, &exchange->timeout);
	exchange->server_codec->open_tunnel(exchange);
}

void exchange_response_head(struct exchange *exchange)
{
	const bool opens_tunnel = exchange->wants_tunnel && exchange->response.status == 101;

	exchange_note_answer(exchange);
	if (retry_after_answer(exchange))
		return;
	retry_settle(exchange);
	exchange->response_start_ns = loop_now(exchange->worker->loop);
	exchange->answer_started = true;
	http_head_remove_hop_by_hop(&exchange->response);
	if (opens_tunnel)
		exchange->response.upgrade = WEBSOCKET;
	exchange_edit_response(exchange);
	balance_key_set_cookie(exchange);
	if (log_format_reads_response(exchange->plan->plan->log_format))
		http_head_keep(&exchange->response, &exchange->arena);
	exchange->server_codec->send_head(exchange, &exchange->response);
	if (opens_tunnel)
		open_tunnel(exchange);
}

void exchange_response_body(struct exchange *exchange, struct text bytes)
{
	exchange->response_bytes += bytes.len;
	if (exchange->is_tcp)
		metrics_count_tcp_bytes(exchange, 0, bytes.len);
	exchange->server_codec->send_body(exchange, bytes);
	if (exchange->client_codec != NULL && exchange->server_codec->is_full(exchange))
		exchange->client_codec->pause(exchange, true);
}

void exchange_response_end(struct exchange *exchange, const struct http_fields *trailers)
{
	if (exchange->is_tunnel && !exchange->request_is_complete) {
		exchange->answer_is_over = true;
		exchange->server_codec->end_half(exchange);
		return;
	}
	exchange_finish(exchange);
	exchange->server_codec->send_end(exchange, trailers);
}

void exchange_upstream_drained(struct exchange *exchange)
{
	exchange->server_codec->pause(exchange, false);
}
