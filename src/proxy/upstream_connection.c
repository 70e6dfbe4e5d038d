/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream_connection.h"

#include "proxy/bounds.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

static void on_open(struct link *link);
static void on_input(struct link *link);
static void on_drained(struct link *link);
static void on_failed(struct link *link, const struct error *err);
static void on_timer(struct timer *timer);
static void run_release(struct deferred *deferred);
static void run_resume(struct deferred *deferred);

static const struct link_ops ops = {
	.on_open = on_open,
	.on_input = on_input,
	.on_drained = on_drained,
	.on_failed = on_failed,
};

static struct upstream_connection *connection_of(struct link *link)
{
	return CONTAINER_OF(link, struct upstream_connection, link);
}

const struct upstream *upstream_of_link(struct link *link)
{
	return connection_of(link)->upstream;
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
}

void pool_release(struct pool *pool)
{
	if (--pool->holders > 0)
		return;
	pool_close_idle(pool);
	free_if_unused(pool);
}

static struct upstream_connection *take_idle(struct pool *pool)
{
	if (list_is_empty(&pool->idle))
		return NULL;

	struct upstream_connection *connection =
		LIST_ITEM(pool->idle.next, struct upstream_connection, link_in_pool);

	list_remove(&connection->link_in_pool);
	pool->idle_count--;
	return connection;
}

/* ---- connections ---- */

static void assign(struct upstream_connection *connection, struct exchange *exchange)
{
	connection->exchange = exchange;
	exchange->upstream = connection;
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
	struct error err = { 0 };

	connection->pool = pool;
	connection->upstream = upstream;
	connection->plan = held_plan_ref(exchange->plan);
	connection->timer.fire = on_timer;
	connection->resume.run = run_resume;
	connection->release.run = run_release;
	connection->link =
		(struct link){ .loop = worker->loop, .pool = &worker->slabs, .ops = &ops };
	pool->open_count++;
	assign(connection, exchange);
	if (link_connect(&connection->link, &upstream->address, upstream->tls,
			 upstream->server_name, &err)
	    < 0) {
		upstream_close(connection);
		exchange_upstream_failed(exchange, UPSTREAM_CONNECT_FAILED, "connection_failure");
		return;
	}
	timer_set(worker->loop, &connection->timer,
		  loop_now(worker->loop) + upstream->connect_timeout_ns);
}

void upstream_connect(struct exchange *exchange, struct pool *pool, const struct upstream *upstream)
{
	struct upstream_connection *connection = take_idle(pool);

	if (connection == NULL) {
		open_connection(exchange, pool, upstream);
		return;
	}
	assign(connection, exchange);
	exchange_upstream_ready(exchange);
}

static void on_open(struct link *link)
{
	struct upstream_connection *connection = connection_of(link);

	timer_cancel(link->loop, &connection->timer);
	connection->upstream = NULL; /* of a plan that need not outlive the handshake */
	held_plan_unref(TAKE(connection->plan));
	if (connection->exchange != NULL)
		exchange_upstream_ready(connection->exchange);
	else
		upstream_close(connection);
}

static void on_input(struct link *link)
{
	client_http1_on_input(connection_of(link));
}

static void run_resume(struct deferred *deferred)
{
	client_http1_on_input(CONTAINER_OF(deferred, struct upstream_connection, resume));
}

static void on_drained(struct link *link)
{
	struct upstream_connection *connection = connection_of(link);

	if (connection->exchange != NULL)
		exchange_upstream_drained(connection->exchange);
}

static void on_failed(struct link *link, const struct error *err)
{
	struct upstream_connection *connection = connection_of(link);
	struct exchange *exchange = connection->exchange;
	const bool was_open = link->state == LINK_OPEN;

	if (!was_open && link->refusal.code != 0)
		log_warn("upstream %s was refused: %s", connection->upstream->address_text,
			 err->text);
	else if (!was_open)
		log_debug("upstream %s: %s", connection->upstream->address_text, err->text);
	upstream_close(connection);
	if (exchange != NULL)
		exchange_upstream_failed(
			exchange, was_open ? UPSTREAM_RESET : UPSTREAM_CONNECT_FAILED,
			was_open ? "connection_termination" : "connection_failure");
}

/* The timer is not moved each time a connection goes idle: when it fires, it looks how long it was.
 */
static void check_idle(struct upstream_connection *connection)
{
	struct loop *loop = connection->link.loop;
	const uint64_t over = connection->idle_since_ns + POOL_IDLE_NS;

	if (connection->exchange != NULL)
		return; /* busy; set again when it is done */
	if (loop_now(loop) < over)
		timer_set(loop, &connection->timer, over);
	else
		upstream_close(connection);
}

static void on_timer(struct timer *timer)
{
	struct upstream_connection *connection =
		CONTAINER_OF(timer, struct upstream_connection, timer);
	struct exchange *exchange = connection->exchange;

	if (link_is_open(&connection->link)) {
		check_idle(connection);
		return;
	}
	upstream_close(connection);
	if (exchange != NULL)
		exchange_upstream_failed(exchange, UPSTREAM_CONNECT_TIMEOUT, "connection_timeout");
}

void client_done(struct upstream_connection *connection)
{
	struct pool *pool = connection->pool;
	struct worker *worker = pool->worker;
	const bool is_clean = connection->head_is_done && connection->keep_alive
			      && connection->request_is_sent && link_is_open(&connection->link)
			      && input_length(&connection->input) == 0
			      && connection->link.out.len == 0;

	if (!is_clean || pool->holders == 0 || worker->is_draining) {
		upstream_close(connection);
		return;
	}
	connection->exchange->upstream = NULL;
	connection->exchange = NULL;
	pool->active--;
	connection->served++;
	input_release(&connection->input, &worker->slabs);
	list_prepend(&pool->idle, &connection->link_in_pool);
	pool->idle_count++;
	connection->idle_since_ns = loop_now(worker->loop);
	if (!timer_is_set(&connection->timer))
		timer_set(worker->loop, &connection->timer, loop_now(worker->loop) + POOL_IDLE_NS);
}

void upstream_close(struct upstream_connection *connection)
{
	struct pool *pool = connection->pool;

	if (list_is_linked(&connection->link_in_pool)) {
		list_remove(&connection->link_in_pool);
		pool->idle_count--;
	}
	if (connection->exchange != NULL) {
		connection->exchange->upstream = NULL;
		connection->exchange = NULL;
		pool->active--;
	}
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

	input_release(&connection->input, &pool->worker->slabs);
	held_plan_unref(connection->plan);
	mem_free(connection);
	pool->open_count--;
	free_if_unused(pool);
}
