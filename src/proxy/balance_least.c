/* SPDX-License-Identifier: Apache-2.0 */
/* balance_least.c — LEAST_REQUEST: of two that are drawn by weight, the one with fewer requests of
 * this worker in progress (the power of two choices). Istio's default. */
#include "proxy/balance.h"

static const struct cluster_endpoint *pick(const struct endpoint_group *group,
					   const struct choice *choice)
{
	const struct cluster_endpoint *one = balance_draw(group, choice), *other;

	if (one == NULL || group->count == 1)
		return one;
	other = balance_draw_other(group, choice, one);
	if (other == NULL || balance_is_avoided(choice, other))
		return one;
	if (balance_is_avoided(choice, one))
		return other;
	return choice->load(choice->owner, other) < choice->load(choice->owner, one) ? other : one;
}

const struct balancer balance_least_request = { .name = "LEAST_REQUEST", .pick = pick };
