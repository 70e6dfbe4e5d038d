/* SPDX-License-Identifier: Apache-2.0 */
/* filter_tcp.c — whether a connection may pass whose bytes are not looked into, and where it goes.
 *
 * Policies are asked as Istio asks them of TCP: a rule that wants something of HTTP never allows,
 * and denies whatever that was (facts 1.2). */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/request_facts.h"
#include "proxy/worker.h"

/* An external authorizer that speaks HTTP is not asked about TCP, as in Istio; any other must be,
 * and who cannot be asked has not said yes. */
static bool skips_tcp(const struct exchange *exchange, const char *provider)
{
	const struct mesh_config *mesh = resource_set_mesh_config(exchange->plan->plan->resources);

	for (size_t i = 0; provider != NULL && i < mesh->extension_providers.count; i++)
		if (text_is(mesh->extension_providers.items[i].name, provider))
			return mesh->extension_providers.items[i].envoy_ext_authz_http != NULL;
	return false;
}

static bool is_denied_by_custom(const struct exchange *exchange,
				const struct workload_policy *policy,
				const struct request_facts *facts)
{
	const struct custom_match custom = policy_custom(policy, facts);

	if (custom.by == NULL && custom.provider == NULL && !custom.denied)
		return false;
	return custom.denied || !skips_tcp(exchange, custom.provider);
}

static enum filter_step authorize(struct exchange *exchange)
{
	const struct workload_policy *policy = exchange->listener->workload->policy;
	struct request_facts facts;

	if (exchange->listener->role == LISTENER_OUTBOUND)
		return FILTER_NEXT; /* policies say who may reach a workload; the other end asks */
	request_facts_gather(exchange, &facts);
	if (is_denied_by_custom(exchange, policy, &facts)) {
		exchange->decision = (struct decision){ .stage = STAGE_CUSTOM };
		exchange_cancel(exchange, FLAG_DENIED, "ext_authz_not_available");
		return FILTER_ANSWERED;
	}
	if (policy_decide(policy, &facts, &exchange->decision) == VERDICT_ALLOW)
		return FILTER_NEXT;
	exchange_cancel(exchange, FLAG_DENIED, exchange->decision.detail);
	return FILTER_ANSWERED;
}

static enum filter_step route(struct exchange *exchange)
{
	const struct tcp_table *table = exchange->server->tcp;
	const struct downstream *downstream = exchange->downstream;
	const struct ip_address destination =
		ip_from_sockaddr(&downstream->local_address.any, NULL);

	exchange->route = tcp_table_find(table, text_of(downstream->server_name), destination);
	if (exchange->route != NULL)
		return FILTER_NEXT;
	exchange_cancel(exchange, FLAG_NO_ROUTE, "route_not_found");
	return FILTER_ANSWERED;
}

const struct filter authorize_tcp_filter = { .name = "authorize", .on_request = authorize };
const struct filter route_tcp_filter = { .name = "route", .on_request = route };
