/* SPDX-License-Identifier: Apache-2.0 */
/* plan_retry.c — the retries of a route (facts 1.4; istio:pilot/pkg/networking/core/route/retry).
 */
#include "proxy/plan_parts.h"

#define RETRIES_DEFAULT 2
#define BACKOFF_DEFAULT (25 * NS_PER_MS)

static const struct retry_policy by_default = {
	.on = { .conditions = RETRY_ON_CONNECT_FAILURE | RETRY_ON_REFUSED_STREAM
			      | RETRY_ON_GRPC_UNAVAILABLE | RETRY_ON_GRPC_CANCELLED
			      | RETRY_ON_STATUS_CODES },
	.retries = RETRIES_DEFAULT,
	.backoff_ns = BACKOFF_DEFAULT,
	.avoids_tried = true,
};

/* Towards the application: only what cannot have reached it (and never gRPC: forward_terms.c). */
static const struct retry_policy inbound = {
	.on = { .conditions = RETRY_ON_RESET_BEFORE_REQUEST },
	.retries = RETRIES_DEFAULT,
	.backoff_ns = BACKOFF_DEFAULT,
};

const struct retry_policy *plan_inbound_retry(void)
{
	return &inbound;
}

const struct retry_policy *plan_retry(struct plan_build *build, const struct http_retry *from)
{
	struct retry_policy *policy;

	if (from == NULL)
		from = build->mesh->default_http_retry_policy;
	if (from == NULL)
		return &by_default;
	if (from->attempts == 0)
		return &retry_never;
	policy = ARENA_NEW(&build->plan->arena, struct retry_policy);
	*policy = by_default;
	policy->retries = (unsigned)from->attempts;
	if (from->retry_remote_localities.is_set && from->retry_remote_localities.value)
		plan_warn(build, from->at,
			  "'retryRemoteLocalities' is not acted on: a retry goes to any endpoint "
			  "that "
			  "was not tried, nearer ones first");
	if (from->retry_on.len > 0) {
		policy->on = (struct retry_on){ 0 };
		retry_on_add_list(&policy->on, from->retry_on);
	}
	if (from->per_try_timeout.is_set)
		policy->try_timeout_ns = from->per_try_timeout.ns;
	if (from->backoff.is_set)
		policy->backoff_ns = from->backoff.ns;
	if (from->retry_ignore_previous_hosts.is_set)
		policy->avoids_tried = from->retry_ignore_previous_hosts.value;
	return policy;
}
