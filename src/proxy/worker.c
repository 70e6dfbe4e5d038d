/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/worker.h"

#include "proxy/downstream.h"
#include "proxy/dynamic.h"
#include "proxy/exchange.h"
#include "proxy/filter.h"
#include "proxy/health.h"
#include "proxy/key_set.h"
#include "proxy/names.h"
#include "proxy/upstream_connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ACCEPTS_A_ROUND 64 /* then others get their turn; the socket stays ready */

struct worker *worker_new(unsigned index, struct access_log *log, struct trace_export *traces)
{
	struct worker *worker = MEM_NEW(struct worker);

	worker->index = index;
	worker->loop = loop_new();
	list_init(&worker->listeners);
	list_init(&worker->downstreams);
	list_init(&worker->waiting_for_keys);
	list_init(&worker->upstreams);
	arena_init(&worker->dropped, 4096);
	worker->http2_memory = http2_memory_new();
	worker->tokens = token_cache_new();
	access_log_buffer_init(&worker->log, log, worker->loop);
	trace_buffer_init(&worker->traces, traces, worker->loop);
	return worker;
}

void worker_free(struct worker *worker)
{
	MAP_FOR_EACH (&worker->pools, entry)
		pool_free(entry->value);
	map_done(&worker->pools);
	name_cache_free(worker->names);
	key_set_unref(worker->keys);
	exchange_free_all(worker);
	server_http2_free_all(worker);
	client_http2_free_all(worker);
	http2_memory_free(worker->http2_memory);
	token_cache_free(worker->tokens);
	http_fields_done(&worker->dropped_trailers);
	arena_done(&worker->dropped);
	buffer_done(&worker->scratch);
	slab_pool_done(&worker->slabs);
	metrics_done(&worker->metrics);
	access_log_buffer_done(&worker->log);
	trace_buffer_done(&worker->traces);
	revocations_unref(worker->revocations);
	loop_free(worker->loop);
	mem_free(worker);
}

/* ---- plans ---- */

static struct held_plan *held_plan_new(struct worker *worker, struct plan *plan)
{
	struct held_plan *held = MEM_NEW(struct held_plan);

	held->plan = plan_ref(plan);
	held->worker = worker;
	held->users = 1;
	held->pools = mem_alloc_array(plan->upstream_count, sizeof(struct pool *));
	for (size_t i = 0; i < plan->upstream_count; i++)
		held->pools[i] = pool_hold(worker, plan->upstreams[i]);
	return held;
}

struct held_plan *held_plan_ref(struct held_plan *held)
{
	held->users++;
	return held;
}

void held_plan_unref(struct held_plan *held)
{
	if (held == NULL || --held->users > 0)
		return;
	dynamic_free_all(held);
	for (size_t i = 0; i < held->plan->upstream_count; i++)
		pool_release(held->pools[i]);
	plan_unref(held->plan);
	mem_free(held->pools);
	mem_free(held);
}

/* ---- listeners ---- */

static void free_listener(struct listener *listener)
{
	mem_free((void *)listener->key);
	mem_free(listener);
}

static bool accept_one(struct listener *listener)
{
	struct address peer;
	const int fd = socket_accept(listener->watch.fd, &peer);

	if (fd >= 0) {
		downstream_accept(listener, fd, &peer);
		return true;
	}
	if (fd == -EMFILE || fd == -ENFILE)
		log_warn("out of descriptors: connections to %s wait", listener->key);
	/* a connection that was already reset counts as taken; anything else ends the round */
	return fd == -ECONNABORTED || fd == -EINTR;
}

static void on_connections(struct watch *watch, uint32_t events)
{
	struct listener *listener = CONTAINER_OF(watch, struct listener, watch);
	unsigned accepted = 0;

	(void)events;
	while (accept_one(listener) && accepted < ACCEPTS_A_ROUND)
		accepted++;
	if (accepted == ACCEPTS_A_ROUND) { /* edge-triggered: ask to be told again */
		loop_unwatch(listener->worker->loop, watch);
		loop_watch(listener->worker->loop, watch, EPOLLIN, NULL);
	}
}

static struct listener *find_listener(struct worker *worker, const char *key)
{
	LIST_FOR_EACH (&worker->listeners, link) {
		struct listener *listener = LIST_ITEM(link, struct listener, link);

		if (strcmp(listener->key, key) == 0)
			return listener;
	}
	return NULL;
}

static void open_listener(struct worker *worker, const struct listener_plan *plan, int fd)
{
	struct listener *listener = MEM_NEW(struct listener);
	struct error err = { 0 };

	listener->worker = worker;
	listener->key = mem_strdup(plan->key);
	listener->plan = plan;
	listener->watch = (struct watch){ .fd = fd, .ready = on_connections };
	list_append(&worker->listeners, &listener->link);
	if (loop_watch(worker->loop, &listener->watch, EPOLLIN, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, listener->key, &err);
}

static void close_listener(struct listener *listener)
{
	list_remove(&listener->link);
	loop_unwatch(listener->worker->loop, &listener->watch);
	close(listener->watch.fd);
	listener->is_closed = true;
	if (listener->connections == 0)
		free_listener(listener);
}

static void retire_connections_of(struct worker *worker, const struct listener *listener,
				  bool politely)
{
	LIST_FOR_EACH_SAFE (&worker->downstreams, link) {
		struct downstream *downstream = LIST_ITEM(link, struct downstream, link_in_worker);

		if (listener == NULL || downstream->listener == listener)
			downstream_retire(downstream, politely);
	}
}

static const struct listener_plan *find_listener_plan(const struct plan *plan, const char *key)
{
	for (size_t i = 0; i < plan->listener_count; i++)
		if (strcmp(plan->listeners[i].key, key) == 0)
			return &plan->listeners[i];
	return NULL;
}

/* Who would not be let in any more (a gateway that asks for certificates now, say) ends what it
 * does and goes. Requests are asked about one by one; a connection of TCP would go on by what held
 * when it began, and is judged again. */
static void judge_again(struct worker *worker)
{
	LIST_FOR_EACH_SAFE (&worker->downstreams, link) {
		struct downstream *downstream = LIST_ITEM(link, struct downstream, link_in_worker);

		if (downstream->state == DOWNSTREAM_OPENING || downstream->listener->is_closed)
			continue;
		if (downstream->state == DOWNSTREAM_RAW)
			server_raw_on_new_plan(downstream);
		if (downstream_still_fits(downstream))
			continue;
		if (downstream->state == DOWNSTREAM_RAW && downstream->exchange != NULL)
			exchange_cancel(downstream->exchange, FLAG_NONE, "listener_changed");
		else
			downstream_retire(downstream, false);
	}
}

void worker_swap_plan(struct worker *worker, struct plan *plan, const int *sockets)
{
	struct held_plan *before = worker->plan;

	health_checks_stop(worker);
	worker->plan = held_plan_new(worker, plan);
	LIST_FOR_EACH_SAFE (&worker->listeners, link) {
		struct listener *listener = LIST_ITEM(link, struct listener, link);

		listener->plan = find_listener_plan(plan, listener->key);
		if (listener->plan == NULL) {
			retire_connections_of(worker, listener, false);
			close_listener(listener);
		}
	}
	for (size_t i = 0; i < plan->listener_count; i++)
		if (sockets[i] >= 0 && find_listener(worker, plan->listeners[i].key) == NULL)
			open_listener(worker, &plan->listeners[i], sockets[i]);
		else if (sockets[i] >= 0)
			close(sockets[i]);
	judge_again(worker);
	if (worker->index == 0)
		health_checks_start(worker);
	held_plan_unref(before);
}

/* ---- keys of token issuers ---- */

void worker_set_keys(struct worker *worker, struct key_set *keys, struct key_fetch *fetch)
{
	key_set_unref(worker->keys);
	worker->keys = key_set_ref(keys);
	worker->key_fetch = fetch;
	filter_on_keys(worker);
}

/* ---- the end ---- */

void worker_connection_closed(struct worker *worker)
{
	if (worker->is_draining && worker->downstream_count == 0 && worker->on_idle != NULL)
		worker->on_idle(worker);
}

void worker_drain(struct worker *worker, bool politely)
{
	worker->is_draining = true;
	LIST_FOR_EACH_SAFE (&worker->listeners, link)
		close_listener(LIST_ITEM(link, struct listener, link));
	retire_connections_of(worker, NULL, politely);
	worker_connection_closed(worker);
}

void worker_close_all(struct worker *worker)
{
	timer_cancel(worker->loop, &worker->revocation_change);
	LIST_FOR_EACH_SAFE (&worker->listeners, link)
		close_listener(LIST_ITEM(link, struct listener, link));
	LIST_FOR_EACH_SAFE (&worker->downstreams, link)
		downstream_close(LIST_ITEM(link, struct downstream, link_in_worker));
	MAP_FOR_EACH (&worker->pools, entry)
		pool_close_idle(entry->value);
	health_checks_stop(worker);
	held_plan_unref(TAKE(worker->plan));
}
