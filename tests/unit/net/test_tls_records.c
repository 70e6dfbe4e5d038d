/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a connection that was taken over from OpenSSL, with OpenSSL at the other end. */
#include "net/tls_pair.h"

#include <openssl/err.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct pair_case {
	const char *name, *suite;
	bool we_are_client;
} rows[] = {
	{ "server, AES-128-GCM", "TLS_AES_128_GCM_SHA256", false },
	{ "server, AES-256-GCM", "TLS_AES_256_GCM_SHA384", false },
	{ "server, ChaCha20-Poly1305", "TLS_CHACHA20_POLY1305_SHA256", false },
	{ "client, AES-128-GCM", "TLS_AES_128_GCM_SHA256", true },
	{ "client, AES-256-GCM", "TLS_AES_256_GCM_SHA384", true },
	{ "client, ChaCha20-Poly1305", "TLS_CHACHA20_POLY1305_SHA256", true },
};

/* What the far end sent, record by record; data is gathered in out. The last that is no data. */
static enum tls_opened open_wire(struct tls_pair *pair, struct buffer *out)
{
	char wire[3 * TLS_RECORD_MAX], content[TLS_RECORD_MAX];
	const size_t len = tls_pair_take(pair, wire, sizeof(wire));
	enum tls_opened last = TLS_OPENED_DATA;

	for (size_t at = 0; at < len;) {
		const ssize_t size = tls_record_size(wire + at, len - at);
		size_t part;

		assert_in_range(size, 1, len - at);

		const enum tls_opened opened =
			tls_records_open(pair->ours, wire + at, (size_t)size, content, &part);

		buffer_add(out, content, part);
		if (opened != TLS_OPENED_DATA)
			last = opened;
		if (opened == TLS_OPENED_BROKEN)
			return opened;
		at += (size_t)size;
	}
	return last;
}

static void assert_far_reads(struct tls_pair *pair, const char *want)
{
	char bytes[64];
	size_t got = 0;

	assert_int_equal(SSL_read_ex(pair->far, bytes, sizeof(bytes), &got), 1);
	assert_int_equal(got, strlen(want));
	assert_memory_equal(bytes, want, got);
}

static void assert_we_read(struct tls_pair *pair, const char *want)
{
	AUTO_BUFFER struct buffer got = { 0 };

	assert_int_not_equal(open_wire(pair, &got), TLS_OPENED_BROKEN);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.data, want, got.len);
}

static void say_far(struct tls_pair *pair, const char *text)
{
	size_t done;

	assert_int_equal(SSL_write_ex(pair->far, text, strlen(text), &done), 1);
}

static void a_row(void **state)
{
	const struct pair_case *row = *state;
	struct tls_pair pair;

	tls_pair_init(&pair, row->suite, row->we_are_client);
	assert_non_null(pair.ours);
	assert_string_equal(tls_records_cipher(pair.ours), row->suite);
	for (int i = 0; i < 3; i++) { /* tickets of the far end come first, and are skipped */
		tls_pair_give(&pair, TLS_CONTENT_DATA, "hello", 5);
		assert_far_reads(&pair, "hello");
		say_far(&pair, "and you");
		assert_we_read(&pair, "and you");
	}

	/* the far end changes its key, and asks us to */
	assert_int_equal(SSL_key_update(pair.far, SSL_KEY_UPDATE_REQUESTED), 1);
	say_far(&pair, "new key");

	AUTO_BUFFER struct buffer got = { 0 };

	assert_int_equal(open_wire(&pair, &got), TLS_OPENED_UPDATE);
	assert_int_equal(got.len, 7);
	tls_pair_give(&pair, TLS_CONTENT_HANDSHAKE, tls_key_update, TLS_KEY_UPDATE_SIZE);
	assert_int_equal(tls_records_next_write_key(pair.ours), 0);
	tls_pair_give(&pair, TLS_CONTENT_DATA, "mine too", 8);
	assert_far_reads(&pair, "mine too");
	say_far(&pair, "goes on");
	assert_we_read(&pair, "goes on");

	SSL_shutdown(pair.far);
	assert_int_equal(open_wire(&pair, &got), TLS_OPENED_END);
	tls_pair_give(&pair, TLS_CONTENT_ALERT, "\x01\x00", 2);
	assert_int_equal(SSL_shutdown(pair.far), 1); /* it heard our goodbye */
	tls_pair_done(&pair);
}

static void a_full_record_goes_both_ways(void **state)
{
	static char full[TLS_RECORD_CONTENT], back[TLS_RECORD_CONTENT];
	struct tls_pair pair;
	size_t done;

	(void)state;
	memset(full, 'x', sizeof(full));
	tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", false);
	tls_pair_give(&pair, TLS_CONTENT_DATA, full, sizeof(full));
	assert_int_equal(SSL_read_ex(pair.far, back, sizeof(back), &done), 1);
	assert_int_equal(done, sizeof(full));

	AUTO_BUFFER struct buffer got = { 0 };

	assert_int_equal(SSL_write_ex(pair.far, full, sizeof(full), &done), 1);
	assert_int_equal(open_wire(&pair, &got), TLS_OPENED_DATA);
	assert_int_equal(got.len, sizeof(full));
	assert_memory_equal(got.data, full, sizeof(full));
	tls_pair_done(&pair);
}

static void every_changed_byte_is_found(void **state)
{
	struct tls_pair pair;
	char wire[TLS_RECORD_MAX], content[TLS_RECORD_MAX];
	size_t part;

	(void)state;
	tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", false);
	say_far(&pair, "secret");

	const size_t len = tls_pair_take(&pair, wire, sizeof(wire));

	assert_int_equal(tls_record_size(wire, len), len);
	for (size_t i = 0; i < len; i++) {
		wire[i] = (char)(wire[i] ^ 1);
		if (tls_record_size(wire, len) == (ssize_t)len)
			assert_int_equal(tls_records_open(pair.ours, wire, len, content, &part),
					 TLS_OPENED_BROKEN);
		wire[i] = (char)(wire[i] ^ 1);
	}
	assert_int_equal(tls_records_open(pair.ours, wire, len, content, &part), TLS_OPENED_DATA);
	/* once more: its number is spent */
	assert_int_equal(tls_records_open(pair.ours, wire, len, content, &part), TLS_OPENED_BROKEN);
	tls_pair_done(&pair);
}

static void what_is_no_record(void **state)
{
	(void)state;
	assert_int_equal(tls_record_size("\x17\x03\x03\x00", 4), 0);
	assert_int_equal(tls_record_size("\x17\x03\x03\x00\x11", 5), 22);
	assert_int_equal(tls_record_size("\x17\x03\x03\x41\x00", 5), TLS_RECORD_MAX);
	assert_int_equal(tls_record_size("\x17\x03\x03\x41\x01", 5), -71); /* too large */
	assert_int_equal(tls_record_size("\x17\x03\x03\x00\x10", 5), -71); /* nothing inside */
	assert_int_equal(tls_record_size("\x14\x03\x03\x00\x01", 5), -71); /* change_cipher_spec */
	assert_int_equal(tls_record_size("\x16\x03\x03\x00\x40", 5), -71); /* in plain text */
	assert_int_equal(tls_record_size("GET / HTTP", 10), -71);
}

/* Sealed by the far end's keys: what a peer may not say. */
static void what_may_not_be_said(void **state)
{
	static const struct {
		const char *name;
		unsigned char type;
		struct text content;
	} wrong[] = {
		{ "a handshake", TLS_CONTENT_HANDSHAKE, { "\x01\x00\x00\x00", 4 } },
		{ "an empty handshake", TLS_CONTENT_HANDSHAKE, { "", 0 } },
		{ "a key update with more behind it",
		  TLS_CONTENT_HANDSHAKE,
		  { "\x18\x00\x00\x01\x00\x18", 6 } },
		{ "a key update that asks for something else",
		  TLS_CONTENT_HANDSHAKE,
		  { "\x18\x00\x00\x01\x02", 5 } },
		{ "an alert", TLS_CONTENT_ALERT, { "\x02\x28", 2 } },
		{ "half an alert", TLS_CONTENT_ALERT, { "\x01", 1 } },
		{ "change_cipher_spec", 20, { "\x01", 1 } },
		{ "padding alone", 0, { "\x00\x00", 2 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct tls_pair pair;
		char record[TLS_RECORD_MAX], content[TLS_RECORD_MAX];
		size_t part;

		tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", false);
		memcpy(record + TLS_RECORD_HEAD, wrong[i].content.ptr, wrong[i].content.len);
		assert_int_equal(tls_records_seal(pair.theirs, wrong[i].type,
						  record + TLS_RECORD_HEAD, wrong[i].content.len),
				 0);
		if (tls_records_open(pair.ours, record,
				     TLS_RECORD_HEAD + wrong[i].content.len + TLS_RECORD_TAIL,
				     content, &part)
		    != TLS_OPENED_BROKEN)
			fail_msg("%s was let pass", wrong[i].name);
		tls_pair_done(&pair);
	}
}

/* A ticket may lie over several records; nothing else may come between. */
static void tickets_are_skipped_in_parts(void **state)
{
	static const struct {
		enum tls_content type;
		struct text content;
		enum tls_opened want;
	} parts[] = {
		{ TLS_CONTENT_HANDSHAKE, { "\x04\x00\x00\x06\x01\x02", 6 }, TLS_OPENED_NOTHING },
		{ TLS_CONTENT_HANDSHAKE,
		  { "\x03\x04\x05\x06\x04\x00\x00\x01\x01", 9 },
		  TLS_OPENED_NOTHING },
		{ TLS_CONTENT_DATA, { "a", 1 }, TLS_OPENED_DATA },
		{ TLS_CONTENT_HANDSHAKE, { "\x04\x00\x00\x06\x01", 5 }, TLS_OPENED_NOTHING },
		{ TLS_CONTENT_DATA, { "a", 1 }, TLS_OPENED_BROKEN },
	};
	struct tls_pair pair;

	(void)state;
	tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", true);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		char record[TLS_RECORD_MAX], content[TLS_RECORD_MAX];
		const size_t len = parts[i].content.len;
		size_t part;

		memcpy(record + TLS_RECORD_HEAD, parts[i].content.ptr, len);
		assert_int_equal(
			tls_records_seal(pair.theirs, parts[i].type, record + TLS_RECORD_HEAD, len),
			0);
		if (i == 0) { /* OpenSSL's own tickets come before */
			AUTO_BUFFER struct buffer got = { 0 };

			open_wire(&pair, &got);
		}
		assert_int_equal(tls_records_open(pair.ours, record,
						  TLS_RECORD_HEAD + len + TLS_RECORD_TAIL, content,
						  &part),
				 parts[i].want);
	}
	tls_pair_done(&pair);
}

static void records_without_data_come_to_an_end(void **state)
{
	struct tls_pair pair;
	enum tls_opened opened = TLS_OPENED_NOTHING;
	unsigned count = 0;

	(void)state;
	tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", false);
	while (opened == TLS_OPENED_NOTHING && count++ < 1000) {
		char record[TLS_RECORD_MAX], content[TLS_RECORD_MAX];
		size_t part;

		assert_int_equal(tls_records_seal(pair.theirs, TLS_CONTENT_DATA,
						  record + TLS_RECORD_HEAD, 0),
				 0);
		opened = tls_records_open(pair.ours, record, TLS_RECORD_HEAD + TLS_RECORD_TAIL,
					  content, &part);
	}
	assert_int_equal(opened, TLS_OPENED_BROKEN);
	assert_in_range(count, 2, 100);
	tls_pair_done(&pair);
}

static void tls_1_2_stays_with_openssl(void **state)
{
	struct tls_pair pair;

	(void)state;
	tls_pair_init(&pair, NULL, false);
	assert_null(pair.ours);
	tls_pair_done(&pair);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 7] = {
		cmocka_unit_test(a_full_record_goes_both_ways),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(what_is_no_record),
		cmocka_unit_test(what_may_not_be_said),
		cmocka_unit_test(tickets_are_skipped_in_parts),
		cmocka_unit_test(records_without_data_come_to_an_end),
		cmocka_unit_test(tls_1_2_stays_with_openssl),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[7 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = a_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
