/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h — what is done to a request before it is sent on, one short file a filter.
 *
 * A filter is a const table; all it remembers is in the exchange. They run in the order of
 * filter.c's list, which is Istio's (facts 1.0): what a request is, who sends it, whether it may
 * pass, where it goes. The first that answers ends the walk.
 *
 * A filter that cannot say yet calls exchange_wait and returns FILTER_WAITING. Nothing of the
 * request is read meanwhile, unless it asks for the body. Later, or before it has even returned, it
 * says exchange_resume, or calls exchange_wait_over and answers. If the client leaves first, or its
 * request turns out to be broken, it is told by `cancel` and must not touch the exchange again. */
#pragma once

#include "proxy/exchange.h"

enum filter_step {
	FILTER_ANSWERED = 0, /* the exchange has its answer */
	FILTER_NEXT,
	FILTER_WAITING, /* exchange_resume, or an answer, will come */
};

struct wait_ops {
	void (*on_timer)(struct exchange *exchange); /* NULL: exchange_wait_until is not used */
	void (*cancel)(struct exchange *exchange);   /* NULL: there is nothing to call off */
	/* More of the body lies in exchange->kept, or all of it. NULL: it is not read meanwhile.
	 * exchange_wait with other ops ends it. */
	void (*on_body)(struct exchange *exchange);
};

void exchange_wait(struct exchange *exchange, const struct wait_ops *ops, void *state);
void exchange_wait_until(struct exchange *exchange, uint64_t due_ns); /* on_timer fires then */
/* What is sent on and matched from now on: a path, already normalised, with its query. Copied. */
void exchange_set_target(struct exchange *exchange, struct text target);
/* It waits no longer; `cancel` will not be called. exchange_resume does this by itself. */
void exchange_wait_over(struct exchange *exchange);

struct filter {
	const char *name;
	enum filter_step (*on_request)(struct exchange *exchange);
};

extern const struct filter normalize_filter; /* filter_normalize.c: one form of the path */
extern const struct filter headers_filter;   /* filter_headers.c: which fields are to be believed */
extern const struct filter external_filter;  /* filter_external.c: external authorizers */
extern const struct filter authenticate_filter; /* filter_authenticate.c: tokens */
extern const struct filter authorize_filter;    /* filter_authorize.c: policy_decide */
extern const struct filter route_filter;        /* filter_route.c: which host, which route */
extern const struct filter fault_delay_filter, fault_abort_filter; /* filter_fault.c */
extern const struct filter cors_filter;    /* filter_cors.c: preflights, allowed origins */
extern const struct filter answer_filter;  /* filter_answer.c: redirects, direct responses */
extern const struct filter rewrite_filter; /* filter_rewrite.c: path and authority */

extern const struct filter authorize_tcp_filter, route_tcp_filter; /* filter_tcp.c */
/* A connection that was let in, by a plan that holds now: who may not is cut off. */
void tcp_judge_again(struct exchange *exchange, const struct listener_plan *listener);

/* filter_answer.c: to the same place, over HTTPS. */
void filter_redirect_to_https(struct exchange *exchange);
/* filter_authenticate.c: keys came that requests may have waited for. */
void filter_on_keys(struct worker *worker);

void trace_context_apply(struct exchange *exchange); /* trace_context.c, for filter_headers.c */

/* ---- for exchange.c ---- */

void filters_run(struct exchange *exchange); /* from the first one; then exchange_pass */
void filters_cancel(struct exchange *exchange);
/* True: a filter waits for the body; what there is of it is kept for later. */
bool filters_take_body(struct exchange *exchange, struct text bytes);
bool filters_take_end(struct exchange *exchange);
void filters_on_timer(struct timer *timer); /* of exchange.wait */
