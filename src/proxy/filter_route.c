/* SPDX-License-Identifier: Apache-2.0 */
/* filter_route.c — finds the route of a request. */
#include "proxy/filter.h"

static bool find_route(struct exchange *exchange)
{
	const struct route_subject subject = {
		.head = &exchange->request,
		.path = exchange->path,
		.query = exchange->query,
		.scheme = exchange->scheme,
		.token = exchange->authentication.token,
	};

	exchange->host = route_table_find(exchange->server->routes, exchange->request.authority);
	if (exchange->host != NULL)
		exchange->route = virtual_host_route(exchange->host, &subject, &exchange->matched);
	return exchange->route != NULL;
}

static enum filter_step on_request(struct exchange *exchange)
{
	if (find_route(exchange))
		return FILTER_NEXT;
	exchange_answer_with_fields(exchange, 404, TEXT(""), FLAG_NO_ROUTE, "route_not_found");
	return FILTER_ANSWERED;
}

const struct filter route_filter = { .name = "route", .on_request = on_request };
