/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h — the connections of one worker to one upstream, and the requests that wait for one.
 *
 * A pool lives as long as a plan names its upstream or a connection is open. Its limits
 * (connectionPool) count for the whole process, in the cluster's state; where there is none,
 * nothing is counted. As in Envoy every worker may have one connection, however few are allowed: a
 * request that no worker may serve would wait for ever. */
#pragma once

#include "net/net.h"
#include "proxy/cluster.h"

struct exchange;
struct upstream_connection;
struct worker;

struct pool {
	struct worker *worker;
	char *key;                      /* owned */
	size_t holders;                 /* held plans that name it */
	struct connection_terms terms;  /* those of its upstream, which are part of the key */
	struct cluster_state *counters; /* a reference */
	struct list idle;               /* HTTP/1: upstream_connection.link_in_pool, newest first */
	struct list shared;             /* HTTP/2: the same */
	struct list queued;             /* exchange.link_in_waiting: all connections are busy and no
					   more are allowed; oldest first */
	struct deferred serve;          /* some of the queued may go on */
	struct upstream_connection *opening; /* TLS: the one that others wait for; or NULL */
	bool speaks_http1; /* the last one did: then each request opens its own at once */
	size_t open_count;
	size_t connections; /* of open_count: those that are not being closed */
	size_t active;      /* requests in progress: what least-request balancing counts */
};

struct pool *pool_hold(struct worker *worker, const struct upstream *upstream);
void pool_release(struct pool *pool);
void pool_close_idle(struct pool *pool);
void pool_free(struct pool *pool);             /* with its worker: nothing is open any more */
void pool_connection_freed(struct pool *pool); /* the last look at a closed connection */

/* ---- limits: true where one more is allowed, which is then counted until it ends ---- */

bool pool_begin_waiting(struct pool *pool);
void pool_end_waiting(struct pool *pool);
bool pool_begin_request(struct pool *pool);
void pool_end_request(struct pool *pool);
bool pool_begin_connection(struct pool *pool);
void pool_end_connection(struct pool *pool);
