/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h — one core's share of the proxy: its own loop, listeners, connections, pools and
 * counters.
 *
 * Workers share nothing that changes. The control thread (control.c) hands each a new plan or asks
 * it something by posting a task to its loop; a worker never waits for anybody. */
#pragma once

#include "net/net.h"
#include "proxy/access_log.h"
#include "proxy/metrics.h"
#include "proxy/plan.h"
#include "proxy/trace.h"

#include <pthread.h>

struct client_call;
struct exchange;
struct health_probes;
struct key_fetch;
struct key_set;
struct pool;
struct server_call;

/* A plan as one worker holds it: alive while it is current or a request still goes by it. */
struct held_plan {
	struct plan *plan; /* a reference */
	struct worker *worker;
	size_t users;
	struct pool **pools; /* by upstream.index; owned array */
	struct map dynamic;  /* dynamic.c */
};

/* A listening socket of this worker. */
struct listener {
	struct list link; /* in worker.listeners */
	struct worker *worker;
	struct watch watch;
	const char *key;                  /* owned */
	const struct listener_plan *plan; /* of the current plan */
	bool is_closed;                   /* gone from the plan; freed with its last connection */
	size_t connections;
};

struct worker {
	unsigned index;
	pthread_t thread;
	struct loop *loop;
	struct slab_pool slabs;
	struct held_plan *plan; /* the current one; NULL before the first */
	struct list listeners;
	struct list downstreams; /* open connections of clients */
	size_t downstream_count;
	struct list upstreams;           /* open connections to servers */
	struct revocations *revocations; /* a reference; see revoke.h */
	struct timer revocation_change;  /* when one of them begins or ends */
	struct key_set *keys;            /* of token issuers; NULL before the first came */
	struct name_cache *names;        /* of hosts that no resource names */
	struct key_fetch *key_fetch;     /* woken where one is missing; NULL: nobody fetches */
	struct list waiting_for_keys;    /* exchange.link_in_waiting */
	struct map pools;                /* upstream.key -> struct pool */
	struct exchange *free_exchanges;
	struct server_call *free_server_calls; /* HTTP/2 streams */
	struct client_call *free_client_calls;
	struct http2_memory *http2_memory;
	struct http_fields dropped_trailers; /* of requests that were answered before their end */
	struct arena dropped;                /* what those trailers say */
	struct buffer scratch;               /* for a text of unknown length, within one call */
	size_t exchange_count;               /* in progress */
	size_t mirror_count;                 /* in progress (mirror.h) */
	size_t kept_body_bytes;              /* of requests that may be sent again (retry.h) */
	struct health_probes *probes;        /* of the first worker; NULL: nothing is checked */
	struct token_cache *tokens;          /* verified a moment ago */
	struct metrics metrics;
	struct access_log_buffer log;
	struct trace_buffer traces;
	bool is_draining;
	void (*on_idle)(struct worker *worker); /* draining is done */
	void *idle_arg;
};

struct worker *worker_new(unsigned index, struct access_log *log, struct trace_export *traces);
void worker_free(struct worker *worker); /* its loop has ended */

/* On the worker's thread. sockets[i]: a listening descriptor for plan->listeners[i], or -1 where
 * the worker has one already. */
void worker_swap_plan(struct worker *worker, struct plan *plan, const int *sockets);
void worker_set_keys(struct worker *worker, struct key_set *keys, struct key_fetch *fetch);
/* Stops listening and lets what goes on end; connections are told to close. `politely`: those of
 * HTTP/1 that are idle may bring one more request, which tells them. */
void worker_drain(struct worker *worker, bool politely);
void worker_close_all(struct worker *worker);

struct held_plan *held_plan_ref(struct held_plan *held);
void held_plan_unref(struct held_plan *held);

void worker_connection_closed(struct worker *worker); /* by downstream.c */
