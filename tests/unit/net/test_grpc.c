/* SPDX-License-Identifier: Apache-2.0 */
/* Our gRPC server and client in one loop; tests/scenario has the peers that we did not write. */
#include "net/net.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct peer {
	char path[64];
	struct loop *loop;
	struct grpc_server *server;
	struct grpc_client *client;
	struct timer patience;
	unsigned ended_calls;

	struct grpc_request request; /* what the client sees */
	struct buffer received;      /* messages, each with a '|' behind */
	enum grpc_status status;
	struct buffer status_text;
	unsigned ends;
	struct error closed;
};

/* ---- the service: echoes, counts, refuses ---- */

static void echo(struct grpc_call *call, struct text message)
{
	grpc_call_send(call, message);
	grpc_call_finish(call, GRPC_OK, NULL);
}

static void count_to_three(struct grpc_call *call, struct text message)
{
	(void)message;
	grpc_call_send(call, TEXT("one"));
	grpc_call_set_data(call, (void *)(uintptr_t) "two");
}

static void count_on(struct grpc_call *call)
{
	const char *next = grpc_call_data(call);

	if (next == NULL) {
		grpc_call_finish(call, GRPC_OK, NULL);
		return;
	}
	grpc_call_set_data(call, NULL);
	grpc_call_send(call, text_of(next));
}

static void stay_open(struct grpc_call *call, struct text message)
{
	grpc_call_send(call, message);
}

static void count_end(struct grpc_call *call)
{
	struct peer *peer = grpc_call_owner(call);

	peer->ended_calls++;
}

static void refuse(struct grpc_call *call, struct text message)
{
	(void)message;
	grpc_call_finish(call, GRPC_PERMISSION_DENIED, "not for \xc3\xa9 100%");
}

static enum grpc_status admit(struct grpc_call *call, const char **message)
{
	struct text value;

	if (grpc_call_metadata(call, "password", &value) == 1 && text_is(value, "sesame"))
		return GRPC_OK;
	*message = "say the word";
	return GRPC_INVALID_ARGUMENT;
}

static const struct grpc_method methods[] = {
	{ .path = "/Test/Echo", .on_message = echo, .on_end = count_end },
	{ .path = "/Test/Count", .on_message = count_to_three, .on_writable = count_on },
	{ .path = "/Test/Stay", .on_message = stay_open, .on_end = count_end },
	{ .path = "/Test/Refuse", .on_message = refuse },
};
static const struct grpc_service service = { .methods = methods,
					     .method_count = COUNT_OF(methods),
					     .admit = admit };
static const struct grpc_service *const services[] = { &service };

/* ---- the client ---- */

static void on_message(struct grpc_request *request, struct text message)
{
	struct peer *peer = CONTAINER_OF(request, struct peer, request);

	buffer_add(&peer->received, message.ptr, message.len);
	buffer_add_char(&peer->received, '|');
}

static void on_end(struct grpc_request *request, enum grpc_status status, struct text message)
{
	struct peer *peer = CONTAINER_OF(request, struct peer, request);

	peer->status = status;
	buffer_clear(&peer->status_text);
	buffer_add(&peer->status_text, message.ptr, message.len);
	peer->ends++;
	loop_stop(peer->loop);
}

static void on_closed(void *owner, const struct error *err)
{
	struct peer *peer = owner;

	peer->closed = *err;
	loop_stop(peer->loop);
}

static void give_up(struct timer *timer)
{
	loop_stop(CONTAINER_OF(timer, struct peer, patience)->loop);
}

static void run(struct peer *peer, uint64_t at_most_ms)
{
	timer_set(peer->loop, &peer->patience, clock_monotonic_ns() + at_most_ms * NS_PER_MS);
	loop_run(peer->loop);
	timer_cancel(peer->loop, &peer->patience);
}

static int set_up(void **state)
{
	struct peer *peer = MEM_NEW(struct peer);
	struct address address;
	AUTO(mem_free_text) char *text = NULL;

	snprintf(peer->path, sizeof(peer->path), "/tmp/mangrove-grpc-%d.sock", (int)getpid());
	text = mem_printf("unix://%s", peer->path);
	assert_int_equal(address_parse(text_of(text), &address, NULL), 0);
	peer->loop = loop_new();
	peer->patience.fire = give_up;
	assert_int_equal(grpc_server_listen(peer->loop, &address, 0600, services, 1, peer,
					    &peer->server, NULL),
			 0);
	assert_int_equal(
		grpc_client_connect(peer->loop, &address, on_closed, peer, &peer->client, NULL), 0);
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	struct peer *peer = *state;

	grpc_client_free(peer->client);
	grpc_server_free(peer->server);
	loop_free(peer->loop);
	buffer_done(&peer->received);
	buffer_done(&peer->status_text);
	assert_int_equal(access(peer->path, F_OK), -1);
	mem_free(peer);
	return 0;
}

static void call(struct peer *peer, const char *path, const char *password, struct text message)
{
	const struct grpc_metadata metadata[] = { { "password", text_of(password) } };

	peer->request = (struct grpc_request){ .path = path,
					       .metadata = metadata,
					       .metadata_count = password != NULL ? 1 : 0,
					       .response_limit = 1 << 20,
					       .on_message = on_message,
					       .on_end = on_end };
	grpc_client_call(peer->client, &peer->request, message);
	run(peer, 3000);
}

static void a_unary_call_is_answered(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Echo", "sesame", TEXT("hello"));
	assert_int_equal(peer->status, GRPC_OK);
	assert_string_equal(peer->received.data, "hello|");
	run(peer, 50);
	assert_int_equal(peer->ended_calls, 1);
}

static void an_empty_message_is_a_message(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Echo", "sesame", TEXT(""));
	assert_int_equal(peer->status, GRPC_OK);
	assert_string_equal(peer->received.data, "|");
}

static void a_stream_goes_on_when_there_is_room(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Count", "sesame", TEXT(""));
	assert_int_equal(peer->status, GRPC_OK);
	assert_string_equal(peer->received.data, "one|two|");
}

static void a_refusal_has_code_and_text(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Refuse", "sesame", TEXT(""));
	assert_int_equal(peer->status, GRPC_PERMISSION_DENIED);
	assert_string_equal(peer->status_text.data, "not for \xc3\xa9 100%");
	assert_int_equal(peer->received.len, 0);
}

static void the_service_asks_for_metadata_first(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Echo", NULL, TEXT("hello"));
	assert_int_equal(peer->status, GRPC_INVALID_ARGUMENT);
	assert_string_equal(peer->status_text.data, "say the word");
	call(peer, "/Test/Echo", "pea", TEXT("hello"));
	assert_int_equal(peer->status, GRPC_INVALID_ARGUMENT);
	assert_int_equal(peer->received.len, 0);
}

static void an_unknown_method_is_unimplemented(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Nothing", "sesame", TEXT(""));
	assert_int_equal(peer->status, GRPC_UNIMPLEMENTED);
}

static void a_long_message_passes_and_a_longer_one_does_not(void **state)
{
	struct peer *peer = *state;
	AUTO_BUFFER struct buffer message = { 0 };

	while (message.len < 65536)
		buffer_add_char(&message, 'x');
	call(peer, "/Test/Echo", "sesame", buffer_text(&message));
	assert_int_equal(peer->status, GRPC_OK);
	assert_int_equal(peer->received.len, message.len + 1);
	buffer_add_char(&message, 'x');
	call(peer, "/Test/Echo", "sesame", buffer_text(&message));
	assert_int_equal(peer->status, GRPC_RESOURCE_EXHAUSTED);
}

static void a_client_that_goes_ends_its_calls(void **state)
{
	struct peer *peer = *state;

	peer->request.on_end = on_end;
	call(peer, "/Test/Stay", "sesame", TEXT("hello")); /* runs into patience: it stays open */
	assert_string_equal(peer->received.data, "hello|");
	assert_int_equal(grpc_server_connections(peer->server), 1);
	grpc_client_free(TAKE(peer->client));
	run(peer, 100);
	assert_int_equal(peer->ended_calls, 1);
	assert_int_equal(peer->ends, 0);
	assert_int_equal(grpc_server_connections(peer->server), 0);
}

static void a_server_that_goes_is_noticed(void **state)
{
	struct peer *peer = *state;

	call(peer, "/Test/Echo", "sesame", TEXT(""));
	grpc_server_free(TAKE(peer->server));
	run(peer, 1000);
	assert_int_equal(peer->closed.code, -ECONNRESET);
}

/* ---- framing ---- */

static void messages_come_in_pieces(void **state)
{
	AUTO_BUFFER struct buffer in = { 0 };
	struct text message;

	(void)state;
	grpc_frame_add(&in, TEXT("hello"));
	for (size_t len = in.len; len-- > 0;) {
		const struct buffer part = { .data = in.data, .len = len };

		assert_int_equal(grpc_frame_next(&part, 100, &message), 0);
	}
	assert_int_equal(grpc_frame_next(&in, 100, &message), 10);
	assert_true(text_is(message, "hello"));
	assert_int_equal(grpc_frame_next(&in, 4, &message), -EMSGSIZE);
	in.data[0] = 1;
	assert_int_equal(grpc_frame_next(&in, 100, &message), -EPROTO);
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_in_pieces),
		CALL_TEST(a_unary_call_is_answered),
		CALL_TEST(an_empty_message_is_a_message),
		CALL_TEST(a_stream_goes_on_when_there_is_room),
		CALL_TEST(a_refusal_has_code_and_text),
		CALL_TEST(the_service_asks_for_metadata_first),
		CALL_TEST(an_unknown_method_is_unimplemented),
		CALL_TEST(a_long_message_passes_and_a_longer_one_does_not),
		CALL_TEST(a_client_that_goes_ends_its_calls),
		CALL_TEST(a_server_that_goes_is_noticed),
	};

	return cmocka_run_group_tests_name("grpc", tests, NULL, NULL);
}
