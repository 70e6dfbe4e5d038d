/* SPDX-License-Identifier: Apache-2.0 */
/* filter_cors.c — answers preflights, and notes which origin may see the answer to come. */
#include "proxy/cors.h"
#include "proxy/filter.h"

#include "proxy/route_match.h"

/* "*" as an allowed origin stands for all: a condition that holds for it holds for any. */
static bool allows(const struct cors_rules *cors, struct text origin)
{
	for (size_t i = 0; i < cors->origin_count; i++)
		if (text_match_holds(&cors->origins[i], origin)
		    || text_match_holds(&cors->origins[i], TEXT("*")))
			return true;
	return false;
}

static bool is_preflight(const struct http_head *request)
{
	return http_head_is_options(request)
	       && http_fields_value(&request->fields, HTTP_ACCESS_CONTROL_REQUEST_METHOD).len > 0;
}

static void set_unless_empty(struct exchange *exchange, enum http_name name, struct text value)
{
	if (value.len > 0)
		http_fields_set_known(&exchange->response.fields, name, value);
}

void cors_edit_response(struct exchange *exchange)
{
	const struct cors_rules *cors = exchange->route->cors;

	set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_ORIGIN, exchange->cors_origin);
	set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_CREDENTIALS,
			 cors->credentials ? TEXT("true") : TEXT(""));
	set_unless_empty(exchange, HTTP_ACCESS_CONTROL_EXPOSE_HEADERS, cors->exposed);
}

/* The answer to a preflight is not for scripts: nothing of it is exposed. */
static void answer_preflight(struct exchange *exchange, struct text origin)
{
	const struct cors_rules *cors = exchange->route->cors;

	if (origin.len > 0) {
		set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
		set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_CREDENTIALS,
				 cors->credentials ? TEXT("true") : TEXT(""));
		set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_METHODS, cors->methods);
		set_unless_empty(exchange, HTTP_ACCESS_CONTROL_ALLOW_HEADERS, cors->headers);
		set_unless_empty(exchange, HTTP_ACCESS_CONTROL_MAX_AGE, cors->max_age);
	}
	exchange_answer_with_fields(exchange, 200, TEXT(""), FLAG_NONE, "cors_response");
}

static enum filter_step on_request(struct exchange *exchange)
{
	const struct cors_rules *cors = exchange->route->cors;
	const struct text origin = http_fields_value(&exchange->request.fields, HTTP_ORIGIN);

	if (cors == NULL || origin.len == 0)
		return FILTER_NEXT;
	if (!allows(cors, origin)) {
		if (!is_preflight(&exchange->request) || !cors->refuses_unmatched)
			return FILTER_NEXT;
		answer_preflight(exchange, TEXT(""));
		return FILTER_ANSWERED;
	}
	if (is_preflight(&exchange->request)) {
		answer_preflight(exchange, origin);
		return FILTER_ANSWERED;
	}
	exchange->cors_origin = origin;
	return FILTER_NEXT;
}

const struct filter cors_filter = { .name = "cors", .on_request = on_request };
