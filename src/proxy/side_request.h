/* SPDX-License-Identifier: Apache-2.0 */
/* side_request.h — a request of the proxy's own: to an external authorizer, or to an endpoint
 * whether it is well.
 *
 * It is an exchange without a client: it uses the same clusters, pools, identities and codecs, and
 * its answer is collected here, up to a limit. Of raw TCP (exchange->is_tcp) the answer is that the
 * connection opened, and nothing is sent. It is neither logged nor counted as traffic. On the
 * worker's thread; it must be over, or cancelled, before its owner goes. */
#pragma once

#include "proxy/exchange.h"

struct side_request {
	/* Of it, `response` is valid during done, where has_answer. NULL: none is under way. */
	struct exchange *exchange;
	/* Called once, perhaps before side_request_send returns. */
	void (*done)(struct side_request *side);
	struct text to_send;          /* the request's body; borrowed */
	struct buffer answer;         /* the body of the answer; emptied after done */
	size_t answer_limit;          /* a longer one is none */
	bool drops_body;              /* of the answer, however long */
	bool has_answer;              /* the whole of it came from the upstream */
	struct http_fields *trailers; /* of the answer, during done */
	bool was_sent;
};

/* An exchange by this plan whose request is to be filled in: method, scheme, authority, fields,
 * and in `target` the path. Texts must live until it is done. */
struct exchange *side_request_new(struct side_request *side, struct held_plan *plan);
void side_request_send(struct side_request *side, const struct weighted_cluster *to,
		       uint64_t timeout_ns);
void side_request_cancel(struct side_request *side); /* done is not called; NULL exchange is fine */
