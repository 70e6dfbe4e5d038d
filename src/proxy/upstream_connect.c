/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_connect.c — which connection of a pool a request gets: one that is open, a new one, or
 * the first that has room again. */
#include "proxy/upstream_connection.h"

#include "proxy/codec.h"
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/metrics_cluster.h"
#include "proxy/worker.h"

/* ---- requests that wait: for a connection to open, or for room in the pool ---- */

static void wait_for_connection(struct exchange *exchange, struct upstream_connection *connection)
{
	exchange->client_codec = &client_waiting;
	exchange->upstream = connection->pool;
	list_append(&connection->waiting, &exchange->link_in_waiting);
}

static void wait_for_room(struct exchange *exchange, struct pool *pool)
{
	exchange->client_codec = &client_waiting;
	exchange->upstream = pool;
	list_append(&pool->queued, &exchange->link_in_waiting);
}

static void stop_waiting(struct exchange *exchange)
{
	struct pool *pool = exchange->upstream;

	list_remove(&exchange->link_in_waiting);
	exchange->client_codec = NULL;
	exchange->upstream = NULL;
	pool_end_waiting(pool);
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

void upstream_fail_waiting(struct upstream_connection *connection, enum upstream_failure why,
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

static void offer_protocols(struct upstream_connection *connection, const struct upstream *upstream)
{
	struct link *link = &connection->link;

	if (connection->is_raw) {
		if (!upstream->leaves_mesh)
			link_offer(link, ALPN_TCP);
	} else if (connection->is_private) {
		link_offer(link, upstream->leaves_mesh ? TEXT("\x08http/1.1") : ALPN_HTTP1);
	} else if (upstream->offers.len > 0) {
		link_offer(link, upstream->offers);
	}
}

/* For whom the connection is: what it carries afterwards is his alone. */
static void say_client(struct link *link, const struct exchange *exchange)
{
	static const struct address nobody;
	const struct downstream *client = exchange->downstream;
	char header[PROXY_PROTOCOL_WRITE_MAX];
	const size_t len = proxy_protocol_write(header, exchange->via->proxy_version,
						client != NULL ? &client->client_address : &nobody,
						client != NULL ? &client->local_address : &nobody);

	link_say_first(link, (struct text){ header, len });
}

static void open_connection(struct exchange *exchange, struct pool *pool)
{
	const struct upstream *upstream = exchange->via;
	const struct connection_terms *terms = &pool->terms;
	struct upstream_connection *connection = upstream_new(exchange, pool);
	struct link *link = &connection->link;

	wait_for_connection(exchange, connection);
	if (link_connect(link, &upstream->address, upstream->tls, upstream->server_name, NULL)
	    < 0) {
		upstream_fail_waiting(connection, UPSTREAM_CONNECT_FAILED, "connection_failure");
		return;
	}
	offer_protocols(connection, upstream);
	if (upstream->proxy_version > 0)
		say_client(link, exchange);
	if (terms->keepalive_s > 0)
		socket_keep_alive(link->watch.fd, terms->keepalive_s, terms->keepalive_interval_s,
				  terms->keepalive_probes);
	timer_set(link->loop, &connection->timer, loop_now(link->loop) + terms->connect_timeout_ns);
}

/* The exchange is one of those waiting already. */
static void open_or_queue(struct exchange *exchange, struct pool *pool)
{
	if (pool->opening != NULL && !exchange->wants_own_connection) {
		wait_for_connection(exchange, pool->opening);
	} else if (pool_begin_connection(pool)) {
		open_connection(exchange, pool);
	} else {
		metrics_count_cluster(&pool->worker->metrics, exchange->destination->cluster,
				      CLUSTER_CONNECTION_OVERFLOW);
		wait_for_room(exchange, pool);
	}
}

static struct upstream_connection *first_of(const struct list *list)
{
	return LIST_ITEM(list->next, struct upstream_connection, link_in_pool);
}

/* ---- connections that are open already ---- */

static bool may_share(const struct upstream_connection *connection)
{
	return !upstream_is_used_up(connection)
	       && http2_stream_count(connection->http2) < connection->pool->terms.streams_each
	       && client_http2_can_open(connection);
}

/* HTTP/2 with a stream to spare, or idle; NULL: none. */
static struct upstream_connection *find_open(const struct pool *pool)
{
	LIST_FOR_EACH (&pool->shared, link) {
		struct upstream_connection *connection =
			LIST_ITEM(link, struct upstream_connection, link_in_pool);

		if (may_share(connection))
			return connection;
	}
	return list_is_empty(&pool->idle) ? NULL : first_of(&pool->idle);
}

static void refuse(struct exchange *exchange, struct pool *pool)
{
	metrics_count_cluster(&pool->worker->metrics, exchange->destination->cluster,
			      CLUSTER_PENDING_OVERFLOW);
	exchange_upstream_failed(exchange, UPSTREAM_OVERFLOW,
				 "upstream_reset_before_response_started{overflow}");
}

/* The exchange has the connection for itself until upstream_release. */
static void assign(struct upstream_connection *connection, struct exchange *exchange)
{
	list_remove(&connection->link_in_pool);
	connection->exchange = exchange;
	exchange->upstream = connection;
	exchange->client_codec = connection->is_raw ? &client_raw : &client_http1;
	connection->head_is_done = connection->request_is_sent = false;
	connection->is_paused = false;
	http1_parser_init(&connection->parser, &http_limits_default);
}

static void use(struct upstream_connection *connection, struct exchange *exchange)
{
	if (!pool_begin_request(connection->pool)) {
		refuse(exchange, connection->pool);
		return;
	}
	if (connection->http2 != NULL)
		client_http2_open(connection, exchange);
	else
		assign(connection, exchange);
	exchange_upstream_ready(exchange);
}

void upstream_connect(struct exchange *exchange, struct pool *pool, const struct upstream *upstream)
{
	struct upstream_connection *connection = NULL;

	exchange->via = upstream;
	exchange->wants_own_connection =
		exchange->is_tcp || exchange->wants_tunnel || upstream->proxy_version > 0;
	if (!exchange->wants_own_connection
	    && list_is_empty(&pool->queued)) /* who waits longer goes first */
		connection = find_open(pool);
	if (connection != NULL)
		use(connection, exchange);
	else if (pool_begin_waiting(pool))
		open_or_queue(exchange, pool);
	else
		refuse(exchange, pool);
}

void upstream_serve_queued(struct deferred *deferred)
{
	struct pool *pool = CONTAINER_OF(deferred, struct pool, serve);

	while (!list_is_empty(&pool->queued)) {
		struct exchange *exchange =
			LIST_ITEM(pool->queued.next, struct exchange, link_in_waiting);
		struct upstream_connection *connection =
			exchange->wants_own_connection ? NULL : find_open(pool);

		if (connection != NULL) {
			stop_waiting(exchange);
			use(connection, exchange);
		} else if (pool->opening == NULL && pool_begin_connection(pool)) {
			list_remove(&exchange->link_in_waiting);
			open_connection(exchange, pool);
		} else {
			return;
		}
	}
}

void upstream_serve_waiting(struct upstream_connection *connection)
{
	struct exchange *exchange;

	while ((exchange = next_waiting(connection)) != NULL) {
		const bool is_free = connection->http2 != NULL ? may_share(connection)
							       : connection->exchange == NULL;

		stop_waiting(exchange);
		if (is_free) {
			use(connection, exchange);
		} else { /* on one of its own */
			upstream_connect(exchange, connection->pool, exchange->via);
		}
	}
}
