/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_call.h"

#include <errno.h>

struct grpc_call *grpc_call_new(struct grpc_connection *connection, int32_t stream)
{
	struct grpc_call *call = MEM_NEW(struct grpc_call);

	call->connection = connection;
	call->stream = stream;
	list_append(&connection->calls, &call->place);
	connection->call_count++;
	return call;
}

/* What was sent may have been a private key. */
static void forget_sent(struct grpc_call *call)
{
	if (call->out.data != NULL)
		mem_wipe(call->out.data, call->out.capacity);
	buffer_done(&call->out);
	call->out_sent = 0;
}

void grpc_call_free(struct grpc_call *call)
{
	if (call->method != NULL && call->method->on_end != NULL)
		call->method->on_end(call);
	list_remove(&call->place);
	call->connection->call_count--;
	buffer_done(&call->metadata);
	buffer_done(&call->path);
	buffer_done(&call->in);
	forget_sent(call);
	buffer_done(&call->status_message);
	mem_free(call);
}

void *grpc_call_owner(const struct grpc_call *call)
{
	return grpc_server_owner(call->connection->server);
}

void grpc_call_set_data(struct grpc_call *call, void *data)
{
	call->data = data;
}

void *grpc_call_data(const struct grpc_call *call)
{
	return call->data;
}

int grpc_call_socket(const struct grpc_call *call)
{
	return call->connection->pump.link.watch.fd;
}

bool grpc_call_has_room(const struct grpc_call *call)
{
	return call->out.len == 0;
}

void grpc_call_add_metadata(struct grpc_call *call, struct text name, struct text value)
{
	if (call->metadata.len + name.len + value.len + 2 > GRPC_METADATA_MAX) {
		grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, "too much metadata");
		return;
	}
	buffer_add(&call->metadata, name.ptr, name.len);
	buffer_add_char(&call->metadata, '\0');
	buffer_add(&call->metadata, value.ptr, value.len);
	buffer_add_char(&call->metadata, '\0');
}

size_t grpc_call_metadata(const struct grpc_call *call, const char *name, struct text *value)
{
	struct text rest = buffer_text(&call->metadata);
	size_t count = 0;

	while (rest.len > 0) {
		const struct text this_name = text_split(&rest, '\0');
		const struct text this_value = text_split(&rest, '\0');

		if (!text_is(this_name, name))
			continue;
		*value = this_value;
		count++;
	}
	return count;
}

static nghttp2_session *session_of(const struct grpc_call *call)
{
	return call->connection->pump.session;
}

static size_t make_trailers(struct grpc_call *call, char digits[TEXT_NUMBER_MAX], nghttp2_nv out[2])
{
	const size_t len = text_format_number(digits, (uint64_t)call->status);

	out[0] = grpc_header("grpc-status", (struct text){ digits, len });
	if (call->status_message.len == 0)
		return 1;
	out[1] = grpc_header("grpc-message", buffer_text(&call->status_message));
	return 2;
}

static void submit_trailers(struct grpc_call *call)
{
	char digits[TEXT_NUMBER_MAX];
	nghttp2_nv trailers[2];
	const size_t count = make_trailers(call, digits, trailers);

	nghttp2_submit_trailer(session_of(call), call->stream, trailers, count);
}

/* nghttp2 asks for the next bytes of the response. */
static ssize_t provide(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
		       uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct grpc_call *call = source->ptr;
	const size_t left = call->out.len - call->out_sent;
	const size_t now = MIN_OF(left, size);

	(void)session, (void)stream, (void)context;
	if (left == 0 && !call->is_finished) {
		call->is_waiting = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (now > 0)
		memcpy(out, call->out.data + call->out_sent, now);
	call->out_sent += now;
	if (call->out_sent < call->out.len)
		return (ssize_t)now;
	forget_sent(call); /* a stream may now rest for half an hour */
	if (call->is_finished) {
		*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		submit_trailers(call);
	} else if (call->method->on_writable != NULL) {
		call->method->on_writable(call);
	}
	return (ssize_t)now;
}

static void submit_head(struct grpc_call *call)
{
	const nghttp2_nv head[] = { grpc_header(":status", TEXT("200")),
				    grpc_header("content-type", TEXT("application/grpc")) };
	const nghttp2_data_provider provider = { .source.ptr = call, .read_callback = provide };

	call->has_head = true;
	nghttp2_submit_response(session_of(call), call->stream, head, COUNT_OF(head), &provider);
}

/* Nothing was sent yet: head and trailers are one. */
static void submit_refusal(struct grpc_call *call)
{
	char digits[TEXT_NUMBER_MAX];
	nghttp2_nv head[4] = { grpc_header(":status", TEXT("200")),
			       grpc_header("content-type", TEXT("application/grpc")) };
	const size_t count = make_trailers(call, digits, head + 2);

	call->has_head = true;
	nghttp2_submit_response(session_of(call), call->stream, head, 2 + count, NULL);
}

static void resume(struct grpc_call *call)
{
	if (call->is_waiting) {
		call->is_waiting = false;
		nghttp2_session_resume_data(session_of(call), call->stream);
	}
	grpc_pump_flush_later(&call->connection->pump);
}

void grpc_call_send(struct grpc_call *call, struct text message)
{
	if (call->is_finished)
		return;
	buffer_reserve(&call->out, GRPC_PREFIX + message.len); /* no copies left by growing */
	grpc_frame_add(&call->out, message);
	if (!call->has_head)
		submit_head(call);
	resume(call);
}

void grpc_call_finish(struct grpc_call *call, enum grpc_status status, const char *message)
{
	if (call->is_finished)
		return;
	call->is_finished = true;
	call->status = status;
	grpc_message_encode(&call->status_message, text_of(message));
	if (!call->has_head)
		submit_refusal(call);
	resume(call);
}

void grpc_call_begin(struct grpc_call *call)
{
	const char *message = "";
	enum grpc_status status;

	if (call->is_finished)
		return;
	if (!call->is_post || !call->is_grpc) {
		grpc_call_finish(call, GRPC_UNIMPLEMENTED, "this is a gRPC server");
		return;
	}
	call->method = grpc_server_find(call->connection->server, buffer_text(&call->path),
					&call->service);
	if (call->method == NULL) {
		grpc_call_finish(call, GRPC_UNIMPLEMENTED, "there is no such method");
		return;
	}
	status = call->service->admit != NULL ? call->service->admit(call, &message) : GRPC_OK;
	if (status != GRPC_OK)
		grpc_call_finish(call, status, message);
}

static void deliver(struct grpc_call *call, struct text message)
{
	if (call->messages++ > 0 && !call->method->client_streams) {
		grpc_call_finish(call, GRPC_INTERNAL, "one message was expected");
		return;
	}
	call->method->on_message(call, message);
}

void grpc_call_input(struct grpc_call *call, const uint8_t *bytes, size_t len)
{
	if (call->is_finished)
		return; /* whatever still comes is of no interest */
	buffer_add(&call->in, bytes, len);
	while (!call->is_finished) {
		struct text message;
		const ssize_t taken = grpc_frame_next(&call->in, GRPC_REQUEST_MAX, &message);

		if (taken == 0)
			return;
		if (taken < 0) {
			grpc_call_finish(call,
					 taken == -EMSGSIZE ? GRPC_RESOURCE_EXHAUSTED
							    : GRPC_UNIMPLEMENTED,
					 taken == -EMSGSIZE ? "the message is too long"
							    : "compressed messages are not read");
			return;
		}
		deliver(call, message);
		buffer_consume(&call->in, (size_t)taken);
	}
}

void grpc_call_input_ended(struct grpc_call *call)
{
	if (call->messages == 0)
		grpc_call_finish(call, GRPC_INTERNAL, "the call ended before its message");
	else if (call->method != NULL && call->method->client_streams)
		grpc_call_finish(call, GRPC_OK, NULL);
}
