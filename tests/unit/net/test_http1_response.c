/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in HTTP/1, a row each: what is understood, or why it is refused (always 502). */
#include "net/http1_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"

static const struct response_case {
	const char *name, *method, *message, *want;
} rows[] = {
	/* The status line, RFC 9112 4 */
	{ "the simplest answer", "GET", OK "Content-Length: 0\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 no body 0, keep | content-length: 0" },
	{ "a reason of several words", "GET",
	  "HTTP/1.1 404 Not Found Here\r\nContent-Length: 0\r\n\r\n",
	  "404 \"Not Found Here\" HTTP/1.1 no body 0, keep | content-length: 0" },
	{ "no reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
	  "200 \"\" HTTP/1.1 no body 0, keep | content-length: 0" },
	{ "no reason and no blank", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	  "200 \"\" HTTP/1.1 no body 0, keep | content-length: 0" },
	{ "a status of two digits", "GET", "HTTP/1.1 20 OK\r\n\r\n",
	  "502 the status is malformed" },
	{ "a status of four digits", "GET", "HTTP/1.1 2000 OK\r\n\r\n",
	  "502 the status line is malformed" },
	{ "a status below 100", "GET", "HTTP/1.1 099 OK\r\n\r\n", "502 the status is malformed" },
	{ "a status above 599", "GET", "HTTP/1.1 600 OK\r\n\r\n", "502 the status is malformed" },
	{ "a signed status", "GET", "HTTP/1.1 +20 OK\r\n\r\n", "502 the status is malformed" },
	{ "two blanks before the status", "GET", "HTTP/1.1  200 OK\r\n\r\n",
	  "502 the status is malformed" },
	{ "HTTP/1.10", "GET", "HTTP/1.10 200 OK\r\n\r\n", "502 the status is malformed" },
	{ "HTTP/2.0", "GET", "HTTP/2.0 200 OK\r\n\r\n",
	  "502 the HTTP version is neither 1.0 nor 1.1" },
	{ "another protocol", "GET", "RTSP/1.0 200 OK\r\n\r\n",
	  "502 the HTTP version is malformed" },
	{ "ICY", "GET", "ICY 200 OK\r\n\r\n", "502 the status line is malformed" },
	{ "no HTTP at all", "GET", "hello, world\r\n\r\n", "502 the HTTP version is malformed" },
	{ "a binary protocol", "GET", "\x01\x02\x03", "502 this is not HTTP" },
	{ "a control character in the reason", "GET", "HTTP/1.1 200 O\x01K\r\n\r\n",
	  "502 a control character in the reason phrase" },
	{ "bare line feeds", "GET", "HTTP/1.1 200 OK\n\n",
	  "502 a line ends without carriage return" },
	{ "a blank before a colon", "GET", OK "X : a\r\n\r\n",
	  "502 a blank before the colon of a field" },
	{ "a folded line", "GET", OK "X: a\r\n b\r\n\r\n", "502 a folded field line" },

	/* What follows the head, RFC 9112 6.3 */
	{ "a length", "GET", OK "Content-Length: 5\r\n\r\nhello",
	  "200 \"OK\" HTTP/1.1 length 5, keep | content-length: 5" },
	{ "neither length nor coding", "GET", OK "\r\n", "200 \"OK\" HTTP/1.1 to end, close" },
	{ "chunked", "GET", OK "Transfer-Encoding: chunked\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 chunked, keep | transfer-encoding: chunked" },
	{ "HEAD has no body, but a length", "HEAD", OK "Content-Length: 5\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 no body 5, keep | content-length: 5" },
	{ "HEAD without length", "HEAD", OK "\r\n", "200 \"OK\" HTTP/1.1 no body, keep" },
	{ "HEAD with chunked", "HEAD", OK "Transfer-Encoding: chunked\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 no body, keep | transfer-encoding: chunked" },
	{ "304 may say a length", "GET", "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
	  "304 \"x\" HTTP/1.1 no body 5, keep | content-length: 5" },
	{ "204", "GET", "HTTP/1.1 204 x\r\n\r\n", "204 \"x\" HTTP/1.1 no body, keep" },
	{ "204 with a length of zero", "GET", "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n",
	  "204 \"x\" HTTP/1.1 no body, keep | content-length: 0" },
	{ "204 that announces a body", "GET", "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",
	  "204 \"x\" HTTP/1.1 no body, close | content-length: 5" },
	{ "204 with chunked", "GET", "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "204 \"x\" HTTP/1.1 no body, close | transfer-encoding: chunked" },
	{ "100", "POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
	  "100 \"Continue\" HTTP/1.1 no body, keep" },
	{ "103 with fields", "GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
	  "103 \"Early Hints\" HTTP/1.1 no body, keep | link: x" },
	{ "100 that announces a body", "GET", "HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n",
	  "100 \"x\" HTTP/1.1 no body, close | content-length: 5" },
	{ "101 is a tunnel", "GET",
	  "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	  "101 \"x\" HTTP/1.1 to end, close, upgrade websocket | connection: upgrade | upgrade: "
	  "websocket" },
	{ "CONNECT answered is a tunnel", "CONNECT", OK "Content-Length: 5\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 to end, close | content-length: 5" },
	{ "CONNECT refused is an answer", "CONNECT", "HTTP/1.1 403 x\r\nContent-Length: 5\r\n\r\n",
	  "403 \"x\" HTTP/1.1 length 5, keep | content-length: 5" },

	/* What a proxy must answer with 502 */
	{ "an invalid length", "GET", OK "Content-Length: x\r\n\r\n",
	  "502 a malformed Content-Length" },
	{ "a negative length", "GET", OK "Content-Length: -1\r\n\r\n",
	  "502 a malformed Content-Length" },
	{ "two lengths", "GET", OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
	  "502 Content-Length is repeated" },
	{ "a length list", "GET", OK "Content-Length: 5, 5\r\n\r\n",
	  "502 a malformed Content-Length" },
	{ "an invalid length with HEAD", "HEAD", OK "Content-Length: x\r\n\r\n",
	  "502 a malformed Content-Length" },
	{ "a length and chunked", "GET",
	  OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "502 both Transfer-Encoding and Content-Length" },
	{ "another coding", "GET", OK "Transfer-Encoding: gzip\r\n\r\n",
	  "502 Transfer-Encoding does not end in chunked" },
	{ "chunked in HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "502 Transfer-Encoding in HTTP/1.0" },

	/* Persistence, RFC 9112 9.3 */
	{ "close", "GET", OK "Connection: close\r\nContent-Length: 0\r\n\r\n",
	  "200 \"OK\" HTTP/1.1 no body 0, close | connection: close | content-length: 0" },
	{ "HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	  "200 \"OK\" HTTP/1.0 no body 0, close | content-length: 0" },
	{ "HTTP/1.0 that keeps", "GET",
	  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
	  "200 \"OK\" HTTP/1.0 no body 0, keep | connection: keep-alive | content-length: 0" },
	{ "HTTP/1.0 that would keep but has no length", "GET",
	  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
	  "200 \"OK\" HTTP/1.0 to end, close | connection: keep-alive" },
};

static void check_row(void **state)
{
	const struct response_case *row = *state;
	AUTO_BUFFER struct buffer seen = { 0 };

	http1_try(&seen, text_of(row->message), row->method, NULL);
	assert_string_equal(seen.data, row->want);
}

static void the_protocol_changes_only_when_asked(void **state)
{
	char bytes[] = "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
	const struct http_head request = { .method = TEXT("GET") };
	struct http1_parser parser;
	struct http_head head = { 0 };

	(void)state;
	http1_parser_init(&parser, &http_limits_default);
	assert_int_equal(http1_parse_response(&parser, &head, &request, bytes, strlen(bytes)),
			 HTTP1_REFUSED);
	assert_string_equal(parser.problem.reason,
			    "the protocol changes without having been asked");
	http_head_done(&head);
}

static void nul_is_refused(void **state)
{
	AUTO_BUFFER struct buffer seen = { 0 };

	(void)state;
	http1_try(&seen, TEXT(OK "X: a\0b\r\n\r\n"), "GET", NULL);
	assert_string_equal(seen.data, "502 a control character in a field value");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 2] = {
		cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(the_protocol_changes_only_when_asked),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[2 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("http1_response", tests, NULL, NULL);
}
