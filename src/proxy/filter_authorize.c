/* SPDX-License-Identifier: Apache-2.0 */
/* filter_authorize.c — asks the policy whether this request may pass. */
#include "proxy/filter.h"

#include "proxy/request_facts.h"

static enum filter_step on_request(struct exchange *exchange)
{
	struct request_facts facts;

	if (exchange->listener->role == LISTENER_OUTBOUND)
		return FILTER_NEXT; /* policies say who may reach a workload; the other end asks */
	request_facts_gather(exchange, &facts);
	if (policy_decide(exchange->listener->workload->policy, &facts, &exchange->decision)
	    == VERDICT_ALLOW)
		return FILTER_NEXT;
	exchange_answer(exchange, exchange->decision.status, DENIED_BODY, FLAG_DENIED,
			exchange->decision.detail);
	return FILTER_ANSWERED;
}

const struct filter authorize_filter = { .name = "authorize", .on_request = on_request };
