/* SPDX-License-Identifier: Apache-2.0 */
/* tls_records.h — the records of a TLS 1.3 connection whose handshake is over (RFC 8446, sections
 * 5 and 7).
 *
 * The handshake, and with it all that decides who the peer is, is OpenSSL's, and so are the
 * ciphers. What remains afterwards is to seal and open records with two keys; for that an SSL
 * object would hold 20 KiB a connection, certificates and all, for as long as it lives, and copy
 * every byte twice. So its secrets are taken over and it is freed. TLS 1.2 stays with it.
 *
 * Pure: no socket, no link. One thread's. Secrets are wiped when they are replaced or freed. */
#pragma once

#include "base/base.h"

#include <openssl/ssl.h>

/* What a record adds to what it carries: before and behind. */
#define TLS_RECORD_HEAD    5
#define TLS_RECORD_TAIL    17 /* inner type, tag */
#define TLS_RECORD_CONTENT 16384
#define TLS_RECORD_MAX     (TLS_RECORD_HEAD + TLS_RECORD_CONTENT + 256)

enum tls_content {
	TLS_CONTENT_ALERT = 21,
	TLS_CONTENT_HANDSHAKE = 22,
	TLS_CONTENT_DATA = 23,
};

/* Gathered while OpenSSL shakes hands (tls_secrets_watch), for take-over. */
struct tls_secrets;
void tls_secrets_watch(SSL_CTX *context); /* of connections with tls_secrets_attach */
struct tls_secrets *tls_secrets_attach(SSL *ssl);
void tls_secrets_detach(SSL *ssl);                  /* where the connection outlives them */
void tls_secrets_free(struct tls_secrets *secrets); /* NULL is fine */

struct tls_records;
/* The handshake is done. NULL: this connection has to stay with OpenSSL (TLS 1.2). */
struct tls_records *tls_records_new(SSL *ssl, const struct tls_secrets *secrets);
void tls_records_free(struct tls_records *records); /* NULL is fine */

const char *tls_records_cipher(const struct tls_records *records); /* "TLS_AES_128_GCM_SHA256" */

/* Seals in place: `content` has TLS_RECORD_HEAD bytes of room before it and TLS_RECORD_TAIL behind.
 * The record begins at content - TLS_RECORD_HEAD. len <= TLS_RECORD_CONTENT. */
int tls_records_seal(struct tls_records *records, enum tls_content type, char *content, size_t len);
/* Before that is asked for too many records, the key has to be changed: seal `update`. */
bool tls_records_wants_update(const struct tls_records *records);
#define TLS_KEY_UPDATE_SIZE 5
extern const char tls_key_update[TLS_KEY_UPDATE_SIZE]; /* a handshake message, no answer asked */
int tls_records_next_write_key(struct tls_records *records);

/* Bytes of the record at the front, head included; 0: not known yet; -EPROTO: this is none. */
ssize_t tls_record_size(const char *bytes, size_t len);

/* What a record said. */
enum tls_opened {
	TLS_OPENED_DATA = 0,
	TLS_OPENED_NOTHING, /* a session ticket, say */
	TLS_OPENED_UPDATE, /* the peer's key is new, and it wants ours to be: seal tls_key_update */
	TLS_OPENED_END,    /* close_notify */
	TLS_OPENED_BROKEN, /* forged, malformed, or an alert: nothing more can be read */
};

/* Opens one whole record into `out`, which has room for what follows its head. *len: bytes of data.
 */
enum tls_opened tls_records_open(struct tls_records *records, const char *record, size_t size,
				 char *out, size_t *len);
