/* SPDX-License-Identifier: Apache-2.0 */
/* cors.h — which origins' scripts may read what a route answers (https://fetch.spec.whatwg.org,
 * "CORS protocol"), as Envoy's cors filter does it. Compiled in plan_cors.c. */
#pragma once

#include "proxy/route.h"

struct exchange;

struct cors_rules {
	struct text_match *origins;
	size_t origin_count;
	struct text methods, headers, exposed; /* lists, ready to be sent; empty: not sent */
	struct text max_age;
	bool credentials;
	bool refuses_unmatched; /* preflights of other origins are answered here, not upstream */
};

/* To an answer for an allowed origin: what its scripts may see of it. */
void cors_edit_response(struct exchange *exchange);
