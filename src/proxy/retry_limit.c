/* SPDX-License-Identifier: Apache-2.0 */
/* retry_limit.c — how many retries a cluster may have at a time, in the whole process: a share of
 * its requests in progress (retryBudget), or a number (connectionPool.http.maxRetries). Else there
 * is no limit. A retry counts from the decision to make it until the next one. */
#include "proxy/retry.h"

#include "proxy/cluster_state.h"
#include "proxy/exchange.h"

#define BUDGET_PERCENT 20 /* where a retryBudget does not say (Envoy) */
#define BUDGET_LEAST   3

static struct cluster_state *state_of(const struct exchange *exchange)
{
	return exchange->destination->cluster->state;
}

static size_t budget_of(const struct exchange *exchange, const struct retry_budget *budget)
{
	const double percent = budget->percent.is_set ? budget->percent.value : BUDGET_PERCENT;
	const size_t least = budget->min_retry_concurrency.is_set
				     ? (size_t)budget->min_retry_concurrency.value
				     : BUDGET_LEAST;
	const size_t requests =
		atomic_load_explicit(&state_of(exchange)->in_progress, memory_order_relaxed);

	return MAX_OF((size_t)((double)requests * percent / 100), least);
}

/* SIZE_MAX: none. */
static size_t limit_of(const struct exchange *exchange)
{
	const struct retry_budget *budget = exchange->destination->cluster->retry_budget;

	if (budget != NULL)
		return budget_of(exchange, budget);
	if (exchange->endpoint == NULL
	    || exchange->endpoint->upstream->terms.max_retries == UNLIMITED)
		return SIZE_MAX;
	return exchange->endpoint->upstream->terms.max_retries;
}

void retry_limit_enter(struct exchange *exchange)
{
	struct retry *retry = &exchange->retry;

	if (retry->is_in_progress || exchange->destination->cluster->retry_budget == NULL)
		return;
	retry->is_in_progress = true;
	atomic_fetch_add_explicit(&state_of(exchange)->in_progress, 1, memory_order_relaxed);
}

void retry_limit_leave(struct exchange *exchange)
{
	retry_limit_give(exchange);
	if (!exchange->retry.is_in_progress)
		return;
	exchange->retry.is_in_progress = false;
	atomic_fetch_sub_explicit(&state_of(exchange)->in_progress, 1, memory_order_relaxed);
}

bool retry_limit_take(struct exchange *exchange)
{
	const size_t limit = limit_of(exchange);
	atomic_size_t *retries = &state_of(exchange)->retries;

	if (limit == SIZE_MAX)
		return true;
	if (atomic_fetch_add_explicit(retries, 1, memory_order_relaxed) >= limit) {
		atomic_fetch_sub_explicit(retries, 1, memory_order_relaxed);
		return false;
	}
	exchange->retry.is_counted = true;
	return true;
}

void retry_limit_give(struct exchange *exchange)
{
	if (!exchange->retry.is_counted)
		return;
	exchange->retry.is_counted = false;
	atomic_fetch_sub_explicit(&state_of(exchange)->retries, 1, memory_order_relaxed);
}
