/* SPDX-License-Identifier: Apache-2.0 */
/* http_route.c — one HTTP route of a VirtualService. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/virtual_service.h"

static const struct field operations_fields[] = {
	FIELD("set", FIELD_TEXT_MAP, struct header_operations, set),
	FIELD("add", FIELD_TEXT_MAP, struct header_operations, add),
	FIELD("remove", FIELD_TEXT_LIST, struct header_operations, remove,
	      .flags = FIELD_NOT_EMPTY),
};
static const struct schema operations_schema =
	SCHEMA("header operations", struct header_operations, operations_fields);

static const struct field headers_fields[] = {
	FIELD("request", FIELD_MESSAGE, struct virtual_headers, request,
	      .schema = &operations_schema),
	FIELD("response", FIELD_MESSAGE, struct virtual_headers, response,
	      .schema = &operations_schema),
};
static const struct schema virtual_headers_schema =
	SCHEMA("headers", struct virtual_headers, headers_fields);

static const struct field destination_fields[] = {
	FIELD("destination", FIELD_MESSAGE, struct http_route_destination, destination,
	      .schema = &virtual_destination_schema, .flags = FIELD_REQUIRED),
	FIELD("weight", FIELD_OPTIONAL_INT, struct http_route_destination, weight, .min = 0,
	      .max = INT32_MAX),
	FIELD("headers", FIELD_MESSAGE, struct http_route_destination, headers,
	      .schema = &virtual_headers_schema),
};
static const struct schema destination_schema =
	SCHEMA("a route's destination", struct http_route_destination, destination_fields);

static const struct field delegate_fields[] = {
	FIELD("name", FIELD_TEXT, struct virtual_delegate, name, .flags = FIELD_REQUIRED),
	FIELD("namespace", FIELD_TEXT, struct virtual_delegate, namespace),
};
static const struct schema delegate_schema =
	SCHEMA("a delegate", struct virtual_delegate, delegate_fields);

static const struct field mirror_fields[] = {
	FIELD("destination", FIELD_MESSAGE, struct http_mirror, destination,
	      .schema = &virtual_destination_schema, .flags = FIELD_REQUIRED),
	FIELD("percentage", FIELD_INLINE, struct http_mirror, percentage,
	      .schema = &percentage_schema),
};
static const struct schema mirror_schema = SCHEMA("a mirror", struct http_mirror, mirror_fields);

static int64_t total_weight(const struct http_route *route)
{
	int64_t total = 0;

	for (size_t i = 0; i < route->route.count; i++)
		total += route->route.items[i].weight.value;
	return total;
}

/* Exactly one thing to do with the request. */
static void check_action(struct decoder *decoder, const struct value *value,
			 const struct http_route *route)
{
	const int actions = (route->route.count > 0) + (route->redirect != NULL)
			    + (route->direct_response != NULL) + (route->delegate != NULL);

	if (actions == 0)
		decode_error(decoder, value->at,
			     "an HTTP route needs 'route', 'redirect', "
			     "'directResponse' or 'delegate'");
	else if (actions > 1)
		decode_error(decoder, value->at,
			     "an HTTP route does one thing: keep one of 'route', "
			     "'redirect', 'directResponse' and 'delegate'");
	if (route->route.count == 0 && (route->mirror != NULL || route->mirrors.count > 0)
	    && route->delegate == NULL)
		decode_error(decoder, value->at,
			     "only a request that is routed can be mirrored; "
			     "this one needs 'route'");
	if (route->redirect != NULL && (route->fault != NULL || route->rewrite != NULL))
		decode_error(decoder, decode_place(value, "redirect"),
			     "a redirect answers at once: 'fault' and 'rewrite' would have no "
			     "effect");
}

static void check_route(struct decoder *decoder, const struct value *value, void *message)
{
	const struct http_route *route = message;

	check_action(decoder, value, route);
	if (route->route.count > 1 && total_weight(route) == 0)
		decode_error(decoder, decode_place(value, "route"),
			     "all weights are 0: no request would find a destination");
	if (route->timeout.is_set && route->timeout.ns > 0 && route->timeout.ns < NS_PER_MS)
		decode_error(decoder, decode_place(value, "timeout"),
			     "'timeout' must be at least 1ms, or 0s for none");
}

static const struct field route_fields[] = {
	FIELD("name", FIELD_TEXT, struct http_route, name),
	FIELD("match", FIELD_MESSAGE_LIST, struct http_route, match,
	      .schema = &http_match_request_schema, .flags = FIELD_NULL_ITEMS),
	FIELD("route", FIELD_MESSAGE_LIST, struct http_route, route, .schema = &destination_schema),
	FIELD("redirect", FIELD_MESSAGE, struct http_route, redirect,
	      .schema = &http_redirect_schema),
	FIELD("directResponse", FIELD_MESSAGE, struct http_route, direct_response,
	      .schema = &http_direct_response_schema),
	FIELD("delegate", FIELD_MESSAGE, struct http_route, delegate, .schema = &delegate_schema),
	FIELD("rewrite", FIELD_MESSAGE, struct http_route, rewrite, .schema = &http_rewrite_schema),
	FIELD("timeout", FIELD_DURATION, struct http_route, timeout),
	FIELD("retries", FIELD_MESSAGE, struct http_route, retries, .schema = &http_retry_schema),
	FIELD("fault", FIELD_MESSAGE, struct http_route, fault, .schema = &http_fault_schema),
	FIELD("mirror", FIELD_MESSAGE, struct http_route, mirror,
	      .schema = &virtual_destination_schema, .group = 1),
	FIELD("mirrorPercentage", FIELD_INLINE, struct http_route, mirror_percentage,
	      .schema = &percentage_schema, .group = 2),
	FIELD("mirrorPercent", FIELD_OPTIONAL_DOUBLE, struct http_route, mirror_percentage,
	      .min = 0, .max = 100, .group = 2, .flags = FIELD_DEPRECATED,
	      .hint = "write mirrorPercentage: { value: … }"),
	FIELD("mirrors", FIELD_MESSAGE_LIST, struct http_route, mirrors, .schema = &mirror_schema,
	      .group = 1),
	FIELD("corsPolicy", FIELD_MESSAGE, struct http_route, cors_policy,
	      .schema = &cors_policy_schema),
	FIELD("headers", FIELD_MESSAGE, struct http_route, headers,
	      .schema = &virtual_headers_schema),
};
const struct schema http_route_schema =
	SCHEMA("an HTTP route", struct http_route, route_fields, .validate = check_route);
