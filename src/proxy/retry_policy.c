/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/retry.h"

#define BACKOFF_GROWTH_MAX 10 /* the longest wait, in first ones (Envoy's default) */

const struct retry_policy retry_never;

/* In a head: that of an answer of trailers only. What stands behind a body comes too late. */
static bool wants_grpc_status(const struct retry_on *on, const struct http_fields *fields)
{
	static const struct {
		const char *status;
		enum retry_condition condition;
	} rows[] = {
		{ "1", RETRY_ON_GRPC_CANCELLED },          { "4", RETRY_ON_GRPC_DEADLINE_EXCEEDED },
		{ "8", RETRY_ON_GRPC_RESOURCE_EXHAUSTED }, { "13", RETRY_ON_GRPC_INTERNAL },
		{ "14", RETRY_ON_GRPC_UNAVAILABLE },
	};
	const struct text status = http_fields_value(fields, HTTP_GRPC_STATUS);

	for (size_t i = 0; i < COUNT_OF(rows) && status.len > 0; i++)
		if (text_is(status, rows[i].status))
			return (on->conditions & rows[i].condition) != 0;
	return false;
}

static bool has_listed_header(struct text names, const struct http_fields *fields)
{
	while (names.ptr != NULL) {
		const struct text name = text_trim(text_split(&names, ','));

		if (name.len > 0 && http_fields_find(fields, name) != NULL)
			return true;
	}
	return false;
}

static bool wants_status(const struct retry_on *on, unsigned status)
{
	if ((on->conditions & RETRY_ON_5XX) && status >= 500)
		return true;
	if ((on->conditions & RETRY_ON_GATEWAY_ERROR) && status >= 502 && status <= 504)
		return true;
	if ((on->conditions & RETRY_ON_RETRIABLE_4XX) && status == 409)
		return true;
	return (on->conditions & RETRY_ON_STATUS_CODES) && retry_on_has_status(on, status);
}

bool retry_wants_answer(const struct retry_policy *policy, const struct http_head *answer)
{
	const struct retry_on *on = &policy->on;

	/* who is overloaded is not asked again */
	if (answer->status >= 400
	    && http_fields_find(&answer->fields, TEXT("x-envoy-overloaded")) != NULL)
		return false;
	if (answer->status >= 400
	    && http_fields_find(&answer->fields, TEXT("x-envoy-ratelimited")) != NULL)
		return (on->conditions & RETRY_ON_RATELIMITED) != 0;
	return wants_status(on, answer->status) || wants_grpc_status(on, &answer->fields)
	       || ((on->conditions & RETRY_ON_HEADERS)
		   && has_listed_header(policy->header_names, &answer->fields));
}

bool retry_wants_failure(const struct retry_policy *policy, enum upstream_failure why)
{
	static const unsigned any = RETRY_ON_5XX | RETRY_ON_GATEWAY_ERROR | RETRY_ON_RESET;
	static const unsigned wanted_by[] = {
		[UPSTREAM_CONNECT_FAILED] =
			any | RETRY_ON_CONNECT_FAILURE | RETRY_ON_RESET_BEFORE_REQUEST,
		[UPSTREAM_CONNECT_TIMEOUT] =
			any | RETRY_ON_CONNECT_FAILURE | RETRY_ON_RESET_BEFORE_REQUEST,
		[UPSTREAM_REFUSED] = any | RETRY_ON_REFUSED_STREAM,
		[UPSTREAM_STALE] = any,
		[UPSTREAM_RESET] = any,
		[UPSTREAM_TRY_TIMEOUT] = any,
		[UPSTREAM_BAD_ANSWER] = any,
		[UPSTREAM_TRUNCATED] = 0,
		[UPSTREAM_OVERFLOW] = 0,
	};

	return (policy->on.conditions & wanted_by[why]) != 0;
}

uint64_t retry_backoff_ns(const struct retry_policy *policy, unsigned nth, uint64_t draw)
{
	uint64_t longest = policy->backoff_ns;

	for (unsigned i = 1; i < nth && longest < policy->backoff_ns * BACKOFF_GROWTH_MAX; i++)
		longest *= 2;
	longest = MIN_OF(longest, policy->backoff_ns * BACKOFF_GROWTH_MAX);
	return longest > 0 ? draw % longest : 0;
}
