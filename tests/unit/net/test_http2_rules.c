/* SPDX-License-Identifier: Apache-2.0 */
/* What a server does with heads and frames that no honest library sends, RFC 9113, a row each.
 * `want` is what the owner saw, then "-> " and what the server sent. */
#include "net/http2_end.h"
#include "net/http2_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_conversation(const struct buffer *bytes, const char *want)
{
	AUTO_BUFFER struct buffer seen = { 0 };
	struct http2_end server;

	http2_end_init(&server, HTTP2_SERVER, &http2_config_default);
	http2_end_converse(&server, bytes, &seen);
	http2_end_done(&server);
	assert_string_equal(seen.data, want);
}

#define GET             ":method=GET\n:scheme=http\n:authority=a\n:path=/\n"
#define MALFORMED       "refused 400 a malformed HTTP/2 message; -> rst 1 PROTOCOL_ERROR; "
#define SEEN(fields)    "1 head GET http://a / HTTP/2 no body, keep" fields "; 1 end; -> "
#define REFUSED(reason) "refused 400 " reason "; -> rst 1 PROTOCOL_ERROR; "

static const struct head_case {
	const char *name, *lines, *want;
} heads[] = {
	{ "a plain request", GET, SEEN("") },
	{ "fields", GET "x-a=1\nx-a=2\n", SEEN(" | x-a: 1 | x-a: 2") },
	{ "an empty value", GET "x-a=\n", SEEN(" | x-a: ") },
	{ "a high byte in a value", GET "x-a=\xc3\xa4\n", SEEN(" | x-a: \xc3\xa4") },

	/* 8.2.1: fields */
	{ "a name in capitals", GET "X-A=1\n", MALFORMED },
	{ "a name with a blank", GET "x a=1\n", REFUSED("a malformed field") },
	{ "a name with a colon", GET "x:a=1\n", REFUSED("a malformed field") },
	{ "a name with a control character", GET "x\x01=1\n", REFUSED("a malformed field") },
	{ "a name with a high byte", GET "x\xe4=1\n", REFUSED("a malformed field") },
	{ "a value with a carriage return", GET "x=1\r2\n", REFUSED("a malformed field") },
	{ "a value with a control character", GET "x=1\x01\n", REFUSED("a malformed field") },
	{ "a value with DEL", GET "x=1\x7f\n", REFUSED("a malformed field") },
	{ "a value that begins with a blank", GET "x= 1\n", REFUSED("a malformed field") },
	{ "a value that ends with a tab", GET "x=1\t\n", REFUSED("a malformed field") },

	/* 8.2.2: fields of a connection */
	{ "connection", GET "connection=close\n", MALFORMED },
	{ "keep-alive", GET "keep-alive=1\n", MALFORMED },
	{ "proxy-connection", GET "proxy-connection=close\n", MALFORMED },
	{ "transfer-encoding", GET "transfer-encoding=chunked\n", MALFORMED },
	{ "upgrade", GET "upgrade=h2c\n", MALFORMED },
	{ "te other than trailers", GET "te=gzip\n", MALFORMED },
	{ "te: trailers", GET "te=trailers\n",
	  "1 head GET http://a / HTTP/2 no body, keep, trailers | te: trailers; 1 end; -> " },

	/* 8.3: pseudo fields */
	{ "a pseudo field after a field", ":method=GET\n:scheme=http\n:path=/\nx=1\n:authority=a\n",
	  MALFORMED },
	{ "no method", ":scheme=http\n:authority=a\n:path=/\n", MALFORMED },
	{ "no scheme", ":method=GET\n:authority=a\n:path=/\n", MALFORMED },
	{ "no path", ":method=GET\n:scheme=http\n:authority=a\n", MALFORMED },
	{ "an empty path", ":method=GET\n:scheme=http\n:authority=a\n:path=\n", MALFORMED },
	{ "an empty method", ":method=\n:scheme=http\n:authority=a\n:path=/\n", MALFORMED },
	{ "two paths", GET ":path=/b\n", MALFORMED },
	{ "two methods", GET ":method=PUT\n", MALFORMED },
	{ "an unknown pseudo field", GET ":x=1\n", MALFORMED },
	{ "a pseudo field of answers", GET ":status=200\n", MALFORMED },
	{ "a method with a blank", ":method=G T\n:scheme=http\n:authority=a\n:path=/\n",
	  MALFORMED },
	{ "another scheme", ":method=GET\n:scheme=ftp\n:authority=a\n:path=/\n",
	  REFUSED("the scheme is neither http nor https") },

	/* The target is judged part by part: nothing is put together and read again */
	{ "an authority with a path", ":method=GET\n:scheme=http\n:authority=a/b\n:path=/\n",
	  MALFORMED },
	{ "an authority with userinfo", ":method=GET\n:scheme=http\n:authority=u@a\n:path=/\n",
	  REFUSED("the authority is malformed") },
	{ "an empty authority", ":method=GET\n:scheme=http\n:authority=\n:path=/\n", MALFORMED },
	{ "an authority in capitals", ":method=GET\n:scheme=http\n:authority=A:80\n:path=/\n",
	  "1 head GET http://a:80 / HTTP/2 no body, keep; 1 end; -> " },
	{ "no authority, but Host", ":method=GET\n:scheme=http\n:path=/\nhost=A\n",
	  SEEN(" | host: a") },
	{ "neither authority nor Host", ":method=GET\n:scheme=http\n:path=/\n", MALFORMED },
	{ "Host that agrees", GET "host=A\n", SEEN(" | host: a") },
	{ "Host that differs", GET "host=b\n", REFUSED("Host differs from the request target") },
	{ "two Hosts", GET "host=a\nhost=a\n", MALFORMED },
	{ "an invalid Host", ":method=GET\n:scheme=http\n:path=/\nhost=a b\n", MALFORMED },
	{ "a path without slash", ":method=GET\n:scheme=http\n:authority=a\n:path=b\n", MALFORMED },
	{ "an absolute path", ":method=GET\n:scheme=http\n:authority=a\n:path=http://b/\n",
	  MALFORMED },
	{ "a path with a blank", ":method=GET\n:scheme=http\n:authority=a\n:path=/b c\n",
	  MALFORMED },
	{ "a path with a fragment", ":method=GET\n:scheme=http\n:authority=a\n:path=/b#c\n",
	  REFUSED("the path is malformed") },
	{ "a path with a high byte", ":method=GET\n:scheme=http\n:authority=a\n:path=/\xc3\xa4\n",
	  REFUSED("the path is malformed") },
	{ "GET *", ":method=GET\n:scheme=http\n:authority=a\n:path=*\n", MALFORMED },
	{ "OPTIONS *", ":method=OPTIONS\n:scheme=http\n:authority=a\n:path=*\n",
	  "1 head OPTIONS http://a * HTTP/2 no body, keep; 1 end; -> " },

	/* 8.5 and RFC 8441: CONNECT */
	{ "CONNECT", ":method=CONNECT\n:authority=a:443\n",
	  "refused 501 CONNECT is not offered; -> headers 1; " },
	{ "CONNECT with a path", ":method=CONNECT\n:authority=a:443\n:scheme=http\n:path=/\n",
	  MALFORMED },
	{ "CONNECT without port", ":method=CONNECT\n:authority=a\n",
	  REFUSED("CONNECT needs host:port") },
	{ "extended CONNECT that was not offered",
	  ":method=CONNECT\n:protocol=websocket\n:scheme=http\n:authority=a\n:path=/\n",
	  MALFORMED },

	/* Lengths */
	{ "a length where nothing follows", GET "content-length=5\n", MALFORMED },
	{ "a length of zero", GET "content-length=0\n",
	  "1 head GET http://a / HTTP/2 no body 0, keep | content-length: 0; 1 end; -> " },
	{ "a length that is no number", GET "content-length=x\n", MALFORMED },
	{ "two lengths", GET "content-length=0\ncontent-length=0\n", MALFORMED },
	{ "an expectation", GET "expect=miracles\n",
	  "refused 417 an expectation other than 100-continue; -> headers 1; " },
};

static void check_head(void **state)
{
	const struct head_case *row = *state;
	AUTO_BUFFER struct buffer bytes = { 0 };

	wire_preface(&bytes);
	wire_headers(&bytes, FLAG_END_STREAM, 1, row->lines);
	assert_conversation(&bytes, row->want);
}

/* GET http://a/ by the static table; the authority is remembered as entry 62. */
#define BLOCK                                                                                      \
	TEXT("\x82\x86\x84\x41\x01"                                                                \
	     "a")
#define END_BOTH     (FLAG_END_STREAM | FLAG_END_HEADERS)
#define HEAD         "1 head GET http://a / HTTP/2 "
#define GOAWAY(code) "-> goaway " code "; "

struct raw_frame {
	uint8_t type, flags;
	uint32_t id;
	struct text payload;
};

static const struct frames_case {
	const char *name;
	struct raw_frame frames[4];
	const char *want;
} conversations[] = {
	{ "a request with a body",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_DATA, FLAG_END_STREAM, 1, TEXT("hello") } },
	  HEAD "to end, keep; 1 body hello; 1 end; -> " },
	{ "padding is no body",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_DATA, FLAG_PADDED | FLAG_END_STREAM, 1,
	      TEXT("\x03"
		   "hello\0\0\0") } },
	  HEAD "to end, keep; 1 body hello; 1 end; -> " },
	{ "padding longer than the frame",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_DATA, FLAG_PADDED, 1,
	      TEXT("\x07"
		   "hello") } },
	  HEAD "to end, keep; " GOAWAY("PROTOCOL_ERROR") },
	{ "trailers",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_DATA, 0, 1, TEXT("hello") },
	    { FRAME_HEADERS, END_BOTH, 1, TEXT("\0\1x\1y") } },
	  HEAD "to end, keep; 1 body hello; 1 end | x: y; -> " },
	{ "trailers that do not end the stream",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_HEADERS, FLAG_END_HEADERS, 1, TEXT("\0\1x\1y") } },
	  HEAD "to end, keep; 1 close malformed; -> rst 1 PROTOCOL_ERROR; " },
	{ "trailers with a pseudo field",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_HEADERS, END_BOTH, 1, TEXT("\x84") } },
	  HEAD "to end, keep; 1 close malformed; -> rst 1 PROTOCOL_ERROR; " },
	{ "trailers that frame",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_HEADERS, END_BOTH, 1, TEXT("\0\4host\1b") } },
	  HEAD "to end, keep; 1 close malformed; -> rst 1 PROTOCOL_ERROR; " },
	{ "trailers that authenticate are left out",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1, BLOCK },
	    { FRAME_HEADERS, END_BOTH, 1, TEXT("\0\6cookie\1y") } },
	  HEAD "to end, keep; 1 end; -> " },
	{ "a body longer than its length",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1,
	      TEXT("\x82\x86\x84\x41\x01"
		   "a\x0f\x0d\x01"
		   "3") },
	    { FRAME_DATA, FLAG_END_STREAM, 1, TEXT("hello") } },
	  HEAD "length 3, keep | content-length: 3; 1 close malformed; -> rst 1 PROTOCOL_ERROR; " },
	{ "a body shorter than its length",
	  { { FRAME_HEADERS, FLAG_END_HEADERS, 1,
	      TEXT("\x82\x86\x84\x41\x01"
		   "a\x0f\x0d\x01"
		   "7") },
	    { FRAME_DATA, FLAG_END_STREAM, 1, TEXT("hello") } },
	  HEAD "length 7, keep | content-length: 7; 1 body hello; 1 close malformed; -> rst 1 "
	       "PROTOCOL_ERROR; " },
	{ "data on an idle stream", { { FRAME_DATA, 0, 1, TEXT("x") } }, GOAWAY("PROTOCOL_ERROR") },
	{ "data on no stream", { { FRAME_DATA, 0, 0, TEXT("x") } }, GOAWAY("PROTOCOL_ERROR") },
	{ "data after the end",
	  { { FRAME_HEADERS, END_BOTH, 1, BLOCK }, { FRAME_DATA, 0, 1, TEXT("x") } },
	  HEAD "no body, keep; 1 end; " GOAWAY("STREAM_CLOSED") },
	{ "an even stream", { { FRAME_HEADERS, END_BOTH, 2, BLOCK } }, GOAWAY("PROTOCOL_ERROR") },
	{ "a head on no stream",
	  { { FRAME_HEADERS, END_BOTH, 0, BLOCK } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a stream number that went back is one that was closed",
	  { { FRAME_HEADERS, END_BOTH, 3, BLOCK },
	    { FRAME_HEADERS, END_BOTH, 1, TEXT("\x82\x86\x84\xbe") } },
	  HEAD "no body, keep; 1 end; "
	       "-> " },
	{ "reset of an idle stream",
	  { { FRAME_RST, 0, 1, TEXT("\0\0\0\x08") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a reset",
	  { { FRAME_HEADERS, END_BOTH, 1, BLOCK }, { FRAME_RST, 0, 1, TEXT("\0\0\0\x08") } },
	  HEAD "no body, keep; 1 end; 1 close canceled; -> " },
	{ "a continuation of nothing",
	  { { FRAME_CONTINUATION, FLAG_END_HEADERS, 1, BLOCK } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a head in two frames",
	  { { FRAME_HEADERS, FLAG_END_STREAM, 1, TEXT("\x82\x86\x84") },
	    { FRAME_CONTINUATION, FLAG_END_HEADERS, 1,
	      TEXT("\x41\x01"
		   "a") } },
	  HEAD "no body, keep; 1 end; -> " },
	{ "something else within a head",
	  { { FRAME_HEADERS, FLAG_END_STREAM, 1, TEXT("\x82\x86\x84") },
	    { FRAME_PING, 0, 0, TEXT("12345678") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a head that HPACK cannot read",
	  { { FRAME_HEADERS, END_BOTH, 1, TEXT("\xff\xff\xff\x7f") } },
	  GOAWAY("COMPRESSION_ERROR") },
	{ "a push by the client",
	  { { FRAME_PUSH, FLAG_END_HEADERS, 1, TEXT("\0\0\0\2") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a setting of the wrong size",
	  { { FRAME_SETTINGS, 0, 0, TEXT("\0\1\0\0\0") } },
	  GOAWAY("FRAME_SIZE_ERROR") },
	{ "settings on a stream",
	  { { FRAME_SETTINGS, 0, 1, TEXT("") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "an acknowledgement with a payload",
	  { { FRAME_SETTINGS, FLAG_ACK, 0, TEXT("\0\1\0\0\0\0") } },
	  GOAWAY("FRAME_SIZE_ERROR") },
	{ "ENABLE_PUSH of 2",
	  { { FRAME_SETTINGS, 0, 0, TEXT("\0\2\0\0\0\2") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a window too large",
	  { { FRAME_SETTINGS, 0, 0, TEXT("\0\4\x80\0\0\0") } },
	  GOAWAY("FLOW_CONTROL_ERROR") },
	{ "a frame size too small",
	  { { FRAME_SETTINGS, 0, 0, TEXT("\0\5\0\0\0\x64") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "an unknown setting", { { FRAME_SETTINGS, 0, 0, TEXT("\x7f\0\0\0\0\0") } }, "-> " },
	{ "an unknown frame", { { 0x7f, 0, 0, TEXT("x") } }, "-> " },
	{ "a ping of the wrong size",
	  { { FRAME_PING, 0, 0, TEXT("1234567") } },
	  GOAWAY("FRAME_SIZE_ERROR") },
	{ "a ping on a stream",
	  { { FRAME_PING, 0, 1, TEXT("12345678") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a window increment of zero",
	  { { FRAME_WINDOW, 0, 0, TEXT("\0\0\0\0") } },
	  GOAWAY("PROTOCOL_ERROR") },
	{ "a window that overflows",
	  { { FRAME_WINDOW, 0, 0, TEXT("\x7f\xff\xff\xff") } },
	  GOAWAY("FLOW_CONTROL_ERROR") },
	{ "a stream's window that overflows",
	  { { FRAME_HEADERS, END_BOTH, 1, BLOCK },
	    { FRAME_WINDOW, 0, 1, TEXT("\x7f\xff\xff\xff") } },
	  HEAD "no body, keep; 1 end; 1 close malformed; -> rst 1 FLOW_CONTROL_ERROR; " },
	{ "the window of an idle stream",
	  { { FRAME_WINDOW, 0, 1, TEXT("\0\0\0\1") } },
	  GOAWAY("PROTOCOL_ERROR") },
};

static void check_frames(void **state)
{
	const struct frames_case *row = *state;
	AUTO_BUFFER struct buffer bytes = { 0 };

	wire_preface(&bytes);
	for (const struct raw_frame *frame = row->frames;
	     frame < row->frames + COUNT_OF(row->frames) && frame->payload.ptr != NULL; frame++)
		wire_frame(&bytes, frame->type, frame->flags, frame->id, frame->payload);
	assert_conversation(&bytes, row->want);
}

static void a_frame_may_not_be_too_large(void **state)
{
	static const char large[16385];
	AUTO_BUFFER struct buffer bytes = { 0 };

	(void)state;
	wire_preface(&bytes);
	wire_frame(&bytes, FRAME_DATA, 0, 1, (struct text){ large, sizeof(large) });
	assert_conversation(&bytes, GOAWAY("FRAME_SIZE_ERROR"));
}

static void settings_come_first(void **state)
{
	AUTO_BUFFER struct buffer bytes = { 0 };

	(void)state;
	buffer_add_text(&bytes, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	wire_frame(&bytes, FRAME_PING, 0, 0, TEXT("12345678"));
	assert_conversation(&bytes, GOAWAY("PROTOCOL_ERROR"));
}

static void the_preface_comes_first(void **state)
{
	AUTO_BUFFER struct buffer bytes = { 0 };

	(void)state;
	buffer_add_text(&bytes, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_conversation(&bytes, GOAWAY("PROTOCOL_ERROR"));
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(heads) + COUNT_OF(conversations) + 3] = {
		cmocka_unit_test(a_frame_may_not_be_too_large),
		cmocka_unit_test(settings_come_first),
		cmocka_unit_test(the_preface_comes_first),
	};
	size_t count = 3;

	for (size_t i = 0; i < COUNT_OF(heads); i++)
		tests[count++] = (struct CMUnitTest){ .name = heads[i].name,
						      .test_func = check_head,
						      .initial_state = (void *)&heads[i] };
	for (size_t i = 0; i < COUNT_OF(conversations); i++)
		tests[count++] = (struct CMUnitTest){ .name = conversations[i].name,
						      .test_func = check_frames,
						      .initial_state = (void *)&conversations[i] };
	return cmocka_run_group_tests_name("http2_rules", tests, NULL, NULL);
}
