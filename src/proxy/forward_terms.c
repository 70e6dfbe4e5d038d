/* SPDX-License-Identifier: Apache-2.0 */
/* forward_terms.c — how long a request may take and how often it is tried.
 *
 * The route says it. A gRPC call's own deadline counts too, as far as the route allows; and of a
 * workload that speaks through its own proxy the x-envoy-* fields do, as with Envoy. They end here:
 * the next hop has terms of its own. */
#include "proxy/exchange.h"

#include "proxy/plan.h"

#define ORDER_MAX UINT64_C(1000000000) /* of milliseconds, and of retries, in a field */

/* ---- gRPC ---- */

bool exchange_is_grpc(const struct exchange *exchange)
{
	static const struct text prefix = { "application/grpc", 16 };
	const struct text type = http_fields_value(&exchange->request.fields, HTTP_CONTENT_TYPE);

	return text_starts_with_nocase(type, prefix)
	       && (type.len == prefix.len || strchr("+;", type.ptr[prefix.len]) != NULL);
}

/* grpc-timeout: at most eight digits and a unit. 0: none, or nothing that can be read. */
static uint64_t grpc_timeout_ns(const struct http_fields *fields)
{
	static const struct {
		char unit;
		uint64_t ns;
	} units[] = {
		{ 'H', 3600 * NS_PER_SEC }, { 'M', 60 * NS_PER_SEC }, { 'S', NS_PER_SEC },
		{ 'm', NS_PER_MS },         { 'u', NS_PER_US },       { 'n', 1 },
	};
	const struct text value = http_fields_value(fields, HTTP_GRPC_TIMEOUT);
	uint64_t number;

	if (value.len < 2 || value.len > 9
	    || !text_parse_number(text_until(value, value.len - 1), 99999999, &number))
		return 0;
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (value.ptr[value.len - 1] == units[i].unit)
			return number * units[i].ns;
	return 0;
}

/* The nearer end of the two; 0 is none. */
static uint64_t nearer(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return MIN_OF(a, b);
}

/* ---- the workload's own orders ---- */

static bool take_number(struct http_fields *fields, enum http_name name, uint64_t *out)
{
	return text_parse_number(http_fields_value(fields, name), ORDER_MAX, out);
}

static const enum http_name orders[] = {
	HTTP_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS,
	HTTP_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS,
	HTTP_X_ENVOY_MAX_RETRIES,
	HTTP_X_ENVOY_RETRY_ON,
	HTTP_X_ENVOY_RETRY_GRPC_ON,
	HTTP_X_ENVOY_RETRIABLE_STATUS_CODES,
	HTTP_X_ENVOY_RETRIABLE_HEADER_NAMES,
};

static bool has_orders(const struct http_fields *fields)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		if (http_fields_find_known(fields, orders[i]) != NULL)
			return true;
	return false;
}

static void obey_retry_orders(struct http_fields *fields, struct retry_policy *policy)
{
	uint64_t number;

	retry_on_add_list(&policy->on, http_fields_value(fields, HTTP_X_ENVOY_RETRY_ON));
	retry_on_add_list(&policy->on, http_fields_value(fields, HTTP_X_ENVOY_RETRY_GRPC_ON));
	retry_on_add_list(&policy->on,
			  http_fields_value(fields, HTTP_X_ENVOY_RETRIABLE_STATUS_CODES));
	policy->header_names = http_fields_value(fields, HTTP_X_ENVOY_RETRIABLE_HEADER_NAMES);
	if (policy->on.conditions != 0 && policy->retries == 0)
		policy->retries = 1; /* Envoy's, where conditions come without a number */
	if (policy->on.conditions != 0 && take_number(fields, HTTP_X_ENVOY_MAX_RETRIES, &number))
		policy->retries = (unsigned)number;
	if (take_number(fields, HTTP_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS, &number))
		policy->try_timeout_ns = number * NS_PER_MS;
}

static void obey_orders(struct exchange *exchange)
{
	struct http_fields *fields = &exchange->request.fields;
	struct retry_policy *policy = ARENA_NEW(&exchange->arena, struct retry_policy);
	uint64_t number;

	*policy = *exchange->retry.policy;
	obey_retry_orders(fields, policy);
	exchange->retry.policy = policy;
	if (take_number(fields, HTTP_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS, &number))
		exchange->timeout_ns = number * NS_PER_MS;
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		http_fields_remove_known(fields, orders[i]);
}

/* ---- all of it ---- */

/* The next hop is told how long an answer is waited for. */
static void tell_expected_time(struct exchange *exchange)
{
	const uint64_t expected =
		nearer(exchange->retry.policy->try_timeout_ns, exchange->timeout_ns);

	if (expected > 0)
		http_fields_set_known(
			&exchange->request.fields, HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
			text_of(arena_printf(&exchange->arena, "%llu",
					     (unsigned long long)(expected / NS_PER_MS))));
}

void exchange_set_terms(struct exchange *exchange)
{
	const struct http_fields *fields = &exchange->request.fields;

	exchange->retry.policy = exchange->route->retry;
	exchange->timeout_ns = exchange->route->timeout_ns;
	if (exchange->listener->role == LISTENER_INBOUND) {
		if (exchange_is_grpc(exchange))
			exchange->retry.policy = &retry_never;
		return;
	}
	if (exchange_is_grpc(exchange))
		exchange->timeout_ns = nearer(exchange->timeout_ns, grpc_timeout_ns(fields));
	if (exchange->listener->role == LISTENER_OUTBOUND && has_orders(fields))
		obey_orders(exchange);
	tell_expected_time(exchange);
}
