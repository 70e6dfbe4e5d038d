/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer may cost a server before it is told to calm down; RFC 9113 10.5. */
#include "net/http2_end.h"
#include "net/http2_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int set_up(void **state)
{
	struct http2_end *server = MEM_NEW(struct http2_end);

	http2_end_init(server, HTTP2_SERVER, &http2_config_default);
	*state = server;
	return 0;
}

static int tear_down(void **state)
{
	http2_end_done(*state);
	mem_free(*state);
	return 0;
}

#define GET ":method=GET\n:scheme=http\n:authority=a\n:path=/\n"

/* The same by HPACK's static table; the authority is remembered as entry 62. */
#define BLOCK                                                                                      \
	TEXT("\x82\x86\x84\x41\x01"                                                                \
	     "a")
#define END_BOTH (FLAG_END_STREAM | FLAG_END_HEADERS)

/* Repeats one frame until the server has had enough; returns how many it took. */
static int flood(struct http2_end *server, uint8_t type, uint8_t flags, uint32_t id,
		 struct text payload, int most)
{
	AUTO_BUFFER struct buffer frame = { 0 }, sent = { 0 };

	wire_frame(&frame, type, flags, id, payload);
	for (int count = 0; count < most; count++) {
		if (http2_end_receive(server, frame.data, frame.len) < 0)
			return count;
		buffer_clear(&sent);
		http2_end_take_output(server, &sent);
	}
	return most;
}

static void assert_calmed(struct http2_end *server, const char *why)
{
	AUTO_BUFFER struct buffer sent = { 0 }, shown = { 0 };

	http2_end_take_output(server, &sent);
	wire_show(&shown, buffer_text(&sent));
	assert_non_null(strstr(shown.data, "goaway ENHANCE_YOUR_CALM; "));
	assert_string_equal(server->err.text, why);
	assert_true(http2_is_finished(server->http2));
}

static void greet(struct http2_end *server)
{
	AUTO_BUFFER struct buffer bytes = { 0 };

	wire_preface(&bytes);
	assert_int_equal(http2_end_receive(server, bytes.data, bytes.len), 0);
}

static void pings_are_limited(void **state)
{
	struct http2_end *server = *state;
	const int burst = (int)server->config.control_burst;

	greet(server);
	assert_in_range(flood(server, FRAME_PING, 0, 0, TEXT("12345678"), 2 * burst), burst - 2,
			burst);
	assert_calmed(server, "HTTP/2: too many frames without content");
}

static void budgets_refill_with_time(void **state)
{
	struct http2_end *server = *state;
	const int burst = (int)server->config.control_burst;

	greet(server);
	assert_int_equal(flood(server, FRAME_PING, 0, 0, TEXT("12345678"), burst - 2), burst - 2);
	server->now_ns += 10 * NS_PER_SEC;
	assert_int_equal(flood(server, FRAME_PING, 0, 0, TEXT("12345678"), burst - 2), burst - 2);
}

static void settings_are_limited(void **state)
{
	struct http2_end *server = *state;
	const int burst = (int)server->config.control_burst;

	greet(server);
	assert_true(flood(server, FRAME_SETTINGS, 0, 0, TEXT(""), 2 * burst) <= burst);
	assert_calmed(server, "HTTP/2: too many frames without content");
}

static void empty_data_frames_are_limited(void **state)
{
	struct http2_end *server = *state;
	const int burst = (int)server->config.control_burst;

	greet(server);
	flood(server, FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK, 1);
	assert_true(flood(server, FRAME_DATA, 0, 1, TEXT(""), 2 * burst) <= burst);
	assert_calmed(server, "HTTP/2: too many frames without content");
}

static void continuations_are_limited(void **state)
{
	struct http2_end *server = *state;

	greet(server);
	flood(server, FRAME_HEADERS, FLAG_END_STREAM, 1, TEXT("\x82"), 1);
	assert_int_equal(flood(server, FRAME_CONTINUATION, 0, 1, TEXT(""), 100), 8);
	assert_calmed(server, "HTTP/2: a head in too many frames");
}

/* CVE-2023-44487: open, reset, open, reset, ... */
static void rapid_resets_are_limited(void **state)
{
	struct http2_end *server = *state;
	uint32_t id = 1;
	int code = 0;

	greet(server);
	while (code == 0 && id < 10000) {
		AUTO_BUFFER struct buffer bytes = { 0 }, sent = { 0 };

		wire_headers(&bytes, FLAG_END_STREAM, id, GET);
		wire_frame(&bytes, FRAME_RST, 0, id, TEXT("\0\0\0\x08"));
		code = http2_end_receive(server, bytes.data, bytes.len);
		if (code == 0)
			http2_end_take_output(server, &sent);
		buffer_clear(&server->diary);
		id += 2;
	}
	assert_in_range(id / 2, server->config.reset_burst, server->config.reset_burst + 2);
	assert_calmed(server, "HTTP/2: too many streams were reset");
}

/* CVE-2025-8671: the server is made to reset the streams itself. */
static void resets_that_a_peer_provokes_are_limited(void **state)
{
	struct http2_end *server = *state;
	uint32_t id = 1;
	int code = 0;

	greet(server);
	while (code == 0 && id < 10000) {
		AUTO_BUFFER struct buffer bytes = { 0 }, sent = { 0 };

		wire_headers(&bytes, FLAG_END_STREAM, id, GET);
		wire_frame(&bytes, FRAME_WINDOW, 0, id, TEXT("\x7f\xff\xff\xff"));
		code = http2_end_receive(server, bytes.data, bytes.len);
		if (code == 0)
			http2_end_take_output(server, &sent);
		buffer_clear(&server->diary);
		id += 2;
	}
	assert_in_range(id / 2, server->config.reset_burst, server->config.reset_burst + 2);
	assert_calmed(server, "HTTP/2: too many streams were reset");
}

/* A field of 4,000 bytes in the dynamic table, named again by one byte each. */
static void a_head_may_not_unfold_without_end(void **state)
{
	struct http2_end *server = *state;
	AUTO_BUFFER struct buffer bytes = { 0 }, block = { 0 }, seen = { 0 };

	buffer_add(&block, BLOCK.ptr, BLOCK.len);
	buffer_add(&block, "\x40\x01x\x7f\x81\x1e", 6); /* x: 3,968 bytes, to be remembered */
	memset(buffer_reserve(&block, 3968), 'v', 3968);
	block.len += 3968;
	for (int i = 0; i < 2000; i++)
		buffer_add_char(&block, (char)0xbe);
	wire_preface(&bytes);
	wire_frame(&bytes, FRAME_HEADERS, END_BOTH, 1, buffer_text(&block));
	http2_end_converse(server, &bytes, &seen);
	assert_string_equal(seen.data, "refused 431 the head is too large; -> headers 1; ");
}

static void fields_are_counted(void **state)
{
	struct http2_end *server = *state;
	AUTO_BUFFER struct buffer bytes = { 0 }, lines = { 0 }, seen = { 0 };

	buffer_add_text(&lines, GET);
	for (size_t i = 0; i <= server->config.limits.field_count; i++)
		buffer_add_text(&lines, "x=1\n");
	wire_preface(&bytes);
	wire_headers(&bytes, FLAG_END_STREAM, 1, lines.data);
	http2_end_converse(server, &bytes, &seen);
	assert_string_equal(seen.data, "refused 431 there are too many fields; -> headers 1; ");
}

/* A refused request whose body is still to come is answered, then no more of it is wanted. */
static void the_rest_of_a_refused_request_is_not_wanted(void **state)
{
	AUTO_BUFFER struct buffer bytes = { 0 }, seen = { 0 };

	wire_preface(&bytes);
	wire_headers(&bytes, 0, 1, GET "expect=miracles\n");
	http2_end_converse(*state, &bytes, &seen);
	assert_string_equal(seen.data, "refused 417 an expectation other than 100-continue; -> "
				       "headers 1; rst 1 NO_ERROR; ");
}

static void open_too_many(struct http2_end *server, bool has_seen_limit, struct buffer *shown)
{
	AUTO_BUFFER struct buffer bytes = { 0 }, sent = { 0 };

	greet(server);
	http2_end_take_output(server, &sent);
	buffer_clear(&sent);
	if (has_seen_limit)
		wire_frame(&bytes, FRAME_SETTINGS, FLAG_ACK, 0, TEXT(""));
	for (uint32_t i = 0; i <= server->config.max_streams; i++)
		wire_headers(&bytes, FLAG_END_STREAM, 2 * i + 1, GET);
	http2_end_receive(server, bytes.data, bytes.len);
	assert_int_equal(http2_stream_count(server->http2), server->config.max_streams);
	http2_end_take_output(server, &sent);
	wire_show(shown, buffer_text(&sent));
}

static void more_streams_than_known_to_be_allowed_are_refused(void **state)
{
	AUTO_BUFFER struct buffer shown = { 0 };

	open_too_many(*state, false, &shown);
	assert_string_equal(shown.data, "rst 201 REFUSED_STREAM; ");
}

static void more_streams_than_allowed_end_the_connection(void **state)
{
	AUTO_BUFFER struct buffer shown = { 0 };

	open_too_many(*state, true, &shown);
	assert_string_equal(shown.data, "goaway PROTOCOL_ERROR; ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pings_are_limited),
		TEST(budgets_refill_with_time),
		TEST(settings_are_limited),
		TEST(empty_data_frames_are_limited),
		TEST(continuations_are_limited),
		TEST(rapid_resets_are_limited),
		TEST(resets_that_a_peer_provokes_are_limited),
		TEST(a_head_may_not_unfold_without_end),
		TEST(fields_are_counted),
		TEST(the_rest_of_a_refused_request_is_not_wanted),
		TEST(more_streams_than_known_to_be_allowed_are_refused),
		TEST(more_streams_than_allowed_end_the_connection),
	};

	return cmocka_run_group_tests_name("http2_floods", tests, NULL, NULL);
}
