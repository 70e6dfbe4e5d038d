/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_answer.c — answers of our own: what a filter or a route says, and what is said where the
 * upstream failed. */
#include "proxy/exchange.h"

#include "proxy/codec.h"
#include "proxy/worker.h"

static const struct {
	unsigned status;
	const char *body;
	enum exchange_flag flag;
} failure_answers[] = {
	[UPSTREAM_CONNECT_FAILED] = { 503, "upstream connect error: connection failed",
				      FLAG_CONNECT_FAILED },
	[UPSTREAM_CONNECT_TIMEOUT] = { 503, "upstream connect error: connection timeout",
				       FLAG_CONNECT_FAILED },
	[UPSTREAM_REFUSED] = { 503, "upstream connect error: the request was refused",
			       FLAG_UPSTREAM_RESET },
	[UPSTREAM_STALE] = { 503, "upstream connect error: reset before the answer",
			     FLAG_UPSTREAM_RESET },
	[UPSTREAM_TRY_TIMEOUT] = { 504, "upstream request timeout", FLAG_TIMEOUT },
	[UPSTREAM_RESET] = { 503, "upstream connect error: reset before the answer",
			     FLAG_UPSTREAM_RESET },
	[UPSTREAM_BAD_ANSWER] = { 502, "the upstream's answer is no valid HTTP",
				  FLAG_UPSTREAM_PROTOCOL },
	[UPSTREAM_OVERFLOW] = { 503,
				"upstream connect error or disconnect/reset before headers. "
				"reset reason: overflow",
				FLAG_OVERFLOW },
	[UPSTREAM_TRUNCATED] = { 502, "the upstream's answer broke off", FLAG_UPSTREAM_RESET },
};

void exchange_upstream_failed(struct exchange *exchange, enum upstream_failure why,
			      const char *details)
{
	if (why != UPSTREAM_STALE && why != UPSTREAM_OVERFLOW)
		exchange_note_failure(exchange, why == UPSTREAM_TRY_TIMEOUT ? 504 : 503);
	if (exchange->answer_started) { /* the client must not take it for complete */
		exchange_cancel(exchange, failure_answers[why].flag, details);
		return;
	}
	if (retry_after_failure(exchange, why))
		return;
	http_head_clear(&exchange->response);
	http_fields_add_known(&exchange->response.fields, HTTP_CONTENT_TYPE, TEXT("text/plain"));
	if (why == UPSTREAM_OVERFLOW) /* tells the caller's proxy not to try again */
		http_fields_add(&exchange->response.fields, TEXT("x-envoy-overloaded"),
				TEXT("true"));
	exchange_answer_with_fields(exchange, failure_answers[why].status,
				    text_of(failure_answers[why].body), failure_answers[why].flag,
				    details);
}

void exchange_answer_with_fields(struct exchange *exchange, unsigned status, struct text body,
				 enum exchange_flag flag, const char *details)
{
	struct http_head *response = &exchange->response;

	if (exchange->is_tcp) { /* nothing can be said to who speaks no HTTP */
		exchange_cancel(exchange, flag, details);
		return;
	}
	if (exchange_say_in_grpc(exchange, status, body)) {
		status = 200;
		body = TEXT("");
	}
	exchange->flags |= flag;
	exchange->details = details;
	exchange->answered_here = true;
	exchange->answer_started = true;
	exchange->response_start_ns = loop_now(exchange->worker->loop);
	response->version = HTTP_VERSION_1_1;
	response->status = status;
	response->framing = HTTP_BODY_LENGTH;
	response->content_length = body.len;
	exchange_edit_response(exchange);
	if (body.len > 0 && http_fields_find_known(&response->fields, HTTP_CONTENT_TYPE) == NULL)
		http_fields_add_known(&response->fields, HTTP_CONTENT_TYPE, TEXT("text/plain"));
	exchange->server_codec->send_head(exchange, response);
	exchange->response_bytes = body.len;
	exchange->server_codec->send_body(exchange, body);
	exchange_finish(exchange);
	exchange->server_codec->send_end(exchange, NULL);
}

void exchange_answer(struct exchange *exchange, unsigned status, const char *body,
		     enum exchange_flag flag, const char *details)
{
	http_head_clear(&exchange->response);
	exchange_answer_with_fields(exchange, status, text_of(body), flag, details);
}
