/* SPDX-License-Identifier: Apache-2.0 */
/* filter_external.c — CUSTOM policies: what they match is taken to an external authorizer.
 *
 * In Istio's order (facts 1.0) it is asked before tokens are verified. The request waits; with its
 * body, where the authorizer is to see that. Whatever goes wrong denies, unless `failOpen`. TCP
 * connections are taken to those that speak gRPC; the others are not asked about them (Istio). */
#include "proxy/authorizer.h"

#include "proxy/codec.h"
#include "proxy/request_facts.h"
#include "proxy/worker.h"

static enum filter_step deny(struct exchange *exchange, const struct rule_origin *by,
			     unsigned status, const char *body, const char *details)
{
	exchange->decision = (struct decision){ .stage = STAGE_CUSTOM, .status = status, .by = by };
	exchange_answer(exchange, status, body, FLAG_EXTERNALLY_DENIED, details);
	return FILTER_ANSWERED;
}

/* ---- what the authorizer said ---- */

static void refuse(struct check *check, const struct check_answer *answer)
{
	struct exchange *client = check->client;

	client->decision = (struct decision){ .stage = STAGE_CUSTOM,
					      .status = answer->status,
					      .by = check->by };
	http_head_clear(&client->response);
	check_edits_apply(&answer->response, &client->response, &client->arena);
	if (answer->body.len > 0
	    && http_fields_find_known(&client->response.fields, HTTP_CONTENT_TYPE) == NULL)
		http_fields_add_known(&client->response.fields, HTTP_CONTENT_TYPE,
				      TEXT("text/plain"));
	exchange_answer_with_fields(client, answer->status, answer->body, FLAG_EXTERNALLY_DENIED,
				    "ext_authz_denied");
}

static void let_pass(struct check *check, const struct check_answer *answer)
{
	struct exchange *client = check->client;

	check_edits_apply(&answer->request, &client->request, &client->arena);
	check_query_apply(&answer->query, client);
	if (answer->response.count > 0) {
		struct check_edits *edits = ARENA_NEW(&client->arena, struct check_edits);

		*edits = answer->response;
		client->answer_edits = edits;
	}
	exchange_resume(client);
}

static void count(struct metrics *metrics, const struct check *check, enum check_verdict verdict)
{
	metrics->checks_allowed += verdict == CHECK_ALLOWED;
	metrics->checks_denied += verdict == CHECK_DENIED;
	metrics->checks_failed += verdict == CHECK_FAILED;
	metrics->checks_failed_open += verdict == CHECK_FAILED && check->authorizer->fail_open;
}

static void on_answer(struct side_request *side)
{
	struct check *check = CONTAINER_OF(side, struct check, side);
	struct exchange *client = check->client;
	struct check_answer answer = { .verdict = CHECK_FAILED };

	if (check->authorizer->http != NULL)
		check_http_read(check, &answer);
	else
		check_grpc_read(check, &answer);
	count(&client->worker->metrics, check, answer.verdict);
	exchange_wait_over(client);
	if (answer.verdict == CHECK_ALLOWED) {
		let_pass(check, &answer);
	} else if (answer.verdict == CHECK_DENIED && client->is_tcp) {
		deny(client, check->by, 0, "", "ext_authz_denied");
	} else if (answer.verdict == CHECK_DENIED) {
		refuse(check, &answer);
	} else if (check->authorizer->fail_open) {
		client->details = "ext_authz_failed_open";
		exchange_resume(client);
	} else {
		deny(client, check->by, check->authorizer->status_on_error, "", "ext_authz_error");
	}
}

/* ---- asking ---- */

static void call_off(struct exchange *exchange)
{
	struct check *check = exchange->wait.state;

	side_request_cancel(&check->side);
}

static const struct wait_ops asking = { .cancel = call_off };

/* What is shown of the body, in one piece. */
static struct text shown_body(const struct check *check)
{
	struct exchange *client = check->client;
	const size_t len =
		MIN_OF(client->kept.len, (size_t)check->authorizer->body->max_request_bytes);
	char *copy = arena_alloc_bytes(&client->arena, len + 1);
	size_t done = 0;

	for (const struct slab *slab = client->kept.first; slab != NULL && done < len;
	     slab = slab->next) {
		const size_t part = MIN_OF((size_t)(slab->end - slab->start), len - done);

		memcpy(copy + done, slab->data + slab->start, part);
		done += part;
	}
	return (struct text){ copy, len };
}

static void ask(struct check *check)
{
	const struct authorizer *authorizer = check->authorizer;
	struct exchange *client = check->client;

	if (authorizer->body != NULL && !client->is_tcp) {
		check->body = shown_body(check);
		check->is_partial =
			client->kept.len > check->body.len || !client->request_is_complete;
	}
	exchange_wait(client, &asking, check);
	check->side.done = on_answer;
	check->side.answer_limit = CHECK_ANSWER_MAX;
	if (authorizer->http != NULL)
		check_http_ask(check);
	else
		check_grpc_ask(check);
	side_request_send(&check->side, &authorizer->destination, authorizer->timeout_ns);
}

/* ---- with the body ---- */

static void refuse_long_body(struct check *check)
{
	exchange_wait_over(check->client);
	deny(check->client, check->by, 413, "Payload Too Large", "request_payload_too_large");
}

static void on_body(struct exchange *exchange)
{
	struct check *check = exchange->wait.state;
	const struct ext_authz_body *limits = check->authorizer->body;

	if (exchange->kept.len > limits->max_request_bytes && !limits->allow_partial_message)
		refuse_long_body(check);
	else if (exchange->request_is_complete
		 || (limits->allow_partial_message
		     && exchange->kept.len >= limits->max_request_bytes))
		ask(check);
}

static const struct wait_ops reading = { .on_body = on_body };

static enum filter_step on_request(struct exchange *exchange)
{
	const struct authorizer *authorizer = exchange->listener->workload->authorizer;
	struct request_facts facts;
	struct check *check;

	if (exchange->listener->role == LISTENER_OUTBOUND)
		return FILTER_NEXT;
	request_facts_gather(exchange, &facts);

	const struct custom_match custom =
		policy_custom(exchange->listener->workload->policy, &facts);

	if (custom.by == NULL)
		return FILTER_NEXT;
	if (custom.denied || authorizer == NULL || authorizer->is_broken)
		return deny(exchange, custom.by, 403, DENIED_BODY,
			    arena_printf(&exchange->arena,
					 "rbac_access_denied_matched_policy[%s-deny-due-to-bad-"
					 "CUSTOM-action]",
					 custom.by->id));
	check = ARENA_NEW(&exchange->arena, struct check);
	*check = (struct check){ .client = exchange, .authorizer = authorizer, .by = custom.by };
	if (authorizer->body != NULL && !exchange->is_tcp && !exchange->request_is_complete)
		exchange_wait(exchange, &reading, check);
	else
		ask(check);
	return FILTER_WAITING;
}

const struct filter external_filter = { .name = "external", .on_request = on_request };
