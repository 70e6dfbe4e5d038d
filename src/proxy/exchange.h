/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h — one request and its answer, on their way through the proxy.
 *
 * Of raw TCP the whole connection is one: its bytes to the upstream are the request's body, those
 * back the answer's.
 *
 *	downstream (server_http1.c)  ->  exchange_begin, _request_body, _request_end
 *	  filters (filter.h)             normalize, authenticate, authorize, route
 *	  forward.c                      picks an endpoint, gets a connection, tries again
 *	upstream (client_http1.c)    ->  exchange_response_head, _body, _end
 *	                             ->  server_codec: send_head, _body, _end
 *
 * Bodies are passed on as they come; who is slower pauses who is faster. An exchange comes from its
 * worker's free list and its memory from its own arena and the slab the head arrived in: once warm,
 * a request takes nothing from the heap. */
#pragma once

#include "net/net.h"
#include "policy/policy.h"
#include "proxy/plan.h"
#include "proxy/retry.h"
#include "proxy/route.h"
#include "proxy/trace.h"

struct check_edits;
struct downstream;
struct held_plan;
struct metric_series;
struct client_codec;
struct server_codec;
struct worker;

/* Envoy's response flags, for logs and metrics. */
enum exchange_flag {
	FLAG_NONE = 0,
	FLAG_NO_ROUTE = 1 << 0,            /* NR */
	FLAG_NO_CLUSTER = 1 << 1,          /* NC */
	FLAG_NO_HEALTHY_UPSTREAM = 1 << 2, /* UH */
	FLAG_CONNECT_FAILED = 1 << 3,      /* UF */
	FLAG_UPSTREAM_RESET = 1 << 4,      /* UC */
	FLAG_TIMEOUT = 1 << 5,             /* UT */
	FLAG_CLIENT_GONE = 1 << 6,         /* DC */
	FLAG_BAD_REQUEST = 1 << 7,         /* DPE */
	FLAG_UPSTREAM_PROTOCOL = 1 << 8,   /* UPE */
	FLAG_DENIED = 1 << 9,              /* RBAC */
	FLAG_RETRY_LIMIT = 1 << 10,        /* URX */
	FLAG_EXTERNALLY_DENIED = 1 << 11,  /* UAEX */
	FLAG_IDLE = 1 << 12,               /* SI: nothing came for too long */
	FLAG_DURATION = 1 << 13,           /* DT: it was open for too long */
	FLAG_DELAYED = 1 << 14,            /* DI: by an injected fault */
	FLAG_ABORTED = 1 << 15,            /* FI */
	FLAG_OVERFLOW = 1 << 16,           /* UO: a connectionPool allows no more */
};

#define EXCHANGE_FLAGS_MAX 64
/* All that are set, the gravest first: "UF,URX"; "-" where none is. Returns the length. */
size_t exchange_flags_text(unsigned flags, char out[EXCHANGE_FLAGS_MAX]);

struct wait_ops;

/* A filter that has to wait for something (filter.h). */
struct exchange_wait {
	const struct wait_ops *ops; /* NULL: none waits */
	void *state;                /* the filter's */
	struct timer timer;
};

struct exchange {
	struct exchange *next_free;
	struct worker *worker;
	struct downstream *downstream;
	struct held_plan *plan;
	const struct listener_plan *listener;
	const struct listener_server *server;
	struct arena arena;
	struct input head_bytes; /* where the request's head lies */

	struct http_head request;  /* as received, then as it is sent on */
	struct http_head response; /* the same for the answer */
	struct http_fields request_trailers, response_trailers;
	struct byte_queue kept; /* of the request's body: what came before it could be sent on */
	struct text target;     /* normalised path with query: what is sent on unless rewritten */
	struct text path;       /* the same without query: what is matched */
	struct text query;
	struct text scheme;
	struct text original_path, original_authority; /* for the log */
	struct text request_id;
	struct trace_span span;      /* of the trace it belongs to */
	struct ip_address client_ip; /* behind the proxies in front of us that are believed */
	struct text cors_origin;     /* whose scripts may see the answer; absent: no matter */

	const struct check_edits *answer_edits; /* an external authorizer's; NULL: none */
	struct authentication authentication;   /* by tokens; zeroed: nothing was asked */
	struct decision decision;
	const struct virtual_host *host;
	const struct route *route;
	const struct route_match *matched;
	const struct weighted_cluster *destination;
	const struct cluster_endpoint *endpoint;
	const struct upstream *via; /* how it is spoken to */
	struct text new_cookie;     /* that keeps the client at its endpoint; absent: none is set */
	const struct server_codec *server_codec; /* how the client is answered */
	void *call;                              /* the codec's: of a stream of many */
	const struct client_codec *client_codec; /* how the upstream is asked; NULL: nobody is */
	void *upstream;                          /* the codec's */
	struct list link_in_waiting;             /* for a connection, or for keys */
	unsigned attempts;
	struct retry retry;
	struct list mirrors; /* copies that are still being made of it (mirror.h) */
	uint64_t timeout_ns; /* for the whole answer, from the end of the request; 0: none */

	bool is_tcp; /* no HTTP: the request is what the client's connection says, the answer what
			the upstream's does */
	bool wants_tunnel;         /* a WebSocket: a tunnel, once the upstream has agreed */
	bool is_extended_connect;  /* it was asked for as RFC 8441 has it, and is answered so */
	bool wants_own_connection; /* that nobody else uses, before or after it */
	bool is_tunnel;            /* bytes go both ways until both ends have said their last */
	bool answer_is_over;       /* of a tunnel: the upstream has; the client has not */
	bool request_is_complete;  /* all of it was received */
	const struct http_fields *trailers_to_send; /* of the complete request; NULL: none */
	bool answer_started, answer_is_complete;
	bool answered_here;  /* the answer is our own */
	unsigned flags;      /* enum exchange_flag */
	const char *details; /* why, in Envoy's words where it has some; static */
	struct timer timeout;
	struct deferred release;
	size_t next_filter; /* where the walk over the filters goes on */
	bool is_walking;    /* it does, further up the stack */
	struct exchange_wait wait;

	uint64_t start_ns, request_end_ns, upstream_start_ns, response_start_ns;
	int64_t start_wall_ns;
	uint64_t request_bytes, response_bytes; /* of bodies */
	struct metric_series *tcp_series;       /* of a TCP connection that was let in */
};

/* ---- called by the downstream's codec ---- */

struct exchange *exchange_new(struct downstream *downstream);
/* For a request of the proxy's own: `downstream` and `listener` stay NULL. */
struct exchange *exchange_new_without_client(struct held_plan *plan);
/* A connection whose bytes are passed on unread. */
void exchange_begin_tcp(struct exchange *exchange);
/* request and head_bytes are filled in. */
void exchange_begin(struct exchange *exchange);
/* The head could not be read: answers and logs. */
void exchange_refuse(struct exchange *exchange, unsigned status, const char *reason);
void exchange_request_body(struct exchange *exchange, struct text bytes);
void exchange_request_end(struct exchange *exchange, const struct http_fields *trailers);
/* The client is gone, or broke its request: nothing can be answered any more. */
void exchange_cancel(struct exchange *exchange, enum exchange_flag why, const char *details);
/* The request turned out to be broken: what the upstream has of it must not look complete. */
void exchange_abandon_upstream(struct exchange *exchange);
void exchange_client_drained(struct exchange *exchange); /* the answer can be sent again */

/* ---- called by the upstream's codec ---- */

void exchange_upstream_ready(struct exchange *exchange); /* the connection is open */
void exchange_interim(struct exchange *exchange, const struct http_head *head);
void exchange_response_head(struct exchange *exchange); /* exchange->response is filled in */
void exchange_response_body(struct exchange *exchange, struct text bytes);
void exchange_response_end(struct exchange *exchange, const struct http_fields *trailers);
void exchange_upstream_failed(struct exchange *exchange, enum upstream_failure why,
			      const char *details);
void exchange_upstream_drained(struct exchange *exchange);

/* ---- called by filters and forward.c ---- */

/* What a filter waited for is there: the walk goes on with the next one. */
void exchange_resume(struct exchange *exchange);
void exchange_pass(struct exchange *exchange); /* filter.c: all filters let it pass */

/* exchange_answer.c: answers itself. body is plain text; static or in the arena. */
void exchange_answer(struct exchange *exchange, unsigned status, const char *body,
		     enum exchange_flag flag, const char *details);
/* The same with exchange->response's fields already added to. */
void exchange_answer_with_fields(struct exchange *exchange, unsigned status, struct text body,
				 enum exchange_flag flag, const char *details);

/* forward.c: chooses the destination; exchange_attempt sends the request there, and is called
 * again for a retry (retry.c). */
void exchange_forward(struct exchange *exchange);
void exchange_forward_to(struct exchange *exchange, const struct weighted_cluster *destination);
void exchange_attempt(struct exchange *exchange);
/* forward_terms.c: how long it may take, and how often it is tried. */
void exchange_set_terms(struct exchange *exchange);
/* exchange_grpc.c: an answer of ours to a gRPC call. False: it is none, or it is said already. */
bool exchange_say_in_grpc(struct exchange *exchange, unsigned status, struct text body);
bool exchange_is_grpc(const struct exchange *exchange);
/* header_edit.c: what the route, the destination chosen and others change about a head. */
void exchange_edit_request(struct exchange *exchange);
void exchange_edit_response(struct exchange *exchange);
/* Nothing more will happen to it: it is logged and counted, and its memory goes back at the end of
 * the round. The client has its end, or gets it now. */
void exchange_finish(struct exchange *exchange);

/* exchange_outcome.c: the endpoint answered; or it did not, and the client is told `status`. */
void exchange_note_answer(const struct exchange *exchange);
void exchange_note_failure(const struct exchange *exchange, unsigned status);

void exchange_free_all(struct worker *worker);
