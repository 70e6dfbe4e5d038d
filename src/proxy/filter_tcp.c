/* SPDX-License-Identifier: Apache-2.0 */
/* filter_tcp.c — whether a connection may pass whose bytes are not looked into, and where it goes.
 *
 * Policies are asked as Istio asks them of TCP: a rule that wants something of HTTP never allows,
 * and denies whatever that was (facts 1.2). */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/request_facts.h"
#include "proxy/worker.h"

static enum filter_step authorize(struct exchange *exchange)
{
	const struct workload_policy *policy = exchange->listener->workload->policy;
	struct request_facts facts;

	if (exchange->listener->role == LISTENER_OUTBOUND)
		return FILTER_NEXT; /* policies say who may reach a workload; the other end asks */
	request_facts_gather(exchange, &facts);
	if (policy_decide(policy, &facts, &exchange->decision) == VERDICT_ALLOW)
		return FILTER_NEXT;
	exchange_cancel(exchange, FLAG_DENIED, exchange->decision.detail);
	return FILTER_ANSWERED;
}

/* STRICT where it was PERMISSIVE when the connection began. */
static bool lacks_identity(const struct downstream *downstream,
			   const struct listener_plan *listener)
{
	return listener->role == LISTENER_INBOUND && listener->mtls == MTLS_STRICT
	       && downstream->peer_id == NULL;
}

void tcp_judge_again(struct exchange *exchange, const struct listener_plan *listener)
{
	struct request_facts facts;

	if (listener->role == LISTENER_OUTBOUND)
		return;
	request_facts_gather(exchange, &facts);
	if (policy_decide(listener->workload->policy, &facts, &exchange->decision) == VERDICT_ALLOW
	    && !lacks_identity(exchange->downstream, listener)
	    && !policy_custom(listener->workload->policy, &facts).denied)
		return;
	exchange->decision.verdict = VERDICT_DENY;
	exchange_cancel(exchange, FLAG_DENIED, "policy_changed");
}

static enum filter_step route(struct exchange *exchange)
{
	const struct tcp_table *table = exchange->server->tcp;
	const struct downstream *downstream = exchange->downstream;
	const struct ip_address destination =
		ip_from_sockaddr(&downstream->local_address.any, NULL);

	exchange->route = tcp_table_find(table, text_of(downstream->server_name), destination,
					 address_port(&downstream->local_address));
	if (exchange->route != NULL)
		return FILTER_NEXT;
	exchange_cancel(exchange, FLAG_NO_ROUTE, "route_not_found");
	return FILTER_ANSWERED;
}

const struct filter authorize_tcp_filter = { .name = "authorize", .on_request = authorize };
const struct filter route_tcp_filter = { .name = "route", .on_request = route };
