/* SPDX-License-Identifier: Apache-2.0 */
/* filter_authenticate.c — who sends the request, beyond its certificate: its tokens.
 *
 * Keys are written in the resources, or fetched (key_fetch.h) and then those of the worker's newest
 * set. A token whose keys are being fetched for the first time waits for them, but not long; after
 * that, no request waits. A token of a key that is not in the set is refused, and the set fetched
 * again soon. */
#include "proxy/filter.h"

#include "proxy/downstream.h"
#include "proxy/key_fetch.h"
#include "proxy/request_facts.h"
#include "proxy/worker.h"

#define KEYS_WAIT_NS (5 * NS_PER_SEC)

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

/* ---- judging, perhaps again ---- */

struct lookup { /* of one judgement */
	struct key_set *set;
	struct fetched_keys *last; /* that was found */
	bool is_pending;           /* keys that were asked for are still to come */
};

static const struct jwks *find_keys(const void *context, const struct key_source *source)
{
	struct lookup *lookup = (struct lookup *)context;
	struct fetched_keys *keys = key_set_find(lookup->set, source);

	if (keys == NULL || keys->is_pending) {
		lookup->is_pending = true;
		return NULL;
	}
	lookup->last = keys;
	return keys->keys;
}

/* Once, until the fetch that follows. */
static void ask_for_newer(const struct exchange *exchange, struct fetched_keys *keys)
{
	if (exchange->worker->key_fetch != NULL && !atomic_exchange(&keys->wants_refresh, true))
		key_fetch_wake(exchange->worker->key_fetch);
}

/* Fills exchange->authentication. False: that cannot be said yet. */
static bool judge(struct exchange *exchange)
{
	struct authentication *authentication = &exchange->authentication;
	struct lookup lookup = { .set = exchange->worker->keys };
	struct request_facts facts;

	request_facts_gather(exchange, &facts);
	facts.token = NULL;

	const struct authentication_input input = {
		.facts = &facts,
		.query = exchange->query,
		.scheme = exchange->scheme,
		.keys = find_keys,
		.keys_context = &lookup,
		.cache = exchange->worker->tokens,
	};

	authentication_done(authentication);
	request_authenticate(exchange->listener->workload->policy, &input, authentication);
	if (authentication->passed)
		return true;
	if (authentication->status == JWT_NO_MATCHING_KEY && lookup.last != NULL)
		ask_for_newer(exchange, lookup.last);
	return !lookup.is_pending;
}

static enum filter_step conclude(struct exchange *exchange)
{
	if (!exchange->authentication.passed) {
		refuse(exchange);
		return FILTER_ANSWERED;
	}
	apply(exchange);
	return FILTER_NEXT;
}

/* ---- waiting for keys ---- */

static void stop_waiting(struct exchange *exchange)
{
	list_remove(&exchange->link_in_waiting);
}

static void end_wait(struct exchange *exchange)
{
	stop_waiting(exchange);
	exchange_wait_over(exchange);
	if (conclude(exchange) == FILTER_NEXT)
		exchange_resume(exchange);
}

static const struct wait_ops waiting_for_keys = { .on_timer = end_wait, .cancel = stop_waiting };

static void wait_on(struct exchange *exchange)
{
	list_append(&exchange->worker->waiting_for_keys, &exchange->link_in_waiting);
}

void filter_on_keys(struct worker *worker)
{
	struct list waiting; /* another may leave, or come, while one goes on */

	list_init(&waiting);
	while (!list_is_empty(&worker->waiting_for_keys)) {
		struct list *link = worker->waiting_for_keys.next;

		list_remove(link);
		list_append(&waiting, link);
	}
	while (!list_is_empty(&waiting)) {
		struct exchange *exchange =
			LIST_ITEM(waiting.next, struct exchange, link_in_waiting);

		list_remove(&exchange->link_in_waiting);
		if (judge(exchange))
			end_wait(exchange);
		else
			wait_on(exchange);
	}
}

static enum filter_step on_request(struct exchange *exchange)
{
	if (exchange->listener->role == LISTENER_OUTBOUND
	    || workload_skips_authentication(exchange->listener->workload->policy))
		return FILTER_NEXT;
	drop_spoofed(exchange);
	if (judge(exchange))
		return conclude(exchange);
	exchange_wait(exchange, &waiting_for_keys, NULL);
	exchange_wait_until(exchange, loop_now(exchange->worker->loop) + KEYS_WAIT_NS);
	wait_on(exchange);
	return FILTER_WAITING;
}

const struct filter authenticate_filter = { .name = "authenticate", .on_request = on_request };
