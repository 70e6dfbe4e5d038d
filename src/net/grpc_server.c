/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_call.h"

#include "net/socket.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CALLS_MAX       100               /* at once on a connection */
#define HELLO_NS        (10 * NS_PER_SEC) /* to begin a call */
#define GOODBYE_NS      NS_PER_SEC
#define IDLE_NS         (300 * NS_PER_SEC) /* without any call */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)  /* out of descriptors: try again then */

struct grpc_server {
	struct loop *loop;
	struct watch listener;
	struct timer accept_again;
	const struct grpc_service *const *services;
	size_t service_count;
	void *owner;
	struct list connections; /* owned */
	size_t connection_count;
	struct slab_pool pool;
	nghttp2_session_callbacks *callbacks;
	char *path; /* of a unix socket; owned */
};

const struct grpc_method *grpc_server_find(const struct grpc_server *server, struct text path,
					   const struct grpc_service **service)
{
	for (size_t i = 0; i < server->service_count; i++) {
		*service = server->services[i];
		for (size_t n = 0; n < (*service)->method_count; n++)
			if (text_is(path, (*service)->methods[n].path))
				return &(*service)->methods[n];
	}
	return NULL;
}

void *grpc_server_owner(const struct grpc_server *server)
{
	return server->owner;
}

size_t grpc_server_connections(const struct grpc_server *server)
{
	return server->connection_count;
}

static void free_connection(struct grpc_connection *connection)
{
	LIST_FOR_EACH_SAFE (&connection->calls, link)
		grpc_call_free(LIST_ITEM(link, struct grpc_call, place));
	timer_cancel(connection->server->loop, &connection->patience);
	loop_undefer(&connection->release);
	grpc_pump_close(&connection->pump);
	list_remove(&connection->place);
	connection->server->connection_count--;
	mem_free(connection);
}

static void release_connection(struct deferred *deferred)
{
	free_connection(CONTAINER_OF(deferred, struct grpc_connection, release));
}

/* From inside any callback: the memory goes at the end of the round. */
static void end_connection(struct grpc_connection *connection)
{
	loop_undefer(&connection->pump.flush);
	link_close(&connection->pump.link);
	connection->release.run = release_connection;
	loop_defer(connection->server->loop, &connection->release);
}

static void on_impatience(struct timer *timer)
{
	end_connection(CONTAINER_OF(timer, struct grpc_connection, patience));
}

static bool awaits_message(const struct grpc_connection *connection)
{
	LIST_FOR_EACH (&connection->calls, link)
		if (LIST_ITEM(link, struct grpc_call, place)->messages == 0)
			return true;
	return false;
}

/* A connection that has begun nothing, or begun a call without a word, does not stay; one that
 * streams stays as long as it likes. */
static void watch_patience(struct grpc_connection *connection)
{
	struct loop *loop = connection->server->loop;
	const uint64_t soon = loop_now(loop) + HELLO_NS;

	if (connection->call_count == 0)
		timer_set(loop, &connection->patience, loop_now(loop) + IDLE_NS);
	else if (!awaits_message(connection))
		timer_cancel(loop, &connection->patience);
	else if (!timer_is_set(&connection->patience) || connection->patience.due_ns > soon)
		timer_set(loop, &connection->patience, soon);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct grpc_connection *connection = context;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;

	struct grpc_call *call = grpc_call_new(connection, frame->hd.stream_id);

	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
	watch_patience(connection);
	return 0;
}

static struct grpc_call *call_of(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *context)
{
	struct grpc_call *call = call_of(session, frame->hd.stream_id);
	const struct text key = { (const char *)name, name_len };
	const struct text text = { (const char *)value, value_len };

	(void)flags, (void)context;
	if (call == NULL || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (text_is(key, ":path"))
		buffer_add(&call->path, value, value_len);
	else if (text_is(key, ":method"))
		call->is_post = text_is(text, "POST");
	else if (text_is(key, "content-type"))
		call->is_grpc = text_starts_with(text, TEXT("application/grpc"));
	else
		grpc_call_add_metadata(call, key, text);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct grpc_call *call = call_of(session, frame->hd.stream_id);

	(void)context;
	if (call == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		grpc_call_begin(call);
	if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
	    && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		grpc_call_input_ended(call);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
		   size_t len, void *context)
{
	struct grpc_call *call = call_of(session, stream);

	(void)flags;
	if (call == NULL)
		return 0;
	grpc_call_input(call, data, len);
	watch_patience(context);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
	struct grpc_call *call = call_of(session, stream);

	(void)code;
	if (call != NULL)
		grpc_call_free(call);
	watch_patience(context);
	return 0;
}

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *callbacks;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	return callbacks;
}

static struct grpc_connection *connection_of(struct link *link)
{
	return CONTAINER_OF(link, struct grpc_connection, pump.link);
}

static void on_open(struct link *link)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, CALLS_MAX },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_METADATA_MAX },
	};
	struct grpc_connection *connection = connection_of(link);

	nghttp2_session_server_new(&connection->pump.session, connection->server->callbacks,
				   connection);
	nghttp2_submit_settings(connection->pump.session, NGHTTP2_FLAG_NONE, settings,
				COUNT_OF(settings));
	grpc_pump_flush_later(&connection->pump);
}

static void on_input(struct link *link)
{
	struct grpc_connection *connection = connection_of(link);

	if (grpc_pump_input(&connection->pump, NULL) < 0)
		end_connection(connection);
}

static void on_drained(struct link *link)
{
	grpc_pump_flush_later(&connection_of(link)->pump);
}

static void on_failed(struct link *link, const struct error *err)
{
	(void)err; /* callers come and go */
	end_connection(connection_of(link));
}

static void on_done(struct grpc_pump *pump)
{
	struct grpc_connection *connection = CONTAINER_OF(pump, struct grpc_connection, pump);
	struct loop *loop = connection->server->loop;

	/* what is queued still leaves */
	timer_set(loop, &connection->patience, loop_now(loop) + GOODBYE_NS);
}

static const struct link_ops connection_ops = {
	.on_open = on_open,
	.on_input = on_input,
	.on_drained = on_drained,
	.on_failed = on_failed,
};

static void add_connection(struct grpc_server *server, int fd)
{
	struct grpc_connection *connection = MEM_NEW(struct grpc_connection);

	connection->server = server;
	connection->patience.fire = on_impatience;
	connection->pump.on_done = on_done;
	connection->pump.link.loop = server->loop;
	connection->pump.link.pool = &server->pool;
	connection->pump.link.ops = &connection_ops;
	list_init(&connection->calls);
	if (link_accept(&connection->pump.link, fd, NULL, false, NULL) < 0) {
		mem_free(connection);
		return;
	}
	list_append(&server->connections, &connection->place);
	server->connection_count++;
	timer_set(server->loop, &connection->patience, loop_now(server->loop) + HELLO_NS);
}

static void accept_all(struct grpc_server *server)
{
	struct address peer;
	int fd;

	while ((fd = socket_accept(server->listener.fd, &peer)) >= 0 || fd == -ECONNABORTED)
		if (fd >= 0)
			add_connection(server, fd);
	if (fd != -EAGAIN) /* out of descriptors; edge-triggered, nobody would tell us again */
		timer_set(server->loop, &server->accept_again,
			  loop_now(server->loop) + ACCEPT_PAUSE_NS);
}

static void on_listener(struct watch *watch, uint32_t events)
{
	(void)events;
	accept_all(CONTAINER_OF(watch, struct grpc_server, listener));
}

static void on_accept_again(struct timer *timer)
{
	accept_all(CONTAINER_OF(timer, struct grpc_server, accept_again));
}

int grpc_server_listen(struct loop *loop, const struct address *address, mode_t mode,
		       const struct grpc_service *const *services, size_t service_count,
		       void *owner, struct grpc_server **out, struct error *err)
{
	const int fd = socket_listen(address, mode, err);

	if (fd < 0)
		return fd;

	struct grpc_server *server = MEM_NEW(struct grpc_server);

	server->loop = loop;
	server->services = services;
	server->service_count = service_count;
	server->owner = owner;
	server->callbacks = make_callbacks();
	server->accept_again.fire = on_accept_again;
	server->listener = (struct watch){ .fd = fd, .ready = on_listener };
	if (address->any.sa_family == AF_UNIX)
		server->path = mem_strdup(address->local.sun_path);
	list_init(&server->connections);

	const int result = loop_watch(loop, &server->listener, EPOLLIN, err);

	if (result < 0)
		grpc_server_free(server);
	else
		*out = server;
	return result;
}

void grpc_server_free(struct grpc_server *server)
{
	if (server == NULL)
		return;
	timer_cancel(server->loop, &server->accept_again);
	loop_unwatch(server->loop, &server->listener);
	file_close(&server->listener.fd);
	if (server->path != NULL)
		unlink(server->path);
	LIST_FOR_EACH_SAFE (&server->connections, link)
		free_connection(LIST_ITEM(link, struct grpc_connection, place));
	nghttp2_session_callbacks_del(server->callbacks);
	slab_pool_done(&server->pool);
	mem_free(server->path);
	mem_free(server);
}
