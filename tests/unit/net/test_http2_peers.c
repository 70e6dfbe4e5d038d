/* SPDX-License-Identifier: Apache-2.0 */
/* Our HTTP/2 server, on a real socket, meets clients that others wrote: curl, nghttp, h2load. It
 * also shows how a link, a loop and an HTTP/2 connection go together.
 *
 * GET /N answers N bytes and a trailer; anything with a body gets that body back, as slowly as the
 * client takes it. Clients that are not installed are skipped. */
#include "net/net.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

struct server {
	struct loop *loop;
	struct watch listener;
	struct slab_pool pool;
	struct http2_memory *memory;
	pthread_t thread;
	unsigned port;
	struct list connections;
};

struct connection {
	struct list place;
	struct server *server;
	struct link link;
	struct http2 *http2;
	struct deferred flush, release;
};

struct answer {             /* the owner of a stream */
	uint64_t left;      /* bytes of ours to send */
	struct buffer echo; /* bytes of the client's to send back */
	bool is_echo, has_all;
};

/* ---- streams ---- */

static void send_zeros(struct http_stream *stream, struct answer *answer)
{
	static const char zeros[16384];
	struct http_fields trailers = { 0 };

	while (answer->left > 0) {
		const size_t len = MIN_OF(sizeof(zeros), answer->left);
		const size_t taken =
			http_stream_send_body(stream, (struct text){ zeros, len }, false);

		answer->left -= taken;
		if (taken < len)
			return;
	}
	if (answer->has_all)
		return;
	answer->has_all = true;
	http_fields_add(&trailers, TEXT("x-checksum"), TEXT("0"));
	http_stream_send_end(stream, &trailers);
	http_fields_done(&trailers);
}

static void send_echo(struct http_stream *stream, struct answer *answer)
{
	const size_t taken =
		answer->echo.len > 0
			? http_stream_send_body(stream, buffer_text(&answer->echo), false)
			: 0;

	buffer_consume(&answer->echo, taken);
	http_stream_consume(stream, taken);
	if (answer->has_all && answer->echo.len == 0)
		http_stream_send_end(stream, NULL);
}

static void on_writable(struct http_stream *stream)
{
	struct answer *answer = stream->owner;

	if (answer->is_echo)
		send_echo(stream, answer);
	else
		send_zeros(stream, answer);
}

static void on_head(struct http_stream *stream)
{
	struct http_head head = { .status = 200,
				  .content_length = HTTP_LENGTH_UNKNOWN,
				  .framing = HTTP_BODY_TO_END };
	struct answer *answer = stream->owner;

	answer->is_echo = stream->head.framing != HTTP_BODY_NONE;
	if (!answer->is_echo)
		text_parse_number(text_from(stream->head.path, 1), UINT32_MAX, &answer->left);
	http_stream_send_head(stream, &head, false);
	on_writable(stream);
}

static void on_body(struct http_stream *stream, struct text data)
{
	struct answer *answer = stream->owner;

	buffer_add(&answer->echo, data.ptr, data.len);
	send_echo(stream, answer);
}

static void on_end(struct http_stream *stream)
{
	struct answer *answer = stream->owner;

	if (!answer->is_echo)
		return;
	answer->has_all = true;
	send_echo(stream, answer);
}

static void on_close(struct http_stream *stream, enum http_close why)
{
	struct answer *answer = stream->owner;

	(void)why;
	buffer_done(&answer->echo);
	mem_free(answer);
}

static const struct http_stream_events stream_events = { .on_head = on_head,
							 .on_body = on_body,
							 .on_end = on_end,
							 .on_writable = on_writable,
							 .on_close = on_close };

static void on_stream(struct http2 *http2, struct http_stream *stream)
{
	(void)http2;
	stream->events = &stream_events;
	stream->owner = MEM_NEW(struct answer);
}

/* ---- connections ---- */

static void on_output(struct http2 *http2)
{
	struct connection *connection = http2_owner(http2);

	loop_defer(connection->server->loop, &connection->flush);
}

static const struct http2_events http2_events = { .on_stream = on_stream, .on_output = on_output };

static void release(struct deferred *deferred)
{
	struct connection *connection = CONTAINER_OF(deferred, struct connection, release);

	http2_free(connection->http2);
	loop_undefer(&connection->flush);
	link_close(&connection->link);
	list_remove(&connection->place);
	mem_free(connection);
}

static void flush(struct deferred *deferred)
{
	struct connection *connection = CONTAINER_OF(deferred, struct connection, flush);

	http2_flush(connection->http2);
	link_flush_later(&connection->link);
	if (http2_is_finished(connection->http2))
		link_finish(&connection->link);
}

static void on_open(struct link *link)
{
	struct connection *connection = CONTAINER_OF(link, struct connection, link);

	connection->http2 =
		http2_new(HTTP2_SERVER, &http2_config_default, &http2_events, connection,
			  connection->server->memory, &link->out, link->pool);
}

static void on_input(struct link *link)
{
	struct connection *connection = CONTAINER_OF(link, struct connection, link);
	char bytes[16384];
	ssize_t len;

	while ((len = link_read(link, bytes, sizeof(bytes))) > 0)
		if (http2_receive(connection->http2, bytes, (size_t)len,
				  loop_now(connection->server->loop), NULL)
		    < 0)
			break;
	if (len != -EAGAIN)
		loop_defer(connection->server->loop, &connection->release);
}

static void on_drained(struct link *link)
{
	loop_defer(link->loop, &CONTAINER_OF(link, struct connection, link)->flush);
}

static void on_failed(struct link *link, const struct error *err)
{
	(void)err;
	loop_defer(link->loop, &CONTAINER_OF(link, struct connection, link)->release);
}

static const struct link_ops link_ops = {
	.on_open = on_open, .on_input = on_input, .on_drained = on_drained, .on_failed = on_failed
};

static void on_connection(struct watch *watch, uint32_t events)
{
	struct server *server = CONTAINER_OF(watch, struct server, listener);
	struct address peer;
	int fd;

	(void)events;
	while ((fd = socket_accept(watch->fd, &peer)) >= 0) {
		struct connection *connection = MEM_NEW(struct connection);

		connection->server = server;
		connection->flush.run = flush;
		connection->release.run = release;
		connection->link.loop = server->loop;
		connection->link.pool = &server->pool;
		connection->link.ops = &link_ops;
		list_append(&server->connections, &connection->place);
		assert_int_equal(link_accept(&connection->link, fd, NULL, false, NULL), 0);
	}
}

/* ---- the server's thread ---- */

static void *run(void *argument)
{
	struct server *server = argument;

	loop_run(server->loop);
	return NULL;
}

static int set_up(void **state)
{
	struct server *server = MEM_NEW(struct server);
	struct address address;

	assert_int_equal(address_parse(TEXT("127.0.0.1:0"), &address, NULL), 0);
	list_init(&server->connections);
	server->loop = loop_new();
	server->memory = http2_memory_new();
	server->listener =
		(struct watch){ .fd = socket_listen(&address, 0, NULL), .ready = on_connection };
	assert_true(server->listener.fd >= 0);
	socket_local_address(server->listener.fd, &address);
	server->port = address_port(&address);
	assert_int_equal(loop_watch(server->loop, &server->listener, EPOLLIN, NULL), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
	*state = server;
	return 0;
}

static int tear_down(void **state)
{
	struct server *server = *state;

	loop_stop(server->loop);
	pthread_join(server->thread, NULL);
	LIST_FOR_EACH_SAFE (&server->connections, place)
		release(&LIST_ITEM(place, struct connection, place)->release);
	loop_unwatch(server->loop, &server->listener);
	close(server->listener.fd);
	http2_memory_free(server->memory);
	slab_pool_done(&server->pool);
	loop_free(server->loop);
	mem_free(server);
	return 0;
}

/* ---- clients ---- */

/* What the command says, %u being the port. */
static void ask(const struct server *server, const char *program, const char *command,
		struct buffer *said)
{
	AUTO(mem_free_text) char *which = mem_printf("command -v %s >/dev/null", program);
	AUTO(mem_free_text) char *line = NULL;
	AUTO(mem_free_text) char *port = mem_printf("%u", server->port);
	size_t len;
	FILE *pipe;

	if (system(which) != 0) {
		print_message("%s is not installed\n", program);
		skip();
	}
	setenv("PORT", port, 1);
	line = mem_printf("timeout 30 %s 2>&1", command);
	pipe = popen(line, "re");
	assert_non_null(pipe);
	while ((len = fread(buffer_reserve(said, 4096), 1, 4096, pipe)) > 0)
		said->len += len;
	buffer_add_char(said, '\n');
	pclose(pipe);
}

static void assert_said(const struct buffer *said, const char *want)
{
	if (strstr(said->data, want) == NULL)
		fail_msg("'%s' is missing in: %s", want, said->data);
}

static void curl_gets_a_long_answer(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	ask(*state, "curl",
	    "curl -s --http2-prior-knowledge -o /dev/null "
	    "-w '%{http_version} %{http_code} %{size_download}' http://127.0.0.1:$PORT/30000000",
	    &said);
	assert_said(&said, "2 200 30000000");
}

static void curl_gets_back_what_it_sends(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	ask(*state, "curl",
	    "sh -c 'head -c 20000000 /dev/zero | curl -s --http2-prior-knowledge -T - "
	    "http://127.0.0.1:$PORT/ | wc -c'",
	    &said);
	assert_said(&said, "20000000");
}

static void curl_takes_its_time(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	ask(*state, "curl",
	    "sh -c 'head -c 3000000 /dev/zero | curl -s --limit-rate 2M --http2-prior-knowledge "
	    "-T - http://127.0.0.1:$PORT/ | wc -c'",
	    &said);
	assert_said(&said, "3000000");
}

static void nghttp_sees_trailers(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	ask(*state, "nghttp", "nghttp -nv http://127.0.0.1:$PORT/5", &said);
	assert_said(&said, "x-checksum: 0");
	assert_said(&said, ":status: 200");
}

static void h2load_opens_many_streams(void **state)
{
	AUTO_BUFFER struct buffer said = { 0 };

	ask(*state, "h2load", "h2load -n 20000 -c 4 -m 50 http://127.0.0.1:$PORT/1000", &said);
	assert_said(&said, "20000 succeeded, 0 failed, 0 errored, 0 timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curl_gets_a_long_answer),
		cmocka_unit_test(curl_gets_back_what_it_sends),
		cmocka_unit_test(curl_takes_its_time),
		cmocka_unit_test(nghttp_sees_trailers),
		cmocka_unit_test(h2load_opens_many_streams),
	};

	return cmocka_run_group_tests_name("http2_peers", tests, set_up, tear_down);
}
