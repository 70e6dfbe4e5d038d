/* SPDX-License-Identifier: Apache-2.0 */
/* downstream.h — a client's connection: who is at the other end, and what it speaks.
 *
 * HTTP/1 requests are taken one at a time, pipelined ones wait in `input`; of HTTP/2 each stream is
 * one. Each becomes an exchange (exchange.h), which answers through a codec (codec.h). */
#pragma once

#include "net/net.h"
#include "proxy/worker.h"

struct exchange;

enum downstream_state {
	DOWNSTREAM_OPENING = 0, /* TLS handshake, or telling TLS from plain text */
	DOWNSTREAM_GUESSING,    /* is it HTTP, and which? */
	DOWNSTREAM_HEAD,        /* idle, or a request's head is arriving */
	DOWNSTREAM_BODY,        /* its body is */
	DOWNSTREAM_WAITING,     /* it is complete; the answer is not */
	DOWNSTREAM_DRAINING, /* it was answered early: the rest of its body is read and dropped */
	DOWNSTREAM_HTTP2,    /* its streams have states of their own */
	DOWNSTREAM_RAW,      /* all bytes are passed on unread */
	DOWNSTREAM_CLOSING,
};

struct downstream {
	struct list link_in_worker;
	struct worker *worker;
	struct listener *listener;
	struct link link;
	enum downstream_state state;
	bool is_paused;        /* the exchange cannot take more of the body now */
	bool is_heard;         /* its first bytes have arrived */
	bool is_opaque;        /* TLS of others, or what only looks like TLS: never HTTP */
	bool has_proxy_header; /* PROXY protocol was read */
	bool keep_alive;       /* after the current exchange */
	bool body_to_chunks;   /* the answer's body is being chunked */
	size_t drained_bytes;
	bool peer_is_done;         /* it will send nothing more; it may still read */
	struct timer timer;        /* set for `deadline_ns` or earlier */
	uint64_t deadline_ns;      /* of the head, or of idleness; 0: none */
	struct http2 *http2;       /* NULL: HTTP/1, and what follows is used */
	struct exchange *exchange; /* the one request in progress */
	struct input input;
	struct http1_parser parser;
	struct http1_body body; /* of the request */
	struct deferred resume; /* goes on with what is in `input`; HTTP/2: writes */
	struct deferred release;
	uint64_t accepted_ns, requests;

	struct address peer_address, local_address; /* of the socket */
	struct address client_address;              /* the peer's, or what a PROXY header says */
	char peer_ip[INET6_ADDRSTRLEN];             /* of client_address */
	char *peer_id;     /* SPIFFE ID, verified; NULL without mutual TLS; owned */
	char *server_name; /* SNI; NULL: none; owned */
	char *client_cert; /* client_cert.h; NULL: none, or of the mesh and not asked for yet; owned
			    */
	unsigned char peer_fingerprint[32]; /* SHA-256 of the peer's leaf; with peer_id */
	struct {
		enum verify_reason reason; /* VERIFY_UNCHECKED: no certificate was looked at */
		uint64_t took_ns;
	} verified;
	uint64_t checked_by; /* gateways: what its certificate was checked by; 0: it showed none */
	struct credential *peer_credential; /* of a verified certificate; NULL: none; owned */
};

void downstream_accept(struct listener *listener, int fd, const struct address *peer);
void downstream_close(struct downstream *downstream);
/* Lets it finish what it does, then closes: at a drain, or when its listener is gone. `politely`:
 * idle, it may bring one more request first (a client may be sending it just now). */
void downstream_retire(struct downstream *downstream, bool politely);

/* By today's plan it would be let in as it is. */
bool downstream_still_fits(const struct downstream *downstream);

struct downstream *downstream_of_link(struct link *link);
/* What its listener is to do by the worker's current plan. */
const struct listener_plan *downstream_listener_plan(const struct downstream *downstream);
void downstream_set_peer(struct downstream *downstream, struct text id);
void downstream_set_credential(struct downstream *downstream, const struct credential *credential);
void downstream_set_server_name(struct downstream *downstream, struct text name);
void downstream_set_client(struct downstream *downstream, const struct address *client);

/* ---- downstream_open.c: how it begins ---- */

/* Its server may want to speak first. */
bool downstream_may_be_silent(const struct downstream *downstream);
uint64_t downstream_first_deadline(const struct downstream *downstream);
enum link_opening downstream_on_first(struct link *link, struct link_first *first);
void downstream_on_open(struct link *link);
void downstream_guess(struct downstream *downstream);
void downstream_guess_over(struct downstream *downstream); /* it has to do with what there is */

/* Closes it at `deadline_ns` unless this is called again; 0: never. Cheap. */
void downstream_set_deadline(struct downstream *downstream, uint64_t deadline_ns);

/* ---- raw bytes: one exchange for as long as the connection lasts ---- */

void server_raw_start(struct downstream *downstream);
void server_raw_on_input(struct downstream *downstream);
/* Others may be let in now than when it began. */
void server_raw_on_new_plan(struct downstream *downstream);
void server_raw_retire(struct downstream *downstream);

/* ---- by version of HTTP: what arrived, and for HTTP/2 what waits to be sent ---- */

void server_http1_on_input(struct downstream *downstream);
void server_http2_start(struct downstream *downstream);
void server_http2_on_input(struct downstream *downstream);
void server_http2_flush(struct downstream *downstream);
void server_http2_free_all(struct worker *worker);
