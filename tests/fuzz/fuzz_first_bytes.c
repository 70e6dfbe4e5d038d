/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection may begin with: a PROXY header, a ClientHello, a request line. An answer, once
 * given, does not change with more bytes; what is a view lies in its place; a PROXY header that is
 * written again says the same. */
#include "net/net.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_header(struct text bytes)
{
	struct proxy_header header, again;
	char written[PROXY_PROTOCOL_WRITE_MAX];
	const char *why = NULL;
	const enum proxy_protocol_result result = proxy_protocol_parse(bytes, &header, &why);

	require(result != PROXY_PROTOCOL_REFUSED || why != NULL);
	for (size_t len = 0; len < bytes.len && len < 64; len++) {
		const enum proxy_protocol_result early =
			proxy_protocol_parse(text_until(bytes, len), &again, &why);

		require(early == PROXY_PROTOCOL_MORE || early == result);
	}
	if (result != PROXY_PROTOCOL_DONE)
		return;
	require(header.len <= bytes.len && header.len > 0);
	if (!header.says_where)
		return;
	for (unsigned version = 1; version <= 2; version++) {
		const size_t len =
			proxy_protocol_write(written, version, &header.source, &header.destination);

		require(len <= sizeof(written));
		require(proxy_protocol_parse((struct text){ written, len }, &again, &why)
			== PROXY_PROTOCOL_DONE);
		if (again.says_where)
			require(address_port(&again.source) == address_port(&header.source));
	}
}

static bool lies_in(const struct client_hello *hello, struct text view)
{
	return view.ptr == NULL
	       || (view.ptr >= hello->joined
		   && view.ptr + view.len <= hello->joined + sizeof(hello->joined));
}

static void check_hello(struct text bytes)
{
	static struct client_hello hello, early;
	const enum client_hello_result result = client_hello_parse(bytes, &hello);

	if (result == CLIENT_HELLO_DONE) {
		require(lies_in(&hello, hello.server_name) && lies_in(&hello, hello.protocols));
		require(hello.server_name.len <= 255);
		(void)client_hello_offers(&hello, TEXT("istio"));
	}
	for (size_t len = 0; len < bytes.len && len < 64; len++)
		if (client_hello_parse(text_until(bytes, len), &early) == CLIENT_HELLO_REFUSED)
			require(result == CLIENT_HELLO_REFUSED);
}

static void check_guess(struct text bytes)
{
	const enum http_guess whole = http_guess(bytes);

	for (size_t len = 0; len < bytes.len && len < 64; len++) {
		const enum http_guess early = http_guess(text_until(bytes, len));

		require(early == HTTP_GUESS_MORE || early == whole);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text bytes = { (const char *)data, size };

	check_header(bytes);
	check_hello(bytes);
	check_guess(bytes);
	return 0;
}
