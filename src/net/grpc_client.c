/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_client.h"

#include "net/grpc_pump.h"

#include <errno.h>

struct grpc_client {
	struct loop *loop;
	struct grpc_pump pump;
	struct slab_pool pool;
	struct list requests; /* their owners' */
	void (*on_closed)(void *owner, const struct error *err);
	void *owner;
	struct deferred failure; /* on_closed is due, with: */
	struct error error;
};

static void end_request(struct grpc_request *request, enum grpc_status status, struct text message)
{
	AUTO_BUFFER struct buffer text = { 0 };

	buffer_add(&text, message.ptr, message.len); /* the request may go inside its on_end */
	list_remove(&request->place);
	buffer_done(&request->in);
	buffer_done(&request->out);
	buffer_done(&request->status_message);
	request->on_end(request, status, buffer_text(&text));
}

static void report_failure(struct deferred *deferred)
{
	struct grpc_client *client = CONTAINER_OF(deferred, struct grpc_client, failure);
	const struct error err = client->error;

	while (!list_is_empty(&client->requests))
		end_request(LIST_ITEM(client->requests.next, struct grpc_request, place),
			    GRPC_UNAVAILABLE, text_of(err.text));
	client->on_closed(client->owner, &err);
}

static void fail(struct grpc_client *client, const struct error *err)
{
	loop_undefer(&client->pump.flush);
	link_close(&client->pump.link);
	client->error = *err;
	client->failure.run = report_failure;
	loop_defer(client->loop, &client->failure);
}

static struct grpc_request *request_of(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *context)
{
	struct grpc_request *request = request_of(session, frame->hd.stream_id);
	const struct text key = { (const char *)name, name_len };
	const struct text text = { (const char *)value, value_len };
	uint64_t number;

	(void)flags, (void)context;
	if (request == NULL)
		return 0;
	if (text_is(key, "grpc-status")) {
		request->has_status = true;
		request->status = text_parse_number(text, 16, &number) ? (enum grpc_status)number
								       : GRPC_UNKNOWN;
	} else if (text_is(key, "grpc-message")) {
		buffer_clear(&request->status_message);
		grpc_message_decode(&request->status_message, text);
	}
	return 0;
}

static void cancel(struct grpc_request *request, enum grpc_status status, const char *message)
{
	nghttp2_session *session = request->client->pump.session;

	nghttp2_session_set_stream_user_data(session, request->stream, NULL);
	nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, request->stream, NGHTTP2_CANCEL);
	grpc_pump_flush_later(&request->client->pump);
	end_request(request, status, text_of(message));
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
		   size_t len, void *context)
{
	struct grpc_request *request = request_of(session, stream);

	(void)flags, (void)context;
	if (request == NULL)
		return 0;
	buffer_add(&request->in, data, len);
	for (;;) {
		struct text message;
		const ssize_t taken =
			grpc_frame_next(&request->in, request->response_limit, &message);

		if (taken < 0)
			cancel(request, GRPC_INTERNAL,
			       "the server's message is too long or compressed");
		if (taken <= 0)
			return 0;
		request->on_message(request, message);
		mem_wipe(request->in.data, (size_t)taken); /* it may have held a private key */
		buffer_consume(&request->in, (size_t)taken);
	}
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
	struct grpc_request *request = request_of(session, stream);

	(void)context;
	if (request == NULL)
		return 0;
	if (request->has_status)
		end_request(request, request->status, buffer_text(&request->status_message));
	else
		end_request(request, GRPC_UNAVAILABLE, text_of(nghttp2_http2_strerror(code)));
	return 0;
}

static ssize_t provide(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
		       uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct grpc_request *request = source->ptr;
	const size_t now = MIN_OF(request->out.len - request->out_sent, size);

	(void)session, (void)stream, (void)context;
	memcpy(out, request->out.data + request->out_sent, now);
	request->out_sent += now;
	if (request->out_sent == request->out.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)now;
}

static nghttp2_session *make_session(struct grpc_client *client)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_client_new(&session, callbacks, client);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
	return session;
}

static struct grpc_client *client_of(struct link *link)
{
	return CONTAINER_OF(link, struct grpc_client, pump.link);
}

static void on_open(struct link *link)
{
	grpc_pump_flush_later(&client_of(link)->pump);
}

static void on_input(struct link *link)
{
	struct grpc_client *client = client_of(link);
	struct error err = { 0 };

	if (grpc_pump_input(&client->pump, &err) < 0)
		fail(client, &err);
}

static void on_failed(struct link *link, const struct error *err)
{
	fail(client_of(link), err);
}

static void on_done(struct grpc_pump *pump)
{
	struct error err = { 0 };

	error_set(&err, -ECONNRESET, "the server said goodbye");
	fail(CONTAINER_OF(pump, struct grpc_client, pump), &err);
}

static const struct link_ops client_ops = {
	.on_open = on_open,
	.on_input = on_input,
	.on_drained = on_open,
	.on_failed = on_failed,
};

int grpc_client_connect(struct loop *loop, const struct address *address,
			void (*on_closed)(void *owner, const struct error *err), void *owner,
			struct grpc_client **out, struct error *err)
{
	struct grpc_client *client = MEM_NEW(struct grpc_client);

	client->loop = loop;
	client->on_closed = on_closed;
	client->owner = owner;
	client->pump.on_done = on_done;
	client->pump.link.loop = loop;
	client->pump.link.pool = &client->pool;
	client->pump.link.ops = &client_ops;
	list_init(&client->requests);

	const int result = link_connect(&client->pump.link, address, NULL, NULL, err);

	if (result < 0) {
		mem_free(client);
		return result;
	}
	client->pump.session = make_session(client);
	*out = client;
	return 0;
}

void grpc_client_free(struct grpc_client *client)
{
	if (client == NULL)
		return;
	LIST_FOR_EACH_SAFE (&client->requests, link) {
		struct grpc_request *request = LIST_ITEM(link, struct grpc_request, place);

		list_remove(&request->place);
		buffer_done(&request->in);
		buffer_done(&request->out);
		buffer_done(&request->status_message);
	}
	loop_undefer(&client->failure);
	grpc_pump_close(&client->pump);
	slab_pool_done(&client->pool);
	mem_free(client);
}

static int32_t submit(struct grpc_client *client, struct grpc_request *request)
{
	const nghttp2_data_provider provider = { .source.ptr = request, .read_callback = provide };
	nghttp2_nv head[16] = {
		grpc_header(":method", TEXT("POST")),
		grpc_header(":scheme", TEXT("http")),
		grpc_header(":path", text_of(request->path)),
		grpc_header(":authority", TEXT("localhost")),
		grpc_header("content-type", TEXT("application/grpc")),
		grpc_header("te", TEXT("trailers")),
	};
	size_t count = 6;

	for (size_t i = 0; i < request->metadata_count && count < COUNT_OF(head); i++)
		head[count++] = grpc_header(request->metadata[i].name, request->metadata[i].value);
	return nghttp2_submit_request(client->pump.session, NULL, head, count, &provider, request);
}

void grpc_client_call(struct grpc_client *client, struct grpc_request *request, struct text message)
{
	request->client = client;
	request->has_status = false;
	request->in = request->out = request->status_message = (struct buffer){ 0 };
	request->out_sent = 0;
	grpc_frame_add(&request->out, message);
	list_append(&client->requests, &request->place);
	request->stream = submit(client, request);
	if (request->stream < 0) {
		struct error err = { 0 };

		error_set(&err, -ECONNRESET, "no more calls fit on this connection");
		fail(client, &err);
		return;
	}
	grpc_pump_flush_later(&client->pump);
}
