/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h — whether a request is tried again, when, and where.
 *
 *	plan_retry.c       what a route says, or Istio's default
 *	forward_terms.c    what the workload's own x-envoy-* fields change about it
 *	retry_policy.c     does this answer, or this failure, ask for another attempt?
 *	retry_limit.c      does the cluster have room for one more?
 *	retry.c            the attempts of one exchange: body kept, back-off, time of a try
 *
 * What was sent of a request's body is kept until the answer is passed on, up to RETRY_BODY_MAX a
 * request and RETRY_BODIES_MAX a worker; a request that sent more is not tried again. The answer's
 * head waits for the decision: of an answer that is not passed on, the client sees nothing.
 * Source: Envoy's router (retry_state_impl), Istio's pilot/pkg/networking/core/route/retry. */
#pragma once

#include "net/net.h"
#include "resource/resource.h"

#define RETRY_BODY_MAX   ((size_t)64 * 1024)
#define RETRY_BODIES_MAX ((size_t)64 * 1024 * 1024)

struct cluster_endpoint;
struct exchange;

enum upstream_failure {
	UPSTREAM_CONNECT_FAILED = 1,
	UPSTREAM_CONNECT_TIMEOUT,
	UPSTREAM_REFUSED,     /* it says that it did nothing with the request */
	UPSTREAM_STALE,       /* a kept connection was closed just as it was used again */
	UPSTREAM_RESET,       /* before the answer's head was complete */
	UPSTREAM_TRY_TIMEOUT, /* an attempt took too long */
	UPSTREAM_BAD_ANSWER,  /* what came was no valid HTTP */
	UPSTREAM_TRUNCATED,   /* the answer broke off in its body */
	UPSTREAM_OVERFLOW,    /* nobody was asked: its connectionPool allows no more now */
};

struct retry_policy {
	struct retry_on on;
	struct text header_names; /* of RETRY_ON_HEADERS; absent: none */
	unsigned retries;         /* beyond the first attempt */
	uint64_t try_timeout_ns;  /* 0: none */
	uint64_t backoff_ns; /* the first wait is shorter than this, the next than twice this */
	bool avoids_tried;   /* endpoints that were tried are avoided */
};

/* ---- retry_policy.c ---- */

extern const struct retry_policy retry_never; /* one attempt */

bool retry_wants_answer(const struct retry_policy *policy, const struct http_head *answer);
bool retry_wants_failure(const struct retry_policy *policy, enum upstream_failure why);
/* How long to wait before the nth retry, from 1; `draw` is any random number. */
uint64_t retry_backoff_ns(const struct retry_policy *policy, unsigned nth, uint64_t draw);

/* ---- retry_limit.c ---- */

void retry_limit_enter(struct exchange *exchange); /* its first attempt begins */
void retry_limit_leave(struct exchange *exchange); /* it is over */
bool retry_limit_take(struct exchange *exchange);  /* false: too many retries already */
void retry_limit_give(struct exchange *exchange);  /* what was taken, if anything */

/* ---- retry.c ---- */

struct tried_endpoint;

struct retry { /* of an exchange */
	const struct retry_policy *policy;
	unsigned count; /* retries made */
	struct tried_endpoint *tried;
	struct byte_queue body; /* what was sent of the request's body */
	bool body_is_lost;      /* more was sent than can be sent again */
	bool stale_was_replaced;
	bool is_in_progress, is_counted; /* by the cluster (retry_limit.c) */
	struct timer backoff, try_timeout;
};

void retry_init(struct exchange *exchange); /* once: the timers' functions */
/* An attempt begins with this endpoint; its time runs from now, or from the request's end. */
void retry_begin_try(struct exchange *exchange, const struct cluster_endpoint *endpoint);
void retry_request_ended(struct exchange *exchange);
bool retry_was_tried(const struct exchange *exchange, const struct cluster_endpoint *endpoint);
void retry_keep_body(struct exchange *exchange, struct text bytes);
void retry_send_body(struct exchange *exchange);
/* True: another attempt follows, and what this one brought is forgotten. */
bool retry_after_answer(struct exchange *exchange);
bool retry_after_failure(struct exchange *exchange, enum upstream_failure why);
/* There will be no other attempt. */
void retry_settle(struct exchange *exchange);
