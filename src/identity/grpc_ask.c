/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/grpc_ask.h"

#include <errno.h>

#define PATIENCE_NS  (10 * NS_PER_SEC)
#define RESPONSE_MAX (4 << 20)

struct question {
	struct grpc_request request;
	struct loop *loop;
	struct timer patience;
	struct buffer *answer;
	bool has_answer;
	struct error err;
};

static void on_message(struct grpc_request *request, struct text message)
{
	struct question *question = CONTAINER_OF(request, struct question, request);

	if (!question->has_answer)
		buffer_add(question->answer, message.ptr, message.len);
	question->has_answer = true;
	loop_stop(question->loop); /* a stream would go on */
}

static void on_end(struct grpc_request *request, enum grpc_status status, struct text message)
{
	struct question *question = CONTAINER_OF(request, struct question, request);

	if (status != GRPC_OK && !question->has_answer)
		error_set(&question->err,
			  status == GRPC_PERMISSION_DENIED ? -EACCES
			  : status == GRPC_UNAVAILABLE     ? -ECONNREFUSED
							   : -EINVAL,
			  "%.*s", TEXT_ARGS(message));
	loop_stop(question->loop);
}

static void on_closed(void *owner, const struct error *err)
{
	struct question *question = owner;

	if (question->err.code == 0 && !question->has_answer)
		question->err = *err;
	loop_stop(question->loop);
}

static void give_up(struct timer *timer)
{
	struct question *question = CONTAINER_OF(timer, struct question, patience);

	error_set(&question->err, -ETIMEDOUT, "no answer comes");
	loop_stop(question->loop);
}

static int ask(struct question *question, const struct address *address, struct text request,
	       struct error *err)
{
	struct grpc_client *client = NULL;
	const int result =
		grpc_client_connect(question->loop, address, on_closed, question, &client, err);

	if (result < 0)
		return result;
	timer_set(question->loop, &question->patience, clock_monotonic_ns() + PATIENCE_NS);
	grpc_client_call(client, &question->request, request);
	loop_run(question->loop);
	timer_cancel(question->loop, &question->patience);
	grpc_client_free(client);
	if (question->err.code < 0)
		return error_set(err, question->err.code, "%s", question->err.text);
	return question->has_answer ? 0 : error_set(err, -EPROTO, "the answer is empty");
}

int grpc_ask(const char *endpoint, const char *path, const struct grpc_metadata *metadata,
	     size_t metadata_count, struct text request, struct buffer *answer, struct error *err)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	struct question question = {
		.request = { .path = path,
			     .metadata = metadata,
			     .metadata_count = metadata_count,
			     .response_limit = RESPONSE_MAX,
			     .on_message = on_message,
			     .on_end = on_end },
		.loop = loop,
		.patience.fire = give_up,
		.answer = answer,
	};
	struct address address;
	const int result = address_parse(text_of(endpoint), &address, err);

	return result < 0 ? result : ask(&question, &address, request, err);
}
