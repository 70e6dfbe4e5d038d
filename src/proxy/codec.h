/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h — what an exchange asks of the two connections it lies between, whatever they speak.
 *
 * Towards the client: server_http1.c, server_http2.c, server_raw.c. Towards the upstream:
 * client_http1.c, client_http2.c, client_raw.c. The exchange calls these tables; they call
 * exchange.h. */
#pragma once

#include "net/net.h"

struct exchange;

struct server_codec {
	void (*send_interim)(struct exchange *exchange, const struct http_head *head);
	void (*send_head)(struct exchange *exchange, struct http_head *head);
	void (*send_body)(struct exchange *exchange, struct text bytes); /* takes all */
	/* The answer is complete. trailers may be NULL. The exchange is not touched afterwards. */
	void (*send_end)(struct exchange *exchange, const struct http_fields *trailers);
	/* The answer's head opened a tunnel: from now on the request's body is the client's bytes.
	 */
	void (*open_tunnel)(struct exchange *exchange);
	/* A tunnel's upstream has said its last byte; the client goes on. */
	void (*end_half)(struct exchange *exchange);
	/* The answer cannot be completed: the client must see that something is missing. */
	void (*abort)(struct exchange *exchange);
	void (*pause)(struct exchange *exchange, bool paused); /* the request's body */
	bool (*is_full)(const struct exchange *exchange);      /* the answer's body should pause */
};

struct client_codec {
	bool (*is_ready)(const struct exchange *exchange); /* a request can be sent */
	void (*send_head)(struct exchange *exchange, struct http_head *head);
	void (*send_body)(struct exchange *exchange, struct text bytes); /* takes all */
	void (*send_end)(struct exchange *exchange, const struct http_fields *trailers);
	void (*pause)(struct exchange *exchange, bool paused); /* the answer's body */
	bool (*is_full)(const struct exchange *exchange);      /* the request's body should pause */
	/* Both messages are complete, or nobody wants the rest: exchange->upstream is NULL
	 * afterwards. release keeps the connection if it can; cancel makes the upstream see a
	 * broken request. */
	void (*release)(struct exchange *exchange);
	void (*cancel)(struct exchange *exchange);
};

extern const struct server_codec server_http1, server_http2, server_raw;
extern const struct client_codec client_http1, client_http2, client_raw;
/* upstream_connection.c: there is no connection yet. */
extern const struct client_codec client_waiting;
