/* SPDX-License-Identifier: Apache-2.0 */
/* ca_limit.h — how much an authority issues: a bucket of tokens for each SPIFFE ID and one for all.
 *
 * A bucket fills at its rate and holds ten seconds' worth. An ID whose bucket is full again is
 * forgotten, so that memory follows those who ask now. */
#pragma once

#include "base/base.h"

struct ca_limit {
	unsigned workload_rate, total_rate;
	struct map by_id; /* struct bucket; owned */
	int64_t total_full_ns, swept_ns;
};

void ca_limit_done(struct ca_limit *limit);
/* Takes one token of each, or -EBUSY and none. */
int ca_limit_take(struct ca_limit *limit, struct text id, int64_t now_ns, struct error *err);
