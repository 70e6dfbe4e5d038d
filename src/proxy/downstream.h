/* SPDX-License-Identifier: Apache-2.0 */
/* downstream.h — a client's connection: who is at the other end, and the HTTP/1 it speaks.
 *
 * Requests are taken one at a time, pipelined ones wait in `input`. Each becomes an exchange
 * (exchange.h), which answers through the server_stream functions of server_http1.c. */
#pragma once

#include "net/net.h"
#include "proxy/worker.h"

struct exchange;

enum downstream_state {
	DOWNSTREAM_OPENING = 0, /* TLS handshake, or telling TLS from plain text */
	DOWNSTREAM_HEAD,        /* idle, or a request's head is arriving */
	DOWNSTREAM_BODY,        /* its body is */
	DOWNSTREAM_WAITING,     /* it is complete; the answer is not */
	DOWNSTREAM_DRAINING, /* it was answered early: the rest of its body is read and dropped */
	DOWNSTREAM_CLOSING,
};

struct downstream {
	struct list link_in_worker;
	struct worker *worker;
	struct listener *listener;
	struct link link;
	enum downstream_state state;
	bool is_paused;      /* the exchange cannot take more of the body now */
	bool keep_alive;     /* after the current exchange */
	bool body_to_chunks; /* the answer's body is being chunked */
	size_t drained_bytes;
	bool peer_is_done;    /* it will send nothing more; it may still read */
	struct timer timer;   /* set for `deadline_ns` or earlier */
	uint64_t deadline_ns; /* of the head, or of idleness; 0: none */
	struct exchange *exchange;
	struct input input;
	struct http1_parser parser;
	struct http1_body body; /* of the request */
	struct deferred resume; /* goes on with what is in `input` */
	struct deferred release;
	uint64_t accepted_ns, requests;

	struct address peer_address, local_address;
	char peer_ip[INET6_ADDRSTRLEN];
	char *peer_id;     /* SPIFFE ID, verified; NULL without mutual TLS; owned */
	char *server_name; /* SNI; NULL: none; owned */
	unsigned char peer_fingerprint[32]; /* SHA-256 of the peer's leaf; with peer_id */
};

void downstream_accept(struct listener *listener, int fd, const struct address *peer);
void downstream_close(struct downstream *downstream);
/* Lets it finish what it does, then closes: at a drain, or when its listener is gone. */
void downstream_retire(struct downstream *downstream);

struct downstream *downstream_of_link(struct link *link);
/* What its listener is to do by the worker's current plan. */
const struct listener_plan *downstream_listener_plan(const struct downstream *downstream);
void downstream_set_peer(struct downstream *downstream, struct text id);
void downstream_set_server_name(struct downstream *downstream, struct text name);
/* Closes it at `deadline_ns` unless this is called again; 0: never. Cheap. */
void downstream_set_deadline(struct downstream *downstream, uint64_t deadline_ns);

/* ---- server_http1.c: the connection as an exchange uses it ---- */

void server_http1_on_input(struct downstream *downstream);
void server_send_interim(struct downstream *downstream, const struct http_head *head);
/* The head of the answer, from exchange->response; the body follows by the next two. */
void server_send_head(struct downstream *downstream, struct http_head *head);
void server_send_body(struct downstream *downstream, struct text bytes);
/* The answer is complete: the connection goes on to its next request. trailers may be NULL. */
void server_send_end(struct downstream *downstream, const struct http_fields *trailers);
/* The answer cannot be completed: the client must see that something is missing. */
void server_abort(struct downstream *downstream);
void server_pause(struct downstream *downstream, bool paused); /* the request's body */
