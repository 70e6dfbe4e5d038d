/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_connection.h — a connection to an upstream: opened, used, used again, closed.
 *
 * What an upstream speaks is known once TLS has agreed on it (ALPN); until then requests wait for
 * one connection to open. HTTP/2 connections carry many requests at a time; HTTP/1.1 ones one, and
 * are kept when idle, newest first. */
#pragma once

#include "net/net.h"
#include "proxy/plan.h"
#include "proxy/pool.h"
#include "proxy/retry.h"

struct exchange;
struct held_plan;
struct worker;

struct upstream_connection {
	struct list link_in_worker; /* in worker.upstreams, from opening to closing */
	struct list link_in_pool;   /* in pool.idle or pool.shared */
	struct pool *pool;
	struct link link;
	const struct upstream *upstream; /* until it is open; NULL from then on */
	struct held_plan *plan;          /* keeps `upstream` alive */
	char *server_id;                 /* SPIFFE ID, verified; NULL without mutual TLS; owned */
	struct credential *server_credential; /* with server_id; owned */
	struct list waiting;                  /* exchange.link_in_waiting, while it is opened */
	struct timer timer;                   /* opening, or idle */
	uint64_t served, idle_since_ns;       /* requests before the current one */
	uint64_t expires_ns;                  /* takes no more requests from then on; 0: never */
	bool is_counted;                      /* by its pool, until it is closed */
	struct http2 *http2;                  /* NULL: HTTP/1, and what follows is used */
	struct exchange *exchange;            /* NULL: idle */
	struct input input;
	struct http1_parser parser;
	struct http1_body body; /* of the answer */
	bool is_private;        /* for one exchange alone; never HTTP/2 */
	bool is_raw;            /* its exchange's bytes and no HTTP, or none any more */
	bool head_is_done, keep_alive, is_paused, request_is_sent, body_to_chunks;
	struct deferred resume; /* goes on with what is in `input`; HTTP/2: writes */
	struct deferred release;
};

/* Finds the exchange a connection that is open, or opens one. exchange_upstream_ready or
 * exchange_upstream_failed follows, the first perhaps at once. */
void upstream_connect(struct exchange *exchange, struct pool *pool,
		      const struct upstream *upstream);
/* Those who waited for room in the pool go on, as far as there is some. */
void upstream_serve_queued(struct deferred *deferred);
/* It has carried what it may (maxRequestsPerConnection, maxConnectionDuration). */
bool upstream_is_used_up(const struct upstream_connection *connection);
const struct upstream *upstream_of_link(struct link *link);
/* The server has shown who it is. */
void upstream_set_server(struct link *link, const struct peer_identity *peer);
struct worker *upstream_worker_of_link(struct link *link);
/* HTTP/1: it broke before the answer's head was complete. UPSTREAM_STALE where it was used before
 * and said nothing since: it may have been closed for its idleness. */
enum upstream_failure upstream_loss(const struct upstream_connection *connection);
/* HTTP/1: its exchange is done with it. Kept if it can be, else closed. */
void upstream_release(struct upstream_connection *connection);
/* Sends what waits, then says goodbye. Its exchange loses it silently. */
void upstream_finish(struct upstream_connection *connection);
/* At once. An HTTP/1 exchange loses it silently; those of HTTP/2 are told at the end of the round.
 */
void upstream_close(struct upstream_connection *connection);

/* ---- between upstream_connect.c and upstream_connection.c ---- */

/* For the exchange, to where it wants to go (exchange->via). */
struct upstream_connection *upstream_new(const struct exchange *exchange, struct pool *pool);
/* It is open: those who waited for it get it. */
void upstream_serve_waiting(struct upstream_connection *connection);
/* It did not open: it is closed, then those who waited are told and may open another. */
void upstream_fail_waiting(struct upstream_connection *connection, enum upstream_failure why,
			   const char *details);

/* For the codecs of one exchange a connection (codec.h). */
void upstream_pause(struct exchange *exchange, bool paused);
bool upstream_is_full(const struct exchange *exchange);

/* ---- by version of HTTP ---- */

void client_raw_on_input(struct upstream_connection *connection);
void client_http1_on_input(struct upstream_connection *connection);
void client_http2_start(struct upstream_connection *connection);
bool client_http2_can_open(const struct upstream_connection *connection);
void client_http2_open(struct upstream_connection *connection, struct exchange *exchange);
void client_http2_on_input(struct upstream_connection *connection);
void client_http2_flush(struct upstream_connection *connection);
void client_http2_free_all(struct worker *worker);
