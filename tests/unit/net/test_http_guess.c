/* SPDX-License-Identifier: Apache-2.0 */
/* First bytes, and whether they are HTTP's. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct guess_case {
	const char *bytes;
	enum http_guess want;
} rows[] = {
	{ "", HTTP_GUESS_MORE },
	{ "G", HTTP_GUESS_MORE },
	{ "GET", HTTP_GUESS_MORE },
	{ "GET ", HTTP_GUESS_MORE },
	{ "GET /", HTTP_GUESS_MORE },
	{ "GET / ", HTTP_GUESS_MORE },
	{ "GET / HTTP/1", HTTP_GUESS_MORE },
	{ "GET / HTTP/1.", HTTP_GUESS_1 },
	{ "GET / HTTP/1.1\r\n", HTTP_GUESS_1 },
	{ "get /\"<>\xff HTTP/1.9\r\n", HTTP_GUESS_1 },
	{ "M-SEARCH * HTTP/1.1\r\n", HTTP_GUESS_1 },
	{ "CONNECT a:1 HTTP/1.0\n", HTTP_GUESS_1 },
	{ "\r\n\n\r\nGET / HTTP/1.1", HTTP_GUESS_1 },
	{ "\r\n", HTTP_GUESS_MORE },
	{ "PRI", HTTP_GUESS_MORE },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_GUESS_2 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", HTTP_GUESS_MORE },
	{ "PRI * HTTP/2.0\r\n\r\nXX", HTTP_GUESS_OTHER },
	{ "GET / HTTP/2.0\r\n", HTTP_GUESS_OTHER },
	{ "GET /\r\n", HTTP_GUESS_OTHER },
	{ "GET  / HTTP/1.1", HTTP_GUESS_OTHER },
	{ "GET\t/ HTTP/1.1", HTTP_GUESS_OTHER },
	{ "SSH-2.0-OpenSSH_9.2\r\n", HTTP_GUESS_OTHER },
	{ "\x16\x03\x01", HTTP_GUESS_OTHER },
	{ "*3\r\n$3\r\nSET\r\n", HTTP_GUESS_OTHER },
	{ "EHLO mail.example\r\n", HTTP_GUESS_OTHER },
	{ "AMETHODTHATISLONGERTHANANYWHICHIS", HTTP_GUESS_OTHER },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (http_guess(text_of(rows[i].bytes)) != rows[i].want)
			fail_msg("row %zu: '%s'", i, rows[i].bytes);
}

/* A request line that does not end is one for the parser to refuse. */
static void test_long_target(void **state)
{
	char line[20000] = "GET ";

	(void)state;
	memset(line + 4, 'a', sizeof(line) - 4);
	assert_int_equal(http_guess((struct text){ line, 1000 }), HTTP_GUESS_MORE);
	assert_int_equal(http_guess((struct text){ line, sizeof(line) }), HTTP_GUESS_1);
}

/* More bytes never turn one answer into another. */
static void test_answers_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct text whole = text_of(rows[i].bytes);

		for (size_t len = 0; len < whole.len; len++) {
			const enum http_guess early = http_guess(text_until(whole, len));

			assert_true(early == HTTP_GUESS_MORE || early == rows[i].want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_answers_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
