/* SPDX-License-Identifier: Apache-2.0 */
/* filter_route.c — finds the route of a request. */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/worker.h"

/* The host asked for; where the request was on its way to another port than HTTP's own, and does
 * not say so, with that port. */
static struct text authority_of(struct exchange *exchange)
{
	const struct text written = exchange->request.authority;
	struct http_authority authority;
	uint16_t port;

	if (exchange->downstream == NULL || exchange->listener->capture == NULL)
		return written;
	port = address_port(&exchange->downstream->local_address);
	if (port == 80 || !http_authority_parse(written, &authority) || authority.port != 0)
		return written;
	return text_of(arena_printf(&exchange->arena, "%.*s:%u", TEXT_ARGS(written), port));
}

static bool find_route(struct exchange *exchange)
{
	const struct route_subject subject = {
		.head = &exchange->request,
		.path = exchange->path,
		.query = exchange->query,
		.scheme = exchange->scheme,
		.token = exchange->authentication.token,
	};

	if (exchange->host != NULL)
		exchange->route = virtual_host_route(exchange->host, &subject, &exchange->matched);
	return exchange->route != NULL;
}

static enum filter_step on_request(struct exchange *exchange)
{
	exchange->host = route_table_find(exchange->server->routes, authority_of(exchange));
	if (exchange->host != NULL && exchange->host->wants_https) {
		filter_redirect_to_https(exchange);
		return FILTER_ANSWERED;
	}
	if (find_route(exchange))
		return FILTER_NEXT;
	exchange_answer_with_fields(exchange, 404, TEXT(""), FLAG_NO_ROUTE, "route_not_found");
	return FILTER_ANSWERED;
}

const struct filter route_filter = { .name = "route", .on_request = on_request };
