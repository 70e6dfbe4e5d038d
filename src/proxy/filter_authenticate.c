/* SPDX-License-Identifier: Apache-2.0 */
/* filter_authenticate.c — who sends the request, beyond its certificate: its tokens.
 *
 * Keys are those written in the resources; a provider whose keys have to be fetched has none, so
 * that its tokens are refused. */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/request_facts.h"

static void drop_spoofed(struct exchange *exchange)
{
	size_t count = 0;
	const char *const *names =
		workload_spoofable_headers(exchange->listener->workload->policy, &count);

	for (size_t i = 0; i < count; i++)
		http_fields_remove(&exchange->request.fields, text_of(names[i]));
}

/* Without the parameters of these names; the rest stays as it is written. */
static void drop_parameters(struct exchange *exchange)
{
	const struct authentication *from = &exchange->authentication;
	struct text rest = exchange->query;
	AUTO_BUFFER struct buffer target = { 0 };
	char separator = '?';

	buffer_add(&target, exchange->path.ptr, exchange->path.len);
	while (rest.ptr != NULL) {
		const struct text parameter = text_split(&rest, '&');
		struct text value = parameter;
		const struct text name = text_split(&value, '=');
		bool is_spent = false;

		for (size_t i = 0; i < from->query_removal_count; i++)
			is_spent |= text_is(name, from->query_removals[i]);
		if (is_spent)
			continue;
		buffer_add_char(&target, separator);
		buffer_add(&target, parameter.ptr, parameter.len);
		separator = '&';
	}
	exchange_set_target(exchange, buffer_text(&target));
}

static void apply(struct exchange *exchange)
{
	const struct authentication *from = &exchange->authentication;
	struct http_fields *fields = &exchange->request.fields;

	for (size_t i = 0; i < from->change_count; i++) {
		const struct header_change *change = &from->changes[i];

		if (change->value.ptr == NULL)
			http_fields_remove(fields, text_of(change->name));
		else
			http_fields_set(fields, text_of(change->name), change->value);
	}
	if (from->query_removal_count > 0)
		drop_parameters(exchange);
}

static void refuse(struct exchange *exchange)
{
	const struct authentication *why = &exchange->authentication;

	exchange->decision = (struct decision){ .stage = STAGE_REQUEST_AUTHENTICATION,
						.status = why->http_status };
	http_head_clear(&exchange->response);
	http_fields_add_known(&exchange->response.fields, HTTP_CONTENT_TYPE, TEXT("text/plain"));
	if (why->www_authenticate != NULL)
		http_fields_add_known(&exchange->response.fields, HTTP_WWW_AUTHENTICATE,
				      text_of(why->www_authenticate));
	exchange_answer_with_fields(exchange, why->http_status, text_of(why->body), FLAG_DENIED,
				    "jwt_authn_access_denied");
}

static enum filter_step on_request(struct exchange *exchange)
{
	const struct workload_policy *policy = exchange->listener->workload->policy;
	struct request_facts facts;

	if (exchange->listener->role == LISTENER_OUTBOUND || workload_skips_authentication(policy))
		return FILTER_NEXT;
	request_facts_gather(exchange, &facts);

	const struct authentication_input input = {
		.facts = &facts,
		.query = exchange->query,
		.scheme = exchange->scheme,
	};

	drop_spoofed(exchange);
	request_authenticate(policy, &input, &exchange->authentication);
	if (!exchange->authentication.passed) {
		refuse(exchange);
		return FILTER_ANSWERED;
	}
	apply(exchange);
	return FILTER_NEXT;
}

const struct filter authenticate_filter = { .name = "authenticate", .on_request = on_request };
