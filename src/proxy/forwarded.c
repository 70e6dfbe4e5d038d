/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forwarded.h"

#include "proxy/client_cert.h"
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/worker.h"

/* ---- the client's address ---- */

/* The nth address from the right of X-Forwarded-For, counted from 1. */
static bool nth_from_right(struct text list, unsigned nth, struct ip_address *out)
{
	struct text item = { NULL, 0 };

	for (; nth > 0 && list.ptr != NULL; nth--) {
		const size_t comma = text_find_last_char(list, ',');

		item = comma == TEXT_NONE ? list : text_from(list, comma + 1);
		list = comma == TEXT_NONE ? (struct text){ NULL, 0 } : text_until(list, comma);
	}
	return nth == 0 && ip_parse(text_trim(item), out);
}

/* A sidecar's peer has written whom it serves last; a gateway believes those it is told to. */
static struct ip_address trusted_client(const struct exchange *exchange, struct text forwarded)
{
	const bool is_gateway = exchange->listener->role == LISTENER_GATEWAY;
	const unsigned hops = is_gateway ? exchange->plan->plan->trusted_proxies : 1;
	struct ip_address client;

	if (hops > 0 && nth_from_right(forwarded, hops, &client))
		return client;
	return ip_from_sockaddr(&exchange->downstream->client_address.any, NULL);
}

/* Envoy's idea of an address inside: RFC 1918, loopback, unique local. */
static bool is_private(struct ip_address ip)
{
	const unsigned char *v4 = ip.bytes + 12;

	if (ip.family == IP_V4)
		return v4[0] == 10 || v4[0] == 127 || (v4[0] == 172 && v4[1] >> 4 == 1)
		       || (v4[0] == 192 && v4[1] == 168);
	return ip.family == IP_NONE || (ip.bytes[0] & 0xfe) == 0xfc
	       || memcmp(ip.bytes, &in6addr_loopback, sizeof(ip.bytes)) == 0;
}

static void tell_external_address(struct exchange *exchange)
{
	char *text = arena_alloc_bytes(&exchange->arena, IP_TEXT_MAX);

	if (!is_private(exchange->client_ip))
		http_fields_set_known(&exchange->request.fields, HTTP_X_ENVOY_EXTERNAL_ADDRESS,
				      text_of(ip_format(text, exchange->client_ip)));
}

static bool is_scheme(struct text text)
{
	return text_is(text, "http") || text_is(text, "https");
}

static void tell_next_hop(struct exchange *exchange, struct text forwarded)
{
	struct http_fields *fields = &exchange->request.fields;
	const char *ip = exchange->downstream->peer_ip;
	const bool believes_proto = exchange->plan->plan->trusted_proxies > 0
				    && is_scheme(http_fields_value(fields, HTTP_X_FORWARDED_PROTO));

	if (forwarded.len > 0)
		ip = arena_printf(&exchange->arena, "%.*s,%s", TEXT_ARGS(forwarded), ip);
	http_fields_set_known(fields, HTTP_X_FORWARDED_FOR, text_of(ip));
	if (!believes_proto)
		http_fields_set_known(fields, HTTP_X_FORWARDED_PROTO, exchange->scheme);
	tell_external_address(exchange);
}

/* ---- x-forwarded-client-cert ---- */

static enum client_cert_details details_of(const struct exchange *exchange)
{
	if (exchange->listener->role == LISTENER_INBOUND)
		return CLIENT_CERT_APPEND_FORWARD;
	return exchange->plan->plan->client_cert_details;
}

static void set_client_certificate(struct exchange *exchange)
{
	struct http_fields *fields = &exchange->request.fields;
	const struct text before = http_fields_value(fields, HTTP_X_FORWARDED_CLIENT_CERT);
	const enum client_cert_details details = details_of(exchange);
	const char *proven = client_cert_text(exchange->downstream);
	const char *peer;

	if (details == CLIENT_CERT_ALWAYS_FORWARD_ONLY
	    || (details == CLIENT_CERT_FORWARD_ONLY && proven != NULL))
		return;
	if (proven == NULL || details == CLIENT_CERT_SANITIZE
	    || details == CLIENT_CERT_FORWARD_ONLY) {
		http_fields_remove_known(fields, HTTP_X_FORWARDED_CLIENT_CERT);
		return;
	}
	peer = arena_printf(&exchange->arena, "By=%s;%s", exchange->listener->workload->spiffe_id,
			    proven);
	if (before.len > 0 && details == CLIENT_CERT_APPEND_FORWARD)
		peer = arena_printf(&exchange->arena, "%.*s,%s", TEXT_ARGS(before), peer);
	http_fields_set_known(fields, HTTP_X_FORWARDED_CLIENT_CERT, text_of(peer));
}

void forwarded_apply(struct exchange *exchange)
{
	const struct text forwarded = http_fields_joined(&exchange->request.fields,
							 TEXT("x-forwarded-for"), &exchange->arena);

	exchange->client_ip = trusted_client(exchange, forwarded);
	if (exchange->listener->role == LISTENER_GATEWAY)
		tell_next_hop(exchange, forwarded);
	/* of a workload it is its own word; the other end adds who really came */
	if (exchange->listener->role != LISTENER_OUTBOUND)
		set_client_certificate(exchange);
}
