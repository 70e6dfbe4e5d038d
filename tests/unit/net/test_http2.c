/* SPDX-License-Identifier: Apache-2.0 */
/* Our HTTP/2 client speaks with our HTTP/2 server, in memory. */
#include "net/http2_end.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct pair {
	struct http2_end client, server;
};

static int set_up_with(void **state, const struct http2_config *config)
{
	struct pair *pair = MEM_NEW(struct pair);

	http2_end_init(&pair->client, HTTP2_CLIENT, config);
	http2_end_init(&pair->server, HTTP2_SERVER, config);
	http2_end_talk(&pair->client, &pair->server);
	*state = pair;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, &http2_config_default);
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	http2_end_done(&pair->client);
	http2_end_done(&pair->server);
	mem_free(pair);
	return 0;
}

static void talk(struct pair *pair)
{
	http2_end_talk(&pair->client, &pair->server);
}

static void assert_diary(struct http2_end *end, const char *want)
{
	assert_string_equal(end->diary.len > 0 ? end->diary.data : "", want);
	buffer_clear(&end->diary);
}

static struct http_head get(void)
{
	return (struct http_head){ .method = TEXT("GET"),
				   .scheme = TEXT("http"),
				   .authority = TEXT("a"),
				   .path = TEXT("/"),
				   .content_length = HTTP_LENGTH_UNKNOWN };
}

static struct http_head answer_of(unsigned status)
{
	return (struct http_head){ .status = status, .content_length = HTTP_LENGTH_UNKNOWN };
}

static struct http_stream *send_get(struct pair *pair, bool ends)
{
	struct http_head head = get();
	struct http_stream *stream = http2_end_open(&pair->client);

	assert_non_null(stream);
	http_stream_send_head(stream, &head, ends);
	return stream;
}

#define GET_HEAD  "1 head GET http://a / HTTP/2 no body, keep; "
#define POST_HEAD "1 head GET http://a / HTTP/2 to end, keep; "

static void a_request_is_answered(void **state)
{
	struct pair *pair = *state;
	struct http_head head = get(), answer = answer_of(200);

	head.path = TEXT("/a?b");
	http_fields_add(&head.fields, TEXT("x-c"), TEXT("d"));
	http_fields_add(&head.fields, TEXT("connection"), TEXT("not sent"));
	http_stream_send_head(http2_end_open(&pair->client), &head, true);
	talk(pair);
	assert_diary(&pair->server,
		     "1 head GET http://a /a?b HTTP/2 no body, keep | x-c: d; 1 end; ");
	assert_int_equal(http2_stream_count(pair->server.http2), 1);

	answer.content_length = 5;
	http_fields_add(&answer.fields, TEXT("server"), TEXT("m"));
	http_stream_send_head(pair->server.stream, &answer, false);
	assert_int_equal(http_stream_send_body(pair->server.stream, TEXT("hello"), true), 5);
	talk(pair);
	assert_diary(&pair->server, "1 close done; ");
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 length 5, keep | server: m | "
				    "content-length: 5; 1 body hello; 1 end; 1 close done; ");
	assert_int_equal(http2_stream_count(pair->client.http2), 0);
	http_head_done(&head);
	http_head_done(&answer);
}

static void bodies_go_both_ways_with_trailers(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(200);
	struct http_fields trailers = { 0 };
	struct http_stream *stream = send_get(pair, false);

	http_fields_add(&trailers, TEXT("grpc-status"), TEXT("0"));
	talk(pair);
	assert_int_equal(http_stream_send_body(stream, TEXT("one"), false), 3);
	talk(pair);
	assert_int_equal(http_stream_send_body(stream, TEXT("two"), false), 3);
	http_stream_send_end(stream, NULL);
	talk(pair);
	assert_diary(&pair->server, POST_HEAD "1 body onetwo; 1 end; ");

	http_stream_send_head(pair->server.stream, &answer, false);
	assert_int_equal(http_stream_send_body(pair->server.stream, TEXT("three"), false), 5);
	http_stream_send_end(pair->server.stream, &trailers);
	http_fields_done(&trailers);
	talk(pair);
	assert_diary(&pair->client,
		     "1 head 200 \"\" HTTP/2 to end, keep; 1 body three; 1 end | grpc-status: 0; "
		     "1 close done; ");
	assert_diary(&pair->server, "1 close done; ");
}

static void interim_answers_come_before_the_answer(void **state)
{
	struct pair *pair = *state;
	struct http_head hints = answer_of(103), answer = answer_of(204);

	send_get(pair, true);
	talk(pair);
	http_fields_add(&hints.fields, TEXT("link"), TEXT("x"));
	http_stream_send_head(pair->server.stream, &hints, false);
	http_stream_send_head(pair->server.stream, &answer, true);
	talk(pair);
	assert_diary(&pair->client, "1 head 103 \"\" HTTP/2 to end, keep | link: x; "
				    "1 head 204 \"\" HTTP/2 no body, keep; 1 end; 1 close done; ");
	http_head_done(&hints);
}

/* The answer may be sent from inside the event; a body, which may not, waits for on_writable. */
static void answer_at_once(struct http2_end *end, struct http_stream *stream)
{
	struct http_head answer = answer_of(200);

	(void)end;
	http_stream_send_head(stream, &answer, false);
	assert_int_equal(http_stream_send_body(stream, TEXT("hello"), true), 0);
}

static void send_hello(struct http2_end *end, struct http_stream *stream)
{
	(void)end;
	assert_int_equal(http_stream_send_body(stream, TEXT("hello"), true), 5);
}

static void an_event_may_send(void **state)
{
	struct pair *pair = *state;

	pair->server.on_head = answer_at_once;
	pair->server.on_writable = send_hello;
	send_get(pair, true);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 to end, keep; 1 body hello; 1 end; "
				    "1 close done; ");
	assert_diary(&pair->server, GET_HEAD "1 end; 1 close done; ");
}

static void what_is_not_consumed_holds_the_sender(void **state)
{
	static char block[400000];
	struct pair *pair = *state;
	struct http_stream *stream = send_get(pair, false);
	const size_t window = pair->server.config.stream_window;
	size_t sent;

	talk(pair);
	pair->server.holds_bodies = true;
	sent = http_stream_send_body(stream, (struct text){ block, sizeof(block) }, false);
	assert_true(sent > 0 && sent <= window);
	for (int i = 0; i < 10; i++) { /* the queue's limit, not the window's, is met first */
		talk(pair);
		sent += http_stream_send_body(
			stream, (struct text){ block + sent, sizeof(block) - sent }, false);
	}
	assert_int_equal(sent, window);

	http_stream_consume(pair->server.stream, sizeof(block) - window);
	talk(pair);
	sent += http_stream_send_body(stream, (struct text){ block + sent, sizeof(block) - sent },
				      false);
	talk(pair);
	assert_int_equal(sent, sizeof(block));
}

struct writer {
	size_t sent, total;
};

static struct writer writer;

static void write_more(struct http2_end *end, struct http_stream *stream)
{
	static const char block[16384];

	(void)end;
	while (writer.sent < writer.total) {
		const size_t len = MIN_OF(sizeof(block), writer.total - writer.sent);
		const size_t taken = http_stream_send_body(stream, (struct text){ block, len },
							   writer.sent + len == writer.total);

		writer.sent += taken;
		if (taken < len)
			return;
	}
}

static void a_long_body_arrives_whole(void **state)
{
	struct pair *pair = *state;
	struct http_stream *stream = send_get(pair, false);

	writer = (struct writer){ 0, 10000000 };
	pair->client.on_writable = write_more;
	talk(pair);
	write_more(&pair->client, stream);
	talk(pair);
	assert_int_equal(writer.sent, writer.total);
	assert_non_null(strstr(pair->server.diary.data, "1 end"));
}

static void one_stream_does_not_hold_another(void **state)
{
	static char block[400000];
	struct pair *pair = *state;
	struct http_stream *first = send_get(pair, false), *second = send_get(pair, false);

	talk(pair);
	pair->server.holds_bodies = true;
	for (int i = 0; i < 10; i++) {
		http_stream_send_body(first, (struct text){ block, sizeof(block) }, false);
		talk(pair);
	}
	buffer_clear(&pair->server.diary);
	assert_int_equal(http_stream_send_body(second, TEXT("hello"), true), 5);
	talk(pair);
	assert_non_null(strstr(pair->server.diary.data, "2 body hello; 2 end; "));
}

static void a_body_cut_short_is_seen(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(200);

	send_get(pair, true);
	talk(pair);
	http_stream_send_head(pair->server.stream, &answer, false);
	http_stream_send_body(pair->server.stream, TEXT("hel"), false);
	http_stream_reset(pair->server.stream, HTTP_CLOSE_INTERNAL);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 to end, keep; 1 body hel; 1 close "
				    "internal; ");
	assert_diary(&pair->server, GET_HEAD "1 end; 1 close internal; ");
}

static void a_body_shorter_than_its_length_is_seen(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(200);

	send_get(pair, true);
	talk(pair);
	answer.content_length = 5;
	http_stream_send_head(pair->server.stream, &answer, false);
	http_stream_send_body(pair->server.stream, TEXT("hel"), true);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 length 5, keep | content-length: 5; 1 "
				    "body hel; 1 close malformed; ");
}

static void a_client_may_cancel(void **state)
{
	struct pair *pair = *state;
	struct http_stream *stream = send_get(pair, true);

	talk(pair);
	http_stream_reset(stream, HTTP_CLOSE_CANCELED);
	talk(pair);
	assert_diary(&pair->client, "1 close canceled; ");
	assert_diary(&pair->server, GET_HEAD "1 end; 1 close canceled; ");
	assert_int_equal(http2_stream_count(pair->client.http2), 0);
}

static void a_stream_canceled_before_it_was_sent_is_gone(void **state)
{
	struct pair *pair = *state;

	http_stream_reset(http2_end_open(&pair->client), HTTP_CLOSE_CANCELED);
	http_stream_reset(send_get(pair, true), HTTP_CLOSE_CANCELED);
	talk(pair);
	assert_diary(&pair->client, "1 close canceled; 2 close canceled; ");
	assert_diary(&pair->server, "");
}

static void a_server_may_refuse_what_it_did_not_touch(void **state)
{
	struct pair *pair = *state;

	send_get(pair, true);
	talk(pair);
	http_stream_reset(pair->server.stream, HTTP_CLOSE_REFUSED);
	talk(pair);
	assert_diary(&pair->client, "1 close refused; ");
}

/* RFC 9113 8.1: the answer is complete, the rest of the request is not wanted. */
static void an_early_answer_ends_the_request(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(413);

	send_get(pair, false);
	talk(pair);
	http_stream_send_head(pair->server.stream, &answer, true);
	http_stream_reset(pair->server.stream, HTTP_CLOSE_DONE);
	talk(pair);
	assert_diary(&pair->client, "1 head 413 \"\" HTTP/2 no body, keep; 1 end; 1 close done; ");
	assert_int_equal(http2_stream_count(pair->server.http2), 0);
}

static void head_has_a_length_and_no_body(void **state)
{
	struct pair *pair = *state;
	struct http_head head = get(), answer = answer_of(200);

	head.method = TEXT("HEAD");
	answer.content_length = 5;
	http_stream_send_head(http2_end_open(&pair->client), &head, true);
	talk(pair);
	http_stream_send_head(pair->server.stream, &answer, true);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 no body 5, keep | content-length: 5; 1 "
				    "end; 1 close done; ");
}

static void cookies_are_one_field(void **state)
{
	struct pair *pair = *state;
	struct http_head head = get();

	http_fields_add(&head.fields, TEXT("cookie"), TEXT("a=1"));
	http_fields_add(&head.fields, TEXT("cookie"), TEXT("b=2"));
	http_stream_send_head(http2_end_open(&pair->client), &head, true);
	talk(pair);
	assert_diary(&pair->server, "1 head GET http://a / HTTP/2 no body, keep | cookie: a=1; "
				    "b=2; 1 end; ");
	http_head_done(&head);
}

static void streams_are_limited_to_what_the_peer_allows(void **state)
{
	struct pair *pair = *state;

	for (uint32_t i = 0; i < pair->server.config.max_streams; i++)
		send_get(pair, true);
	assert_false(http2_can_open(pair->client.http2));
	assert_null(http2_end_open(&pair->client));
	talk(pair);
	assert_int_equal(http2_stream_count(pair->server.http2), pair->server.config.max_streams);
}

static void shutting_down_finishes_what_is_open(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(200);

	send_get(pair, true);
	talk(pair);
	http2_shut_down(pair->server.http2);
	talk(pair);
	assert_false(http2_can_open(pair->client.http2));
	assert_false(http2_is_finished(pair->server.http2));
	http_stream_send_head(pair->server.stream, &answer, true);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 no body, keep; 1 end; 1 close done; ");
	assert_true(http2_is_finished(pair->server.http2));
	assert_true(http2_is_finished(pair->client.http2));
}

static void a_request_that_crosses_the_shutdown_is_served(void **state)
{
	struct pair *pair = *state;
	struct http_head answer = answer_of(200);

	http2_shut_down(pair->server.http2);
	send_get(pair, true);
	talk(pair);
	assert_diary(&pair->server, GET_HEAD "1 end; ");
	http_stream_send_head(pair->server.stream, &answer, true);
	talk(pair);
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 no body, keep; 1 end; 1 close done; ");
	assert_true(http2_is_finished(pair->server.http2));
}

static void a_lost_connection_closes_its_streams(void **state)
{
	struct pair *pair = *state;

	send_get(pair, true);
	talk(pair);
	http2_free(TAKE(pair->server.http2));
	assert_diary(&pair->server, GET_HEAD "1 end; 1 close connection; ");
}

static void extended_connect_opens_a_tunnel(void **state)
{
	struct pair *pair = *state;
	struct http_head head = get(), answer = answer_of(200);
	struct http_stream *stream = http2_end_open(&pair->client);

	head.method = TEXT("CONNECT");
	head.upgrade = TEXT("websocket");
	http_stream_send_head(stream, &head, false);
	talk(pair);
	assert_true(http2_may_tunnel(pair->client.http2));
	assert_diary(&pair->server, "1 head CONNECT http://a / HTTP/2 to end, keep, upgrade "
				    "websocket; ");
	http_stream_send_head(pair->server.stream, &answer, false);
	http_stream_send_body(pair->server.stream, TEXT("hi"), false);
	http_stream_send_body(stream, TEXT("ho"), false);
	talk(pair);
	assert_diary(&pair->server, "1 body ho");
	assert_diary(&pair->client, "1 head 200 \"\" HTTP/2 to end, keep; 1 body hi");
}

static int set_up_extended(void **state)
{
	struct http2_config config = http2_config_default;

	config.allow_extended_connect = true;
	return set_up_with(state, &config);
}

static void converse(struct pair *pair)
{
	struct http_head answer = answer_of(200);
	struct http_stream *stream = send_get(pair, false);

	http_stream_send_body(stream, TEXT("hello"), true);
	talk(pair);
	http_stream_send_head(pair->server.stream, &answer, false);
	http_stream_send_body(pair->server.stream, TEXT("hello"), true);
	talk(pair);
	buffer_clear(&pair->client.diary);
	buffer_clear(&pair->server.diary);
}

static void the_steady_path_takes_no_memory(void **state)
{
	struct pair *pair = *state;
	uint64_t before;

	for (int i = 0; i < 200; i++)
		converse(pair);
	before = mem_thread_allocations();
	for (int i = 0; i < 200; i++)
		converse(pair);
	assert_int_equal(mem_thread_allocations(), before);
}

static void the_preface_is_recognised(void **state)
{
	const char *preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	(void)state;
	assert_int_equal(http2_preface_check(preface, 24), HTTP2_PREFACE_YES);
	assert_int_equal(http2_preface_check(preface, 0), HTTP2_PREFACE_PARTIAL);
	assert_int_equal(http2_preface_check(preface, 5), HTTP2_PREFACE_PARTIAL);
	assert_int_equal(http2_preface_check("POST / HTTP/1.1", 15), HTTP2_PREFACE_NO);
	assert_int_equal(http2_preface_check("G", 1), HTTP2_PREFACE_NO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_answered),
		TEST(bodies_go_both_ways_with_trailers),
		TEST(interim_answers_come_before_the_answer),
		TEST(an_event_may_send),
		TEST(what_is_not_consumed_holds_the_sender),
		TEST(a_long_body_arrives_whole),
		TEST(one_stream_does_not_hold_another),
		TEST(a_body_cut_short_is_seen),
		TEST(a_body_shorter_than_its_length_is_seen),
		TEST(a_client_may_cancel),
		TEST(a_stream_canceled_before_it_was_sent_is_gone),
		TEST(a_server_may_refuse_what_it_did_not_touch),
		TEST(an_early_answer_ends_the_request),
		TEST(head_has_a_length_and_no_body),
		TEST(cookies_are_one_field),
		TEST(streams_are_limited_to_what_the_peer_allows),
		TEST(shutting_down_finishes_what_is_open),
		TEST(a_request_that_crosses_the_shutdown_is_served),
		TEST(a_lost_connection_closes_its_streams),
		cmocka_unit_test_setup_teardown(extended_connect_opens_a_tunnel, set_up_extended,
						tear_down),
		TEST(the_steady_path_takes_no_memory),
		cmocka_unit_test(the_preface_is_recognised),
	};

	return cmocka_run_group_tests_name("http2", tests, NULL, NULL);
}
