/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream_connection.h"

#include "proxy/bounds.h"
#include "proxy/codec.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

static void on_open(struct link *link);
static void on_input(struct link *link);
static void on_drained(struct link *link);
enum upstream_failure upstream_loss(const struct upstream_connection *connection)
{
	const bool is_silent = input_length(&connection->input) == 0;

	return connection->served > 0 && is_silent ? UPSTREAM_STALE : UPSTREAM_RESET;
}

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

void upstream_set_server(struct link *link, const struct peer_identity *peer)
{
	struct upstream_connection *connection = connection_of(link);

	mem_free(connection->server_id);
	mem_free(connection->server_credential);
	connection->server_id = mem_strdup(peer->text);
	connection->server_credential = credential_keep(&peer->credential);
}

static struct upstream_connection *first_of(const struct list *list)
{
	return LIST_ITEM(list->next, struct upstream_connection, link_in_pool);
}

/* ---- pools ---- */

struct pool *pool_hold(struct worker *worker, const struct upstream *upstream)
{
	struct pool *pool = map_get(&worker->pools, text_of(upstream->key));

	if (pool == NULL) {
		pool = MEM_NEW(struct pool);
		pool->worker = worker;
		pool->key = mem_strdup(upstream->key);
		list_init(&pool->idle);
		list_init(&pool->shared);
		map_put(&worker->pools, text_of(pool->key), pool);
	}
	pool->holders++;
	return pool;
}

static void free_if_unused(struct pool *pool)
{
	if (pool->holders > 0 || pool->open_count > 0)
		return;
	map_remove(&pool->worker->pools, text_of(pool->key));
	mem_free(pool->key);
	mem_free(pool);
}

void pool_close_idle(struct pool *pool)
{
	LIST_FOR_EACH_SAFE (&pool->idle, link)
		upstream_close(LIST_ITEM(link, struct upstream_connection, link_in_pool));
	LIST_FOR_EACH_SAFE (&pool->shared, link) {
		struct upstream_connection *connection =
			LIST_ITEM(link, struct upstream_connection, link_in_pool);

		if (http2_stream_count(connection->http2) == 0)
			upstream_close(connection);
		else
			http2_shut_down(connection->http2); /* closed when its streams are done */
	}
}

void pool_release(struct pool *pool)
{
	if (--pool->holders > 0)
		return;
	pool_close_idle(pool);
	free_if_unused(pool);
}

/* ---- requests that wait for a connection to open ---- */

static void start_waiting(struct exchange *exchange, struct upstream_connection *connection)
{
	exchange->client_codec = &client_waiting;
	exchange->upstream = connection;
	list_append(&connection->waiting, &exchange->link_in_waiting);
	connection->pool->active++;
}

static void stop_waiting(struct exchange *exchange)
{
	struct upstream_connection *connection = exchange->upstream;

	list_remove(&exchange->link_in_waiting);
	exchange->client_codec = NULL;
	exchange->upstream = NULL;
	connection->pool->active--;
}

static bool is_never_ready(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

const struct client_codec client_waiting = {
	.is_ready = is_never_ready,
	.release = stop_waiting,
	.cancel = stop_waiting,
};

static struct exchange *next_waiting(const struct upstream_connection *connection)
{
	if (list_is_empty(&connection->waiting))
		return NULL;
	return LIST_ITEM(connection->waiting.next, struct exchange, link_in_waiting);
}

/* The connection did not open: it is closed, then those who waited are told and may open another.
 */
static void fail_waiting(struct upstream_connection *connection, enum upstream_failure why,
			 const char *details)
{
	struct list failed;
	struct exchange *exchange;

	list_init(&failed);
	while ((exchange = next_waiting(connection)) != NULL) {
		stop_waiting(exchange);
		list_append(&failed, &exchange->link_in_waiting);
	}
	upstream_close(connection);
	while (!list_is_empty(&failed)) {
		exchange = LIST_ITEM(failed.next, struct exchange, link_in_waiting);
		list_remove(&exchange->link_in_waiting);
		exchange_upstream_failed(exchange, why, details);
	}
}

/* ---- opening ---- */

/* The exchange has the connection for itself until upstream_release. */
static void assign(struct upstream_connection *connection, struct exchange *exchange)
{
	connection->exchange = exchange;
	exchange->upstream = connection;
	exchange->client_codec = connection->is_raw ? &client_raw : &client_http1;
	connection->pool->active++;
	connection->head_is_done = connection->request_is_sent = false;
	connection->is_paused = false;
	http1_parser_init(&connection->parser, &http_limits_default);
}

static void open_connection(struct exchange *exchange, struct pool *pool,
			    const struct upstream *upstream)
{
	struct worker *worker = pool->worker;
	struct upstream_connection *connection = MEM_NEW(struct upstream_connection);

	connection->pool = pool;
	connection->upstream = upstream;
	connection->plan = held_plan_ref(exchange->plan);
	connection->is_raw = exchange->is_tcp;
	connection->timer.fire = on_timer;
	connection->resume.run = run_resume;
	connection->release.run = run_release;
	connection->link =
		(struct link){ .loop = worker->loop, .pool = &worker->slabs, .ops = &ops };
	list_init(&connection->waiting);
	list_append(&worker->upstreams, &connection->link_in_worker);
	pool->open_count++;
	if ((upstream->tls != NULL || upstream->plain_http2) && !pool->speaks_http1
	    && !connection->is_raw)
		pool->opening = connection;
	start_waiting(exchange, connection);
	if (link_connect(&connection->link, &upstream->address, upstream->tls,
			 upstream->server_name, NULL)
	    < 0) {
		fail_waiting(connection, UPSTREAM_CONNECT_FAILED, "connection_failure");
		return;
	}
	if (connection->is_raw)
		link_offer(&connection->link, ALPN_TCP);
	timer_set(worker->loop, &connection->timer,
		  loop_now(worker->loop) + upstream->connect_timeout_ns);
}

static struct upstream_connection *find_shared(const struct pool *pool)
{
	LIST_FOR_EACH (&pool->shared, link) {
		struct upstream_connection *connection =
			LIST_ITEM(link, struct upstream_connection, link_in_pool);

		if (client_http2_can_open(connection))
			return connection;
	}
	return NULL;
}

void upstream_connect(struct exchange *exchange, struct pool *pool, const struct upstream *upstream)
{
	struct upstream_connection *connection = exchange->is_tcp ? NULL : find_shared(pool);

	if (connection != NULL && client_http2_open(connection, exchange)) {
		exchange_upstream_ready(exchange);
	} else if (exchange->is_tcp) {
		open_connection(exchange, pool, upstream);
	} else if (!list_is_empty(&pool->idle)) {
		connection = first_of(&pool->idle);
		list_remove(&connection->link_in_pool);
		assign(connection, exchange);
		exchange_upstream_ready(exchange);
	} else if (pool->opening != NULL) {
		start_waiting(exchange, pool->opening);
	} else {
		open_connection(exchange, pool, upstream);
	}
}

static void keep_idle(struct upstream_connection *connection)
{
	struct pool *pool = connection->pool;
	struct loop *loop = pool->worker->loop;

	list_prepend(&pool->idle, &connection->link_in_pool);
	connection->idle_since_ns = loop_now(loop);
	if (!timer_is_set(&connection->timer))
		timer_set(loop, &connection->timer, connection->idle_since_ns + POOL_IDLE_NS);
}

static void serve_waiting(struct upstream_connection *connection)
{
	struct exchange *exchange;

	while ((exchange = next_waiting(connection)) != NULL) {
		stop_waiting(exchange);
		if (connection->http2 == NULL && connection->exchange == NULL) {
			assign(connection, exchange);
			exchange_upstream_ready(exchange);
		} else { /* on this connection if it is shared, else on one of its own */
			upstream_connect(exchange, connection->pool, exchange->endpoint->upstream);
		}
	}
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
	if (connection->is_raw) {
		serve_waiting(connection);
		if (connection->exchange == NULL)
			upstream_close(connection); /* whoever wanted it has gone */
		return;
	}
	if (pool->opening == connection)
		pool->opening = NULL;
	pool->speaks_http1 = !is_http2;
	if (is_http2) {
		client_http2_start(connection);
		list_prepend(&pool->shared, &connection->link_in_pool);
		timer_set(link->loop, &connection->timer, loop_now(link->loop) + POOL_IDLE_NS);
	}
	serve_waiting(connection);
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
	client_http1_on_input(connection);
	return connection->exchange == NULL || connection->head_is_done;
}

static void on_failed(struct link *link, const struct error *err)
{
	struct upstream_connection *connection = connection_of(link);
	struct exchange *exchange = connection->exchange;

	if (link->state != LINK_OPEN) {
		log_line(link->refusal.code != 0 ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
			 "upstream %s: %s", connection->upstream->address_text, err->text);
		fail_waiting(connection, UPSTREAM_CONNECT_FAILED, "connection_failure");
		return;
	}
	if (exchange != NULL && !connection->is_raw && hear_last_words(connection))
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
	uint64_t over = connection->idle_since_ns + POOL_IDLE_NS;

	if (connection->exchange != NULL)
		return; /* set again when it is done */
	if (connection->http2 != NULL && http2_stream_count(connection->http2) > 0)
		over = loop_now(loop) + POOL_IDLE_NS;
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
		fail_waiting(connection, UPSTREAM_CONNECT_TIMEOUT, "connection_timeout");
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
	connection->pool->active--;
}

void upstream_release(struct upstream_connection *connection)
{
	const struct pool *pool = connection->pool;
	const bool is_clean = connection->head_is_done && connection->keep_alive
			      && connection->request_is_sent && link_is_open(&connection->link)
			      && input_length(&connection->input) == 0
			      && connection->link.out.len == 0;

	if (!is_clean || pool->holders == 0 || pool->worker->is_draining) {
		upstream_close(connection);
		return;
	}
	take_back(connection);
	connection->served++;
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
	pool->open_count--;
	free_if_unused(pool);
}
