/* SPDX-License-Identifier: Apache-2.0 */
/* retry_on.h — on what a request is tried again, in the words of Envoy and Istio: in a
 * VirtualService's retries.retryOn, and in x-envoy-retry-on of a request. */
#pragma once

#include "base/base.h"

enum retry_condition {
	RETRY_ON_5XX = 1 << 0,
	RETRY_ON_GATEWAY_ERROR = 1 << 1,
	RETRY_ON_RESET = 1 << 2,
	RETRY_ON_RESET_BEFORE_REQUEST = 1 << 3, /* nothing of the request had been sent */
	RETRY_ON_CONNECT_FAILURE = 1 << 4,
	RETRY_ON_REFUSED_STREAM = 1 << 5,
	RETRY_ON_RETRIABLE_4XX = 1 << 6, /* 409 */
	RETRY_ON_RATELIMITED = 1 << 7,   /* the answer has x-envoy-ratelimited */
	RETRY_ON_STATUS_CODES = 1 << 8,  /* those of struct retry_on */
	RETRY_ON_HEADERS = 1 << 9, /* those that the request's x-envoy-retriable-header-names has */
	RETRY_ON_HTTP3_FAILURE = 1 << 10, /* never happens: HTTP/3 is not spoken */
	RETRY_ON_GRPC_CANCELLED = 1 << 11,
	RETRY_ON_GRPC_DEADLINE_EXCEEDED = 1 << 12,
	RETRY_ON_GRPC_INTERNAL = 1 << 13,
	RETRY_ON_GRPC_RESOURCE_EXHAUSTED = 1 << 14,
	RETRY_ON_GRPC_UNAVAILABLE = 1 << 15,
};

struct retry_on {
	unsigned conditions;  /* enum retry_condition */
	uint64_t statuses[8]; /* a bit for each, from 100 on */
};

/* One word, or a status code, which brings RETRY_ON_STATUS_CODES with it. False: no such thing. */
bool retry_on_add(struct retry_on *on, struct text word);
void retry_on_add_status(struct retry_on *on, unsigned status); /* 100 to 599 */
bool retry_on_has_status(const struct retry_on *on, unsigned status);
/* All of a list with commas; what is unknown is passed over, and the first of it returned. */
struct text retry_on_add_list(struct retry_on *on, struct text list);
const char *retry_on_closest(struct text word); /* "did you mean"; NULL: nothing is near */
