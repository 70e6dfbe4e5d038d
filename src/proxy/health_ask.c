/* SPDX-License-Identifier: Apache-2.0 */
/* health_ask.c — what an endpoint is asked, and whether its answer is a good one. */
#include "proxy/health.h"

#include "health.pb-c.h"
#include "proxy/side_request.h"
#include "proxy/worker.h"

#define ANSWER_MAX ((size_t)64 * 1024)

/* One try is one answer: thresholds say how many there are. */
static const struct retry_policy never_again;

/* ---- the question ---- */

static void ask_http(struct exchange *exchange, const struct health_settings *settings)
{
	exchange->request.method = TEXT("GET");
	exchange->target = settings->path;
}

static void ask_grpc(struct side_request *side, struct exchange *exchange,
		     const struct health_settings *settings)
{
	Health__Question question = HEALTH__QUESTION__INIT;
	AUTO_BUFFER struct buffer message = { 0 }, framed = { 0 };

	question.service = arena_strndup(&exchange->arena, settings->grpc_service.ptr,
					 settings->grpc_service.len);
	protobuf_pack(&message, &question.base);
	grpc_frame_add(&framed, buffer_text(&message));
	side->to_send = (struct text){ arena_strndup(&exchange->arena, framed.data, framed.len),
				       framed.len };
	exchange->request.method = TEXT("POST");
	exchange->request.accepts_trailers = true;
	exchange->target = TEXT("/grpc.health.v1.Health/Check");
	http_fields_add_known(&exchange->request.fields, HTTP_CONTENT_TYPE,
			      TEXT("application/grpc"));
}

void health_ask(struct side_request *side, struct worker *worker, const struct health_check *check)
{
	const struct health_settings *settings = check->settings;
	struct exchange *exchange = side_request_new(side, worker->plan);

	exchange->retry.policy = &never_again;
	exchange->is_tcp = settings->kind == HEALTH_TCP;
	exchange->request.scheme =
		check->endpoint.upstream->tls != NULL ? TEXT("https") : TEXT("http");
	exchange->request.authority = settings->authority;
	http_fields_add_known(&exchange->request.fields, HTTP_USER_AGENT,
			      TEXT("mangrove-health-check"));
	side->answer_limit = ANSWER_MAX;
	side->drops_body = settings->kind == HEALTH_HTTP;
	side->to_send = TEXT("");
	if (settings->kind == HEALTH_HTTP)
		ask_http(exchange, settings);
	else if (settings->kind == HEALTH_GRPC)
		ask_grpc(side, exchange, settings);
}

/* ---- the answer ---- */

static bool is_expected(const struct health_settings *settings, unsigned status)
{
	for (size_t i = 0; i < settings->status_count; i++)
		if (settings->statuses[i] == status)
			return true;
	return settings->status_count == 0 && status == 200;
}

static const char *judge_http(const struct side_request *side,
			      const struct health_settings *settings)
{
	struct exchange *exchange = side->exchange;
	const unsigned status = exchange->response.status;

	if (is_expected(settings, status))
		return NULL;
	return arena_printf(&exchange->arena, "it answers %u", status);
}

/* Of the call; in the trailers, or in the head where nothing follows it. */
static bool call_succeeded(const struct side_request *side)
{
	const struct http_head *head = &side->exchange->response;
	const struct http_field *status = http_fields_find_known(&head->fields, HTTP_GRPC_STATUS);

	if (head->status != 200)
		return false;
	if (status == NULL && side->trailers != NULL)
		status = http_fields_find_known(side->trailers, HTTP_GRPC_STATUS);
	return status != NULL && text_is(status->value, "0");
}

static const char *judge_grpc(const struct side_request *side)
{
	const Health__Answer *answer;
	struct text message;

	if (!call_succeeded(side) || grpc_frame_next(&side->answer, ANSWER_MAX, &message) <= 0)
		return "its grpc.health.v1 service does not answer the call";
	answer = protobuf_unpack(&side->exchange->arena, &health__answer__descriptor, message);
	if (answer == NULL || answer->status != HEALTH__ANSWER__STATUS__SERVING)
		return "its grpc.health.v1 service does not say SERVING";
	return NULL;
}

const char *health_judge(const struct side_request *side, const struct health_check *check)
{
	if (!side->has_answer)
		return side->exchange->details != NULL ? side->exchange->details : "no answer";
	if (check->settings->kind == HEALTH_HTTP)
		return judge_http(side, check->settings);
	return check->settings->kind == HEALTH_GRPC ? judge_grpc(side) : NULL;
}
