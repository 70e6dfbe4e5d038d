/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream_connection.h"

#include "proxy/codec.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

static void on_open(struct link *link);
static void on_input(struct link *link);
static void on_drained(struct link *link);
static void on_failed(struct link *link, const struct error *err);
static void on_finished(struct link *link);
static void on_timer(struct timer *timer);
static void run_resume(struct deferred *deferred);
static void run_release(struct deferred *deferred);

static const struct link_ops ops = {
	.on_open = on_open,
	.on_input = on_input,
	.on_drained = on_drained,
	.on_failed = on_failed,
	.on_finished = on_finished,
};

static struct upstream_connection *connection_of(struct link *link)
{
	return CONTAINER_OF(link, struct upstream_connection, link);
}

const struct upstream *upstream_of_link(struct link *link)
{
	return connection_of(link)->upstream;
}

struct worker *upstream_worker_of_link(struct link *link)
{
	return connection_of(link)->pool->worker;
}

enum upstream_failure upstream_loss(const struct upstream_connection *connection)
{
	const bool is_silent = input_length(&connection->input) == 0;

	return connection->served > 0 && is_silent ? UPSTREAM_STALE : UPSTREAM_RESET;
}

void upstream_set_server(struct link *link, const struct peer_identity *peer)
{
	struct upstream_connection *connection = connection_of(link);

	mem_free(connection->server_id);
	mem_free(connection->server_credential);
	connection->server_id = mem_strdup(peer->text);
	connection->server_credential = credential_keep(&peer->credential);
}

/* ---- opening ---- */

struct upstream_connection *upstream_new(const struct exchange *exchange, struct pool *pool)
{
	struct worker *worker = pool->worker;
	const struct upstream *upstream = exchange->via;
	struct upstream_connection *connection = MEM_NEW(struct upstream_connection);

	connection->pool = pool;
	connection->upstream = upstream;
	connection->plan = held_plan_ref(exchange->plan);
	connection->is_private = exchange->wants_own_connection;
	connection->is_raw = exchange->is_tcp;
	connection->is_counted = true;
	connection->timer.fire = on_timer;
	connection->resume.run = run_resume;
	connection->release.run = run_release;
	connection->link =
		(struct link){ .loop = worker->loop, .pool = &worker->slabs, .ops = &ops };
	list_init(&connection->waiting);
	list_append(&worker->upstreams, &connection->link_in_worker);
	pool->open_count++;
	if ((upstream->tls != NULL || upstream->plain_http2) && !pool->speaks_http1
	    && !connection->is_private)
		pool->opening = connection;
	return connection;
}

bool upstream_is_used_up(const struct upstream_connection *connection)
{
	return connection->served >= connection->pool->terms.requests_each
	       || (connection->expires_ns > 0
		   && loop_now(connection->link.loop) >= connection->expires_ns);
}

static uint64_t idle_until(const struct upstream_connection *connection)
{
	const uint64_t until = connection->idle_since_ns + connection->pool->terms.idle_ns;

	return connection->expires_ns > 0 ? MIN_OF(until, connection->expires_ns) : until;
}

static void keep_idle(struct upstream_connection *connection)
{
	struct pool *pool = connection->pool;
	struct loop *loop = pool->worker->loop;

	list_prepend(&pool->idle, &connection->link_in_pool);
	connection->idle_since_ns = loop_now(loop);
	if (!timer_is_set(&connection->timer))
		timer_set(loop, &connection->timer, idle_until(connection));
	if (!list_is_empty(&pool->queued))
		loop_defer(loop, &pool->serve);
}

static void on_open(struct link *link)
{
	struct upstream_connection *connection = connection_of(link);
	struct pool *pool = connection->pool;
	const struct text protocol = link_protocol(link);
	const bool is_http2 = connection->upstream->plain_http2 || text_is(protocol, "istio-h2")
			      || text_is(protocol, "h2");

	timer_cancel(link->loop, &connection->timer);
	connection->upstream = NULL; /* of a plan that need not outlive the handshake */
	held_plan_unref(TAKE(connection->plan));
	if (connection->is_private) {
		upstream_serve_waiting(connection);
		if (connection->exchange == NULL)
			upstream_close(connection); /* whoever wanted it has gone */
		return;
	}
	if (pool->terms.duration_ns > 0)
		connection->expires_ns = loop_now(link->loop) + pool->terms.duration_ns;
	if (pool->opening == connection)
		pool->opening = NULL;
	pool->speaks_http1 = !is_http2;
	if (is_http2) {
		client_http2_start(connection);
		list_prepend(&pool->shared, &connection->link_in_pool);
		connection->idle_since_ns = loop_now(link->loop);
		timer_set(link->loop, &connection->timer, idle_until(connection));
	}
	upstream_serve_waiting(connection);
	if (connection->http2 == NULL && connection->exchange == NULL
	    && link_is_open(&connection->link)) /* whoever wanted it has gone */
		keep_idle(connection);
}

/* ---- while it is open ---- */

static void receive(struct upstream_connection *connection)
{
	if (connection->is_raw)
		client_raw_on_input(connection);
	else if (connection->http2 != NULL)
		client_http2_on_input(connection);
	else
		client_http1_on_input(connection);
}

static void on_input(struct link *link)
{
	struct upstream_connection *connection = connection_of(link);

	receive(connection);
}

static void run_resume(struct deferred *deferred)
{
	struct upstream_connection *connection =
		CONTAINER_OF(deferred, struct upstream_connection, resume);

	if (connection->http2 != NULL)
		client_http2_flush(connection);
	else
		receive(connection);
}

static void on_drained(struct link *link)
{
	struct upstream_connection *connection = connection_of(link);

	if (connection->http2 != NULL)
		client_http2_flush(connection);
	else if (connection->exchange != NULL)
		exchange_upstream_drained(connection->exchange);
}

/* The upstream hung up on what we were sending. It may have said why before that ("413"), and what
 * it said is still there to be read. True: it has, and the exchange goes by it. */
static bool hear_last_words(struct upstream_connection *connection)
{
	connection->link.readable = true;
	receive(connection);
	return connection->exchange == NULL || (connection->head_is_done && !connection->is_raw);
}

static void on_failed(struct link *link, const struct error *err)
{
	struct upstream_connection *connection = connection_of(link);
	struct exchange *exchange = connection->exchange;

	if (link->state != LINK_OPEN) {
		log_line(link->refusal != NULL ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
			 "upstream %s: %s", connection->upstream->address_text, err->text);
		upstream_fail_waiting(connection, UPSTREAM_CONNECT_FAILED, "connection_failure");
		return;
	}
	if (exchange != NULL && hear_last_words(connection))
		return;
	const enum upstream_failure why = upstream_loss(connection);

	upstream_close(connection);
	if (exchange != NULL)
		exchange_upstream_failed(exchange, why, "connection_termination");
}

/* The timer is not moved each time a connection goes idle: when it fires, it looks how long it was.
 */
static void check_idle(struct upstream_connection *connection)
{
	struct loop *loop = connection->link.loop;
	uint64_t over = idle_until(connection);

	if (connection->exchange != NULL)
		return; /* set again when it is done */
	if (connection->http2 != NULL && http2_stream_count(connection->http2) > 0) {
		if (upstream_is_used_up(connection)) {
			http2_shut_down(connection->http2); /* closed when its streams are done */
			return;
		}
		over = loop_now(loop) + connection->pool->terms.idle_ns;
		if (connection->expires_ns > 0)
			over = MIN_OF(over, connection->expires_ns);
	}
	if (loop_now(loop) < over)
		timer_set(loop, &connection->timer, over);
	else
		upstream_close(connection);
}

static void on_timer(struct timer *timer)
{
	struct upstream_connection *connection =
		CONTAINER_OF(timer, struct upstream_connection, timer);

	if (link_is_open(&connection->link))
		check_idle(connection);
	else
		upstream_fail_waiting(connection, UPSTREAM_CONNECT_TIMEOUT, "connection_timeout");
}

/* ---- the end ---- */

static void take_back(struct upstream_connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange == NULL)
		return;
	exchange->upstream = NULL;
	exchange->client_codec = NULL;
	connection->exchange = NULL;
	pool_end_request(connection->pool);
}

void upstream_release(struct upstream_connection *connection)
{
	const struct pool *pool = connection->pool;
	const bool is_clean =
		!connection->is_private && connection->head_is_done && connection->keep_alive
		&& connection->request_is_sent && link_is_open(&connection->link)
		&& input_length(&connection->input) == 0 && connection->link.out.len == 0;

	connection->served++;
	if (!is_clean || pool->holders == 0 || pool->worker->is_draining
	    || upstream_is_used_up(connection)) {
		upstream_close(connection);
		return;
	}
	take_back(connection);
	input_release(&connection->input, &pool->worker->slabs);
	keep_idle(connection);
}

void upstream_finish(struct upstream_connection *connection)
{
	take_back(connection);
	link_finish(&connection->link);
	if (connection->link.state == LINK_CLOSED)
		upstream_close(connection);
}

static void on_finished(struct link *link)
{
	upstream_close(connection_of(link));
}

void upstream_close(struct upstream_connection *connection)
{
	struct pool *pool = connection->pool;

	if (pool->opening == connection)
		pool->opening = NULL;
	list_remove(&connection->link_in_worker);
	list_remove(&connection->link_in_pool);
	take_back(connection);
	if (connection->is_counted)
		pool_end_connection(pool);
	connection->is_counted = false;
	timer_cancel(pool->worker->loop, &connection->timer);
	link_close(&connection->link);
	loop_undefer(&connection->resume);
	loop_defer(pool->worker->loop, &connection->release);
}

static void run_release(struct deferred *deferred)
{
	struct upstream_connection *connection =
		CONTAINER_OF(deferred, struct upstream_connection, release);
	struct pool *pool = connection->pool;

	http2_free(connection->http2); /* tells the exchanges on it */
	byte_queue_clear(&connection->link.out, &pool->worker->slabs);
	loop_undefer(&connection->resume);
	input_release(&connection->input, &pool->worker->slabs);
	held_plan_unref(connection->plan);
	mem_free(connection->server_id);
	mem_free(connection->server_credential);
	mem_free(connection);
	pool_connection_freed(pool);
}

void upstream_pause(struct exchange *exchange, bool paused)
{
	struct upstream_connection *connection = exchange->upstream;

	if (connection->is_paused == paused)
		return;
	connection->is_paused = paused;
	if (!paused)
		loop_defer(connection->pool->worker->loop, &connection->resume);
}

bool upstream_is_full(const struct exchange *exchange)
{
	const struct upstream_connection *connection = exchange->upstream;

	return link_is_full(&connection->link);
}
