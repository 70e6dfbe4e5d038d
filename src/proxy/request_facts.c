/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/request_facts.h"

#include "proxy/downstream.h"
#include "proxy/worker.h"

static bool find_header(const void *context, struct text name, struct text *value)
{
	struct exchange *exchange = (struct exchange *)context;

	*value = http_fields_joined(&exchange->request.fields, name, &exchange->arena);
	return value->ptr != NULL;
}

void request_facts_gather(struct exchange *exchange, struct request_facts *facts)
{
	const struct downstream *downstream = exchange->downstream;

	*facts = (struct request_facts){
		.protocol = exchange->is_tcp ? REQUEST_TCP : REQUEST_HTTP,
		.peer = text_of(downstream->peer_id),
		.peer_fingerprint =
			downstream->peer_id != NULL ? downstream->peer_fingerprint : NULL,
		.destination_port = exchange->listener->port,
		.sni = text_of(downstream->server_name),
		.time_ns = exchange->start_wall_ns,
		.method = exchange->request.method,
		.host = exchange->request.authority,
		.path = exchange->path,
		.header = exchange->is_tcp ? NULL : find_header,
		.header_context = exchange,
		.token = exchange->authentication.token,
	};
	facts->source_ip = ip_from_sockaddr(&downstream->peer_address.any, NULL);
	facts->destination_ip = ip_from_sockaddr(&downstream->local_address.any, NULL);
	facts->remote_ip = exchange->is_tcp
				   ? ip_from_sockaddr(&downstream->client_address.any, NULL)
				   : exchange->client_ip;
}
