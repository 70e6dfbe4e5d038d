/* SPDX-License-Identifier: Apache-2.0 */
/* PROXY headers: what they say, and what is refused. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal)                                                                             \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

static const struct header_case {
	const char *name;
	struct text bytes;
	const char *want; /* "source destination length"; "" kept addresses; NULL: refused */
} rows[] = {
	{ "IPv4", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\nGET"),
	  "192.0.2.1:1000 192.0.2.2:80 40" },
	{ "IPv6", BYTES("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"),
	  "[2001:db8::1]:1 [::1]:65535 36" },
	{ "unknown", BYTES("PROXY UNKNOWN\r\n"), "15" },
	{ "unknown with anything", BYTES("PROXY UNKNOWN what ever\r\n"), "25" },
	{ "a family that does not fit", BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), NULL },
	{ "UDP", BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), NULL },
	{ "a leading zero in a port", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"), NULL },
	{ "a leading zero in an address", BYTES("PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n"), NULL },
	{ "a port too great", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"), NULL },
	{ "a word too many", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), NULL },
	{ "a word too few", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), NULL },
	{ "two blanks", BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"), NULL },
	{ "only LF", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), NULL },
	{ "small letters", BYTES("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), NULL },
	{ "no header", BYTES("GET / HTTP/1.1\r\n"), NULL },
	{ "binary IPv4", BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50rest"),
	  "192.0.2.1:1000 192.0.2.2:80 28" },
	{ "binary with a field behind",
	  BYTES(SIGNATURE "\x21\x11\0\x10\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50\x04\0\1x"),
	  "192.0.2.1:1000 192.0.2.2:80 32" },
	{ "the proxy's own", BYTES(SIGNATURE "\x20\0\0\0"), "16" },
	{ "the proxy's own, with a body", BYTES(SIGNATURE "\x20\x11\0\3abc"), "19" },
	{ "an unknown family", BYTES(SIGNATURE "\x21\0\0\0"), "16" },
	{ "version 3", BYTES(SIGNATURE "\x31\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50"), NULL },
	{ "an unknown command", BYTES(SIGNATURE "\x22\0\0\0"), NULL },
	{ "too short for its addresses", BYTES(SIGNATURE "\x21\x11\0\x04\xc0\0\2\1"), NULL },
	{ "longer than is read", BYTES(SIGNATURE "\x21\x11\xff\xff"), NULL },
	{ "a field that is cut",
	  BYTES(SIGNATURE "\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50\x04\0\1"), NULL },
	{ "a wrong checksum",
	  BYTES(SIGNATURE "\x21\x11\0\x13\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50\x03\0\4abcd"), NULL },
};

static void show(char *out, size_t size, const struct proxy_header *header)
{
	char source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];

	if (!header->says_where) {
		snprintf(out, size, "%zu", header->len);
		return;
	}
	address_format(&header->source, source);
	address_format(&header->destination, destination);
	snprintf(out, size, "%s %s %zu", source, destination, header->len);
}

static void check_row(void **state)
{
	const struct header_case *row = *state;
	struct proxy_header header;
	const char *why = NULL;
	char seen[300];

	if (row->want == NULL) {
		assert_int_equal(proxy_protocol_parse(row->bytes, &header, &why),
				 PROXY_PROTOCOL_REFUSED);
		assert_non_null(why);
		return;
	}
	assert_int_equal(proxy_protocol_parse(row->bytes, &header, &why), PROXY_PROTOCOL_DONE);
	show(seen, sizeof(seen), &header);
	assert_string_equal(seen, row->want);
	for (size_t len = 0; len < header.len; len++)
		assert_int_equal(proxy_protocol_parse(text_until(row->bytes, len), &header, &why),
				 PROXY_PROTOCOL_MORE);
}

static void test_what_is_written_is_read(void **state)
{
	static const char *const addresses[] = { "192.0.2.1:1000", "[2001:db8::1]:1",
						 "[::ffff:192.0.2.9]:9", "unix:///a" };
	struct address from, to;
	struct proxy_header header;
	char bytes[PROXY_PROTOCOL_WRITE_MAX];
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		for (unsigned version = 1; version <= 2; version++) {
			address_parse(text_of(addresses[i]), &from, NULL);
			to = from;

			const size_t len = proxy_protocol_write(bytes, version, &from, &to);

			assert_int_equal(
				proxy_protocol_parse((struct text){ bytes, len }, &header, &why),
				PROXY_PROTOCOL_DONE);
			assert_int_equal(header.len, len);
			assert_int_equal(header.says_where, i < 3);
			if (i < 3)
				assert_int_equal(address_port(&header.source), address_port(&from));
		}
}

/* The checksum of the specification's kind: over all, itself taken for zeros. */
static void test_a_right_checksum(void **state)
{
	static const char bytes[] = SIGNATURE "\x21\x11\0\x13\x7f\0\0\1\x7f\0\0\1\0\1\0\2\x03\0\4";
	char whole[sizeof(bytes) + 3];
	struct proxy_header header;
	const char *why;
	unsigned accepted = 0;
	uint32_t crc = UINT32_MAX;

	(void)state;
	memset(whole, 0, sizeof(whole));
	memcpy(whole, bytes, sizeof(bytes) - 1);
	for (size_t i = 0; i < sizeof(whole); i++) {
		crc ^= (unsigned char)whole[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	for (size_t i = 0; i < 4; i++)
		whole[sizeof(whole) - 1 - i] = (char)(~crc >> 8 * i);
	accepted += proxy_protocol_parse((struct text){ whole, sizeof(whole) }, &header, &why)
		    == PROXY_PROTOCOL_DONE;
	assert_int_equal(accepted, 1);
	whole[20] ^= 1;
	assert_int_equal(proxy_protocol_parse((struct text){ whole, sizeof(whole) }, &header, &why),
			 PROXY_PROTOCOL_REFUSED);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 2] = {
		[COUNT_OF(rows)] = cmocka_unit_test(test_what_is_written_is_read),
		[COUNT_OF(rows) + 1] = cmocka_unit_test(test_a_right_checksum),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
