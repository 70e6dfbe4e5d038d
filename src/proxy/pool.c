/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pool.h"

#include "proxy/cluster_state.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

/* ---- life ---- */

struct pool *pool_hold(struct worker *worker, const struct upstream *upstream)
{
	struct pool *pool = map_get(&worker->pools, text_of(upstream->key));

	if (pool == NULL) {
		pool = MEM_NEW(struct pool);
		pool->worker = worker;
		pool->key = mem_strdup(upstream->key);
		pool->terms = upstream->terms;
		pool->counters = cluster_state_ref(upstream->counters);
		pool->serve.run = upstream_serve_queued;
		list_init(&pool->idle);
		list_init(&pool->shared);
		list_init(&pool->queued);
		map_put(&worker->pools, text_of(pool->key), pool);
	}
	pool->holders++;
	return pool;
}

void pool_free(struct pool *pool)
{
	loop_undefer(&pool->serve);
	cluster_state_unref(pool->counters);
	mem_free(pool->key);
	mem_free(pool);
}

static void free_if_unused(struct pool *pool)
{
	if (pool->holders > 0 || pool->open_count > 0)
		return;
	map_remove(&pool->worker->pools, text_of(pool->key));
	pool_free(pool);
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

void pool_connection_freed(struct pool *pool)
{
	pool->open_count--;
	free_if_unused(pool);
}

/* ---- limits ---- */

static bool begin(atomic_size_t *count, uint32_t limit)
{
	if (limit == UNLIMITED)
		return true;
	if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < limit)
		return true;
	atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
	return false;
}

static void end(atomic_size_t *count, uint32_t limit)
{
	if (limit != UNLIMITED)
		atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
}

/* What ended may let somebody else begin. */
static void serve_later(struct pool *pool)
{
	if (!list_is_empty(&pool->queued))
		loop_defer(pool->worker->loop, &pool->serve);
}

bool pool_begin_waiting(struct pool *pool)
{
	if (!begin(&pool->counters->waiting, pool->terms.max_waiting))
		return false;
	pool->active++;
	return true;
}

void pool_end_waiting(struct pool *pool)
{
	end(&pool->counters->waiting, pool->terms.max_waiting);
	pool->active--;
}

bool pool_begin_request(struct pool *pool)
{
	if (!begin(&pool->counters->requests, pool->terms.max_requests))
		return false;
	pool->active++;
	return true;
}

void pool_end_request(struct pool *pool)
{
	end(&pool->counters->requests, pool->terms.max_requests);
	pool->active--;
	serve_later(pool);
}

bool pool_begin_connection(struct pool *pool)
{
	const uint32_t limit = pool->terms.max_connections;

	if (pool->connections == 0 && limit != UNLIMITED)
		atomic_fetch_add_explicit(&pool->counters->connections, 1, memory_order_relaxed);
	else if (!begin(&pool->counters->connections, limit))
		return false;
	pool->connections++;
	return true;
}

void pool_end_connection(struct pool *pool)
{
	end(&pool->counters->connections, pool->terms.max_connections);
	pool->connections--;
	serve_later(pool);
}
