/* SPDX-License-Identifier: Apache-2.0 */
/* http2_budget.h — so many at once, so many a second: what a peer may cost us before it must go. */
#pragma once

#include "base/base.h"

struct http2_budget {
	uint64_t cost_ns;   /* of one: the time in which one more is earned */
	uint64_t credit_ns; /* never more than the burst costs */
	uint64_t most_ns;
	uint64_t last_ns;
};

static inline struct http2_budget http2_budget_of(uint32_t burst, uint32_t per_second)
{
	const uint64_t cost_ns = NS_PER_SEC / per_second;

	return (struct http2_budget){ .cost_ns = cost_ns,
				      .credit_ns = cost_ns * burst,
				      .most_ns = cost_ns * burst };
}

static inline bool http2_budget_pay(struct http2_budget *budget, uint64_t now_ns)
{
	if (now_ns > budget->last_ns) {
		const uint64_t earned_ns = now_ns - budget->last_ns;
		const uint64_t missing_ns = budget->most_ns - budget->credit_ns;

		budget->credit_ns += MIN_OF(earned_ns, missing_ns);
		budget->last_ns = now_ns;
	}
	if (budget->credit_ns < budget->cost_ns)
		return false;
	budget->credit_ns -= budget->cost_ns;
	return true;
}
