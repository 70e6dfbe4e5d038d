/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h — one HTTP/1.1 connection of the load client, plain or TLS, as a state machine.
 *
 *	CLOSED -dial-> CONNECTING -> SHAKING -> IDLE -send-> WRITING -> READING -> IDLE
 *
 * The client owns the connections and knows which are idle; what happens is counted there. */
#pragma once

#include "base/base.h"
#include "load/histogram.h"
#include "load/options.h"

#include <openssl/ssl.h>

enum connection_state {
	CONNECTION_CLOSED = 0,
	CONNECTION_CONNECTING,
	CONNECTION_SHAKING,
	CONNECTION_IDLE,
	CONNECTION_WRITING,
	CONNECTION_READING,
};

struct connection {
	struct client *client;
	struct list idle_link; /* on client->idle while IDLE */
	enum connection_state state;
	int fd;
	SSL *ssl;         /* NULL without TLS */
	uint32_t watched; /* epoll events */
	uint64_t due_ns;  /* when the request should have gone out */
	size_t written, head_len;
	int64_t body_left;
	bool was_used;  /* has had an answer before */
	bool has_head;  /* of this answer */
	bool has_bytes; /* of this answer */
	bool closes;    /* the server said so */
	char head[4096];
};

struct tally {
	uint64_t answers, bad_status;
	uint64_t lost_reused; /* no byte of an answer on a kept connection: safe to send again */
	uint64_t lost_hard;   /* any other */
	uint64_t closed_idle, resumed, bytes;
	struct histogram latency;
};

struct client {
	const struct load_options *options;
	SSL_CTX *tls;         /* NULL without TLS */
	SSL_SESSION *session; /* the newest, for HANDSHAKE_RESUMED */
	int epoll;
	struct buffer request;
	struct connection *connections; /* owned; options->connections of them */
	struct list idle;               /* the longest idle first */
	bool measures;                  /* answers and losses count */
	struct tally tally;
};

bool client_init(struct client *client, const struct load_options *options);

/* Lets connections move for at most so long. */
void client_pump(struct client *client, uint64_t timeout_ns);

bool connection_dial(struct connection *connection);
void connection_send(struct connection *connection, uint64_t due_ns); /* an IDLE one */
void connection_close(struct connection *connection);
