/* SPDX-License-Identifier: Apache-2.0 */
/* mirror.h — copies of a request that are sent elsewhere, and whose answers nobody sees.
 *
 * A mirror is an exchange without a client (as side_request.h), with a head and a body of its own.
 * What its upstream cannot take at once waits in its `kept` queue; a mirror that falls behind by
 * MIRROR_BEHIND_MAX is given up, and beyond MIRRORS_MAX at a time none is begun, so that the
 * request itself never waits. A mirror outlives the request it copies, for at most MIRROR_TIME_NS;
 * it goes with it where the request is not completed. */
#pragma once

#include "proxy/exchange.h"

#define MIRROR_BEHIND_MAX ((size_t)256 * 1024)
#define MIRRORS_MAX       1024 /* of a worker */
#define MIRROR_TIME_NS    (60 * NS_PER_SEC)

struct mirror_target { /* of a route */
	struct weighted_cluster to;
	uint32_t chance; /* of CHANCE_CERTAIN */
	bool marks_host; /* "-shadow" is appended to it */
};

void mirror_begin(struct exchange *exchange); /* the request is as it will be sent */
void mirror_body(struct exchange *exchange, struct text bytes);
void mirror_end(struct exchange *exchange, const struct http_fields *trailers);
void mirror_leave(struct exchange *exchange); /* the exchange is over, completed or not */
