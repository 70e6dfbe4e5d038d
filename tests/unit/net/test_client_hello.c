/* SPDX-License-Identifier: Apache-2.0 */
/* ClientHellos as OpenSSL makes them, cut in every way, and broken ones. */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct made {
	char bytes[4096];
	size_t len;
};

static void make(struct made *out, const char *name, struct text protocols, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_up_ref(bio);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), bio);
	SSL_set_connect_state(ssl);
	SSL_set_max_proto_version(ssl, version);
	if (name != NULL)
		SSL_set_tlsext_host_name(ssl, name);
	if (protocols.len > 0)
		SSL_set_alpn_protos(ssl, (const unsigned char *)protocols.ptr,
				    (unsigned)protocols.len);
	SSL_do_handshake(ssl);
	out->len = (size_t)BIO_read(bio, out->bytes, sizeof(out->bytes));
	SSL_free(ssl);
	BIO_free(bio);
	SSL_CTX_free(context);
}

static struct text text_of_made(const struct made *made)
{
	return (struct text){ made->bytes, made->len };
}

static void test_name_and_protocols(void **state)
{
	static struct client_hello hello;
	struct made made;

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		make(&made, "a.example", TEXT("\x05istio\x02h2"), version);
		assert_int_equal(client_hello_parse(text_of_made(&made), &hello),
				 CLIENT_HELLO_DONE);
		assert_true(text_is(hello.server_name, "a.example"));
		assert_true(client_hello_offers(&hello, TEXT("istio")));
		assert_true(client_hello_offers(&hello, TEXT("h2")));
		assert_false(client_hello_offers(&hello, TEXT("h")));
		make(&made, NULL, TEXT(""), version);
		assert_int_equal(client_hello_parse(text_of_made(&made), &hello),
				 CLIENT_HELLO_DONE);
		assert_null(hello.server_name.ptr);
		assert_null(hello.protocols.ptr);
		assert_false(client_hello_offers(&hello, TEXT("istio")));
	}
}

static void test_every_beginning_wants_more(void **state)
{
	static struct client_hello hello;
	struct made made;

	(void)state;
	make(&made, "a.example", TEXT("\x02h2"), TLS1_3_VERSION);
	for (size_t len = 0; len < made.len; len++)
		assert_int_equal(client_hello_parse(text_until(text_of_made(&made), len), &hello),
				 CLIENT_HELLO_MORE);
}

/* The same message in records of `piece` bytes. */
static size_t cut(char *out, const struct made *made, size_t piece)
{
	size_t len = 0;

	for (size_t at = 5; at < made->len; at += piece) {
		const size_t part = MIN_OF(piece, made->len - at);

		out[len++] = 0x16;
		out[len++] = 3;
		out[len++] = 1;
		out[len++] = 0;
		out[len++] = (char)part;
		memcpy(out + len, made->bytes + at, part);
		len += part;
	}
	return len;
}

static void test_records_do_not_matter(void **state)
{
	static struct client_hello hello;
	static char bytes[16384];
	struct made made;

	(void)state;
	make(&made, "a.example", TEXT("\x05istio"), TLS1_3_VERSION);
	for (size_t piece = 1; piece < 120; piece += 7) {
		const size_t len = cut(bytes, &made, piece);

		assert_int_equal(client_hello_parse((struct text){ bytes, len }, &hello),
				 CLIENT_HELLO_DONE);
		assert_true(text_is(hello.server_name, "a.example"));
		assert_true(client_hello_offers(&hello, TEXT("istio")));
	}
}

/* Changes one byte at a time: it may be read or not, but never beyond what is there. */
static void test_broken_ones(void **state)
{
	static struct client_hello hello;
	struct made made;

	(void)state;
	make(&made, "a.example", TEXT("\x05istio"), TLS1_2_VERSION);
	for (size_t at = 0; at < made.len; at++) {
		struct made broken = made;

		broken.bytes[at] = (char)(broken.bytes[at] ^ 0xff);
		(void)client_hello_parse(text_of_made(&broken), &hello);
	}
	made.bytes[0] = 0x17;
	assert_int_equal(client_hello_parse(text_of_made(&made), &hello), CLIENT_HELLO_REFUSED);
}

#define REFUSED(bytes) client_hello_parse(TEXT(bytes), &hello)

static void test_refused(void **state)
{
	static struct client_hello hello;

	(void)state;
	assert_int_equal(REFUSED("GET / HTTP/1.1"), CLIENT_HELLO_REFUSED);
	assert_int_equal(REFUSED("\x16\x02"), CLIENT_HELLO_MORE);
	assert_int_equal(REFUSED("\x16\x02\1"), CLIENT_HELLO_REFUSED);
	assert_int_equal(REFUSED("\x16\x03\1\0\0"), CLIENT_HELLO_REFUSED);
	assert_int_equal(REFUSED("\x16\x03\1\0\1\2"), CLIENT_HELLO_REFUSED);
	assert_int_equal(REFUSED("\x16\x03\1\0\4\1\xff\xff\xff"), CLIENT_HELLO_REFUSED);
	assert_int_equal(REFUSED("\x16\x03\1\0\5\1\0\0\1\0"), CLIENT_HELLO_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_and_protocols),
		cmocka_unit_test(test_every_beginning_wants_more),
		cmocka_unit_test(test_records_do_not_matter),
		cmocka_unit_test(test_broken_ones),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
