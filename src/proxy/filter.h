/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h — what is done to a request before it is sent on, one short file a filter.
 *
 * A filter is a const table; all it remembers is in the exchange. They run in the order of
 * exchange.c's list, which is Istio's (facts 1.0): what a request is, who sends it, whether it may
 * pass, where it goes. The first that answers ends the walk. */
#pragma once

#include "proxy/exchange.h"

enum filter_step {
	FILTER_ANSWERED = 0, /* the exchange has its answer */
	FILTER_NEXT,
};

struct filter {
	const char *name;
	enum filter_step (*on_request)(struct exchange *exchange);
};

extern const struct filter normalize_filter; /* filter_normalize.c: one form of the path */
extern const struct filter headers_filter;   /* filter_headers.c: which fields are to be believed */
extern const struct filter
	authenticate_filter; /* filter_authenticate.c: external authorizers, tokens */
extern const struct filter authorize_filter; /* filter_authorize.c: policy_decide */
extern const struct filter route_filter;     /* filter_route.c: host, route, own answers */
