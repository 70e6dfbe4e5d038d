/* SPDX-License-Identifier: Apache-2.0 */
/* client_hello.h — what a TLS client says first, read without taking part: whom it asks for, and
 * what it would speak.
 *
 * Enough of RFC 8446 4.1.2 (RFC 5246 7.4.1.2) to route a connection whose TLS is somebody else's:
 * server_name (RFC 6066, section 3) and ALPN (RFC 7301, section 3.1). The message may be cut into
 * records in any way. What is malformed is refused: two readers could take it differently. */
#pragma once

#include "base/base.h"

#define CLIENT_HELLO_MAX 16384 /* bytes of its records, with their heads */

enum client_hello_result {
	CLIENT_HELLO_REFUSED = 0, /* no TLS, or none that can be made out */
	CLIENT_HELLO_MORE,        /* so far it is one */
	CLIENT_HELLO_DONE,
};

struct client_hello {
	struct text server_name; /* a host name; absent: none is asked for */
	struct text protocols;   /* ALPN, in wire form: each behind its length; absent: none */
	char joined[CLIENT_HELLO_MAX]; /* what the texts are views of */
};

enum client_hello_result client_hello_parse(struct text bytes, struct client_hello *out);
bool client_hello_offers(const struct client_hello *hello, struct text protocol);
