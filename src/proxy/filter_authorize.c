/* SPDX-License-Identifier: Apache-2.0 */
/* filter_authorize.c — asks the policy whether this request may pass. */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/worker.h"

static bool find_header(const void *context, struct text name, struct text *value)
{
	struct exchange *exchange = (struct exchange *)context;

	*value = http_fields_joined(&exchange->request.fields, name, &exchange->arena);
	return value->ptr != NULL;
}

/* The client as far as the next proxy can tell: at a gateway the TCP peer, behind one what the
 * gateway wrote last into X-Forwarded-For (Envoy: use_remote_address, no trusted hops). */
static void set_remote_ip(const struct exchange *exchange, struct request_facts *facts)
{
	struct text forwarded = http_fields_value(&exchange->request.fields, HTTP_X_FORWARDED_FOR);
	struct ip_address last;

	facts->remote_ip = facts->source_ip;
	if (exchange->listener->role == LISTENER_GATEWAY || forwarded.ptr == NULL)
		return;

	const size_t comma = text_find_last_char(forwarded, ',');

	if (comma != TEXT_NONE)
		forwarded = text_from(forwarded, comma + 1);
	if (ip_parse(text_trim(forwarded), &last))
		facts->remote_ip = last;
}

static void gather_facts(struct exchange *exchange, struct request_facts *facts)
{
	const struct downstream *downstream = exchange->downstream;

	*facts = (struct request_facts){
		.protocol = REQUEST_HTTP,
		.peer = text_of(downstream->peer_id),
		.peer_fingerprint =
			downstream->peer_id != NULL ? downstream->peer_fingerprint : NULL,
		.destination_port = exchange->listener->port,
		.sni = text_of(downstream->server_name),
		.time_ns = exchange->start_wall_ns,
		.method = exchange->request.method,
		.host = exchange->request.authority,
		.path = exchange->path,
		.header = find_header,
		.header_context = exchange,
	};
	facts->source_ip = ip_from_sockaddr(&downstream->peer_address.any, NULL);
	facts->destination_ip = ip_from_sockaddr(&downstream->local_address.any, NULL);
	set_remote_ip(exchange, facts);
}

static enum filter_step on_request(struct exchange *exchange)
{
	struct request_facts facts;

	if (exchange->listener->role == LISTENER_OUTBOUND)
		return FILTER_NEXT; /* policies say who may reach a workload; the other end asks */
	gather_facts(exchange, &facts);
	if (policy_decide(exchange->listener->workload->policy, &facts, &exchange->decision)
	    == VERDICT_ALLOW)
		return FILTER_NEXT;
	exchange_answer(exchange, exchange->decision.status, DENIED_BODY, FLAG_DENIED,
			exchange->decision.detail);
	return FILTER_ANSWERED;
}

const struct filter authorize_filter = { .name = "authorize", .on_request = on_request };
