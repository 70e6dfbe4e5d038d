/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_connection.h — a connection to an upstream, and the pool of those that can be used
 * again.
 *
 * HTTP/1.1, one request at a time. The pool of an upstream keeps idle connections, newest first,
 * and lives as long as a plan names its upstream or a connection of it is open. */
#pragma once

#include "net/net.h"
#include "proxy/plan.h"

struct exchange;
struct held_plan;
struct worker;

struct pool {
	struct worker *worker;
	char *key;        /* owned */
	size_t holders;   /* held plans that name it */
	struct list idle; /* upstream_connection.link_in_pool, newest first */
	size_t idle_count, open_count;
	size_t active; /* requests in progress: what least-request balancing counts */
};

struct pool *pool_hold(struct worker *worker, const struct upstream *upstream);
void pool_release(struct pool *pool);
void pool_close_idle(struct pool *pool);

struct upstream_connection {
	struct list link_in_pool; /* while idle */
	struct pool *pool;
	struct link link;
	const struct upstream *upstream; /* until it is open; NULL from then on */
	struct held_plan *plan;          /* keeps `upstream` alive */
	struct exchange *exchange;       /* NULL: idle */
	struct timer timer;              /* connecting, or idle */
	struct input input;
	struct http1_parser parser;
	struct http1_body body; /* of the answer */
	bool head_is_done, keep_alive, is_paused, request_is_sent, body_to_chunks;
	uint64_t served; /* requests before the current one */
	uint64_t idle_since_ns;
	struct deferred resume; /* goes on with what is in `input` */
	struct deferred release;
};

/* An idle connection of the pool, or a new one that is being opened; its exchange is set.
 * exchange_upstream_ready or exchange_upstream_failed follows, the first perhaps at once. */
void upstream_connect(struct exchange *exchange, struct pool *pool,
		      const struct upstream *upstream);
const struct upstream *upstream_of_link(struct link *link);
void upstream_close(struct upstream_connection *connection);

/* ---- client_http1.c: the connection as an exchange uses it ---- */

void client_http1_on_input(struct upstream_connection *connection);
void client_send_head(struct upstream_connection *connection, struct http_head *head);
void client_send_body(struct upstream_connection *connection, struct text bytes);
void client_send_end(struct upstream_connection *connection, const struct http_fields *trailers);
/* The exchange is done with it: kept if it can be, else closed. */
void client_done(struct upstream_connection *connection);
void client_pause(struct upstream_connection *connection, bool paused); /* the answer's body */
