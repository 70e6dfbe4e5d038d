/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in HTTP/1, a row each. `want` is the data, then " | " and each trailer, then " + " and
 * what is left of the input; or the problem. Every body is given whole and cut at every offset. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct http_limits limits = { .trailer_bytes = 40,
					   .chunk_extension_bytes = 10,
					   .field_count = 2 };

static const struct body_case {
	const char *name;
	enum http_framing framing;
	uint64_t length;
	const char *input, *want;
} rows[] = {
	{ "no body", HTTP_BODY_NONE, 0, "GET", " + GET" },
	{ "a length", HTTP_BODY_LENGTH, 5, "helloGET", "hello + GET" },
	{ "too little for a length", HTTP_BODY_LENGTH, 5, "hell", "hell, incomplete" },
	{ "until close", HTTP_BODY_TO_END, 0, "hello", "hello, closed" },
	{ "until close, nothing", HTTP_BODY_TO_END, 0, "", ", closed" },

	{ "one chunk", HTTP_BODY_CHUNKED, 0, "5\r\nhello\r\n0\r\n\r\n", "hello + " },
	{ "two chunks and a next message", HTTP_BODY_CHUNKED, 0,
	  "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET", "hello + GET" },
	{ "no chunk but the last", HTTP_BODY_CHUNKED, 0, "0\r\n\r\n", " + " },
	{ "hexadecimal sizes", HTTP_BODY_CHUNKED, 0,
	  "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a + " },
	{ "leading zeros", HTTP_BODY_CHUNKED, 0, "0005\r\nhello\r\n000\r\n\r\n", "hello + " },
	{ "an extension", HTTP_BODY_CHUNKED, 0, "5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello + " },
	{ "an extension in quotes", HTTP_BODY_CHUNKED, 0, "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n",
	  "hello + " },
	{ "no last chunk", HTTP_BODY_CHUNKED, 0, "5\r\nhello\r\n", "hello, incomplete" },
	{ "no end after the last chunk", HTTP_BODY_CHUNKED, 0, "5\r\nhello\r\n0\r\n",
	  "hello, incomplete" },
	{ "a chunk not complete", HTTP_BODY_CHUNKED, 0, "5\r\nhel", "hel, incomplete" },

	{ "no size", HTTP_BODY_CHUNKED, 0, "\r\n", "400 a malformed chunk size" },
	{ "a size that is no number", HTTP_BODY_CHUNKED, 0, "x\r\n", "400 a malformed chunk size" },
	{ "a size with 0x", HTTP_BODY_CHUNKED, 0, "0x5\r\nhello\r\n",
	  "400 a malformed chunk size" },
	{ "a negative size", HTTP_BODY_CHUNKED, 0, "-1\r\n", "400 a malformed chunk size" },
	{ "a size with plus", HTTP_BODY_CHUNKED, 0, "+5\r\nhello", "400 a malformed chunk size" },
	{ "a size with underscore", HTTP_BODY_CHUNKED, 0, "1_0\r\n", "400 a malformed chunk size" },
	{ "a blank before a size", HTTP_BODY_CHUNKED, 0, " 5\r\nhello",
	  "400 a malformed chunk size" },
	{ "a blank after a size", HTTP_BODY_CHUNKED, 0, "5 \r\nhello",
	  "400 a malformed chunk size" },
	{ "a blank before an extension", HTTP_BODY_CHUNKED, 0, "5 ;a\r\nhello",
	  "400 a malformed chunk size" },
	{ "a size of sixteen digits", HTTP_BODY_CHUNKED, 0, "0000000000000005\r\nhello",
	  "400 a chunk size is too long" },
	{ "a size that wraps", HTTP_BODY_CHUNKED, 0, "10000000000000005\r\nhello",
	  "400 a chunk size is too long" },
	{ "a bare line feed after a size", HTTP_BODY_CHUNKED, 0, "5\nhello\r\n",
	  "400 a malformed chunk size" },
	{ "a bare carriage return after a size", HTTP_BODY_CHUNKED, 0, "5\rhello\r\n",
	  "400 a chunk size ends without line feed" },
	{ "a bare line feed after an extension", HTTP_BODY_CHUNKED, 0, "5;a\nhello\r\n",
	  "400 a control character in a chunk extension" },
	{ "a carriage return in an extension", HTTP_BODY_CHUNKED, 0, "5;a\rb\r\nhello\r\n",
	  "400 a chunk size ends without line feed" },
	{ "a long extension", HTTP_BODY_CHUNKED, 0, "5;1234567890\r\nhello\r\n0\r\n\r\n",
	  "hello + " },
	{ "too long an extension", HTTP_BODY_CHUNKED, 0, "5;12345678901\r\nhello\r\n",
	  "400 a chunk extension is too long" },
	{ "data longer than its size", HTTP_BODY_CHUNKED, 0, "4\r\nhello\r\n0\r\n\r\n",
	  "400 a chunk is longer than its size" },
	{ "a bare line feed after data", HTTP_BODY_CHUNKED, 0, "5\r\nhello\n0\r\n\r\n",
	  "400 a chunk is longer than its size" },
	{ "a bare carriage return after data", HTTP_BODY_CHUNKED, 0, "5\r\nhello\r0\r\n\r\n",
	  "400 a chunk is longer than its size" },
	{ "a bare line feed after the last size", HTTP_BODY_CHUNKED, 0, "0\n\r\n",
	  "400 a malformed chunk size" },
	{ "a bare line feed at the end", HTTP_BODY_CHUNKED, 0, "0\r\n\n",
	  "400 a line ends without carriage return" },

	{ "a trailer", HTTP_BODY_CHUNKED, 0, "0\r\nGrpc-Status: 0\r\n\r\n",
	  " | grpc-status: 0 + " },
	{ "two trailers", HTTP_BODY_CHUNKED, 0, "0\r\nA: 1\r\nB:2 \r\n\r\nGET",
	  " | a: 1 | b: 2 + GET" },
	{ "too many trailers", HTTP_BODY_CHUNKED, 0, "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
	  "431 there are too many trailers" },
	{ "trailers too large", HTTP_BODY_CHUNKED, 0,
	  "0\r\nA: 123456789012345678901234567890123456789012\r\n\r\n",
	  "431 the trailers are too large" },
	{ "a trailer that frames", HTTP_BODY_CHUNKED, 0, "0\r\nContent-Length: 5\r\n\r\n",
	  "400 a trailer that belongs into the head" },
	{ "a trailer that frames differently", HTTP_BODY_CHUNKED, 0,
	  "0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 a trailer that belongs into the head" },
	{ "a trailer that routes", HTTP_BODY_CHUNKED, 0, "0\r\nHost: b\r\n\r\n",
	  "400 a trailer that belongs into the head" },
	{ "a trailer that authenticates is left out", HTTP_BODY_CHUNKED, 0,
	  "0\r\nAuthorization: x\r\nA: 1\r\n\r\n", " | a: 1 + " },
	{ "a trailer about the connection is left out", HTTP_BODY_CHUNKED, 0,
	  "0\r\nConnection: a\r\nA: 1\r\n\r\n", " | a: 1 + " },
	{ "a trailer with a blank before the colon", HTTP_BODY_CHUNKED, 0, "0\r\nA : 1\r\n\r\n",
	  "400 a blank before the colon of a field" },
	{ "a folded trailer", HTTP_BODY_CHUNKED, 0, "0\r\nA: 1\r\n b\r\n\r\n",
	  "400 a folded field line" },
	{ "a trailer without colon", HTTP_BODY_CHUNKED, 0, "0\r\nGET /\r\n\r\n",
	  "400 a blank before the colon of a field" },
	{ "a control character in a trailer", HTTP_BODY_CHUNKED, 0, "0\r\nA: \x01\r\n\r\n",
	  "400 a control character in a field value" },
};

struct attempt {
	struct http1_body body;
	struct http_fields trailers;
	struct arena arena;
	struct text input; /* not yet taken */
	struct buffer *out;
};

static enum http1_body_result read_all(struct attempt *attempt)
{
	enum http1_body_result result;
	struct text data;

	while ((result = http1_body_read(&attempt->body, &attempt->input, &data))
	       == HTTP1_BODY_DATA) {
		assert_true(data.len > 0);
		buffer_add(attempt->out, data.ptr, data.len);
	}
	return result;
}

static void show_end(struct attempt *attempt, enum http1_body_result result)
{
	struct buffer *const out = attempt->out;

	if (result == HTTP1_BODY_REFUSED) {
		buffer_clear(out);
		buffer_printf(out, "%u %s", attempt->body.problem.status,
			      attempt->body.problem.reason);
		return;
	}
	if (result == HTTP1_BODY_MORE) {
		buffer_add_text(out,
				http1_body_close(&attempt->body) ? ", closed" : ", incomplete");
		return;
	}
	HTTP_FIELD_FOR_EACH (&attempt->trailers, field)
		buffer_printf(out, " | %.*s: %.*s", TEXT_ARGS(field->name),
			      TEXT_ARGS(field->value));
	buffer_add_text(out, " + ");
	buffer_add(out, attempt->input.ptr, attempt->input.len);
}

/* The input arrives up to `cut`, then the rest. */
static void try_cut(const struct body_case *row, size_t cut, struct buffer *out)
{
	const struct http_head head = { .framing = row->framing, .content_length = row->length };
	const struct text input = text_of(row->input);
	struct attempt attempt = { .input = text_until(input, cut), .out = out };

	arena_init(&attempt.arena, 64);
	http1_body_init(&attempt.body, &head, &limits, &attempt.trailers, &attempt.arena);

	enum http1_body_result result = read_all(&attempt);

	attempt.input.len += input.len - cut;
	if (result == HTTP1_BODY_MORE)
		result = read_all(&attempt);
	show_end(&attempt, result);
	http_fields_done(&attempt.trailers);
	arena_done(&attempt.arena);
}

static void check_row(void **state)
{
	const struct body_case *row = *state;

	for (size_t cut = 0; cut <= strlen(row->input); cut++) {
		AUTO_BUFFER struct buffer out = { 0 };

		try_cut(row, cut, &out);
		assert_string_equal(out.data, row->want);
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("http1_body", tests, NULL, NULL);
}
