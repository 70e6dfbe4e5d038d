/* SPDX-License-Identifier: Apache-2.0 */
/* outlier.h — outlierDetection: an endpoint that fails again and again is left alone for a while.
 *
 * Errors are counted in a row: any success starts anew. Reaching a threshold ejects the endpoint
 * for base x (how often in a row), at most max_ns; each interval that it then does well takes one
 * of these back. An ejection is over when its time is, without a timer: the next choice of an
 * endpoint sees it. Counted for the whole process (cluster_state.h); any worker's thread.
 * Semantics: facts 1.5; envoy: source/common/upstream/outlier_detection_impl.cc. */
#pragma once

#include "proxy/cluster.h"

struct outlier_settings { /* a threshold of 0: never */
	uint32_t in_a_row_5xx, in_a_row_gateway, in_a_row_local;
	bool splits_local; /* what never reached the server is not counted as its 5xx */
	uint64_t interval_ns, base_ns, max_ns;
	unsigned max_percent;         /* of the endpoints may be ejected at a time */
	unsigned min_healthy_percent; /* fewer: nobody is left out (0: then 503) */
	bool always_one;       /* may be ejected whatever max_percent: the old spellings' meaning */
	const uint32_t *codes; /* what counts as an error instead of 5xx; count 0: 5xx */
	size_t code_count;
};

enum outlier_event {
	OUTLIER_NONE = 0,
	OUTLIER_5XX,      /* ejected: so many 5xx in a row */
	OUTLIER_GATEWAY,  /* ejected: so many 502, 503, 504 in a row */
	OUTLIER_LOCAL,    /* ejected: so many failures to get an answer at all */
	OUTLIER_OVERFLOW, /* would be, but too many are already */
};

/* What a request to the endpoint came to. The cluster has outliers. */
enum outlier_event outlier_note_answer(const struct cluster *cluster,
				       const struct cluster_endpoint *endpoint, unsigned status,
				       uint64_t now_ns);
/* No answer: status is what the client is told, 503 or 504. */
enum outlier_event outlier_note_failure(const struct cluster *cluster,
					const struct cluster_endpoint *endpoint, unsigned status,
					uint64_t now_ns);

/* Those whose time is over are usable again. */
void outlier_release_due(const struct cluster *cluster, uint64_t now_ns);
/* A new plan has other endpoints than the one before: those that are ejected, or fail their
 * health check, are counted again. */
void outlier_recount(const struct cluster *cluster);
