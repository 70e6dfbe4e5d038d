/* SPDX-License-Identifier: Apache-2.0 */
/* tls_pair.h — two ends of a TLS connection in memory, shaken hands: OpenSSL at the far one, and
 * what took over from OpenSSL at ours. */
#pragma once

#include "net/tls_records.h"

struct tls_pair {
	SSL_CTX *contexts[2];
	SSL *far;                 /* OpenSSL's end */
	BIO *to_far, *from_far;   /* its wire */
	struct tls_records *ours; /* NULL: OpenSSL keeps it (TLS 1.2) */
	/* The far end's keys as well, to seal what OpenSSL would not send; not with `far` */
	struct tls_records *theirs;
};

/* suite: of TLS 1.3, or NULL for TLS 1.2. */
void tls_pair_init(struct tls_pair *pair, const char *suite, bool we_are_client);
void tls_pair_done(struct tls_pair *pair);

/* All that the far end put on the wire since. Returns its length. */
size_t tls_pair_take(struct tls_pair *pair, char *out, size_t room);
/* Seals and puts it on the wire to the far end. */
void tls_pair_give(struct tls_pair *pair, enum tls_content type, const void *bytes, size_t len);
