/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_records.h"

#include "net/tls_secrets.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define TAG_SIZE 16
#define IV_SIZE  12

/* AES-GCM keys are good for 2^24.5 full records (RFC 8446, section 5.5). */
#define RECORDS_A_KEY ((uint64_t)1 << 24)
/* A peer that sends records without data keeps us busy for nothing. */
#define IDLE_RECORDS_MAX 32

enum handshake_type { HANDSHAKE_NEW_SESSION_TICKET = 4, HANDSHAKE_KEY_UPDATE = 24 };
#define HANDSHAKE_HEAD 4

const char tls_key_update[TLS_KEY_UPDATE_SIZE] = { HANDSHAKE_KEY_UPDATE, 0, 0, 1, 0 };

struct direction {
	EVP_CIPHER_CTX *cipher; /* owned; keyed */
	struct tls_secret secret;
	unsigned char iv[IV_SIZE];
	uint64_t number; /* of the next record */
};

struct tls_records {
	const EVP_MD *hash;
	const EVP_CIPHER *aead;
	const char *name;
	bool is_client;
	struct direction reading, writing;
	unsigned idle_records;
	size_t ticket_left; /* bytes of a ticket that goes on in the next record */
};

/* ---- keys (RFC 8446, sections 7.1 to 7.3) ---- */

#define LABEL_MAX 64

/* HKDF-Expand-Label with an empty context. What is asked for is never longer than the hash: one
 * block of HKDF-Expand (RFC 5869, section 2.3). */
static int expand_label(const EVP_MD *hash, const struct tls_secret *secret, struct text label,
			unsigned char *out, size_t len)
{
	unsigned char info[LABEL_MAX] = { (unsigned char)(len >> 8),
					  (unsigned char)len,
					  (unsigned char)(6 + label.len),
					  't',
					  'l',
					  's',
					  '1',
					  '3',
					  ' ' };
	unsigned char block[EVP_MAX_MD_SIZE];
	unsigned block_size = 0;

	memcpy(info + 9, label.ptr, label.len);
	info[10 + label.len] = 1; /* after a byte of 0: no context; the block's number */

	const bool done = HMAC(hash, secret->bytes, (int)secret->len, info, 11 + label.len, block,
			       &block_size)
			  != NULL;

	if (done && block_size >= len)
		memcpy(out, block, len);
	mem_wipe(block, sizeof(block));
	return done && block_size >= len ? 0 : -EINVAL;
}

static int set_keys(const struct tls_records *records, struct direction *direction, bool sealing)
{
	unsigned char key[EVP_MAX_KEY_LENGTH];
	const size_t key_size = (size_t)EVP_CIPHER_get_key_length(records->aead);
	int code = expand_label(records->hash, &direction->secret, TEXT("key"), key, key_size);

	if (code == 0)
		code = expand_label(records->hash, &direction->secret, TEXT("iv"), direction->iv,
				    IV_SIZE);
	if (code == 0
	    && EVP_CipherInit_ex(direction->cipher, records->aead, NULL, key, NULL, sealing) != 1)
		code = -EINVAL;
	mem_wipe(key, sizeof(key));
	direction->number = 0;
	return code;
}

static int next_keys(const struct tls_records *records, struct direction *direction, bool sealing)
{
	struct tls_secret next = { .len = direction->secret.len };
	int code = expand_label(records->hash, &direction->secret, TEXT("traffic upd"), next.bytes,
				next.len);

	if (code == 0) {
		direction->secret = next;
		code = set_keys(records, direction, sealing);
	}
	mem_wipe(&next, sizeof(next));
	return code;
}

int tls_records_next_write_key(struct tls_records *records)
{
	return next_keys(records, &records->writing, true);
}

static void nonce_of(const struct direction *direction, unsigned char out[IV_SIZE])
{
	memcpy(out, direction->iv, IV_SIZE);
	for (unsigned i = 0; i < 8; i++)
		out[IV_SIZE - 1 - i] ^= (unsigned char)(direction->number >> (8 * i));
}

/* ---- life ---- */

static int start(struct tls_records *records, const struct tls_secrets *secrets)
{
	const bool is_client = records->is_client;
	int code;

	records->reading.secret = is_client ? secrets->server : secrets->client;
	records->writing.secret = is_client ? secrets->client : secrets->server;
	records->reading.cipher = EVP_CIPHER_CTX_new();
	records->writing.cipher = EVP_CIPHER_CTX_new();
	if (records->reading.cipher == NULL || records->writing.cipher == NULL)
		abort(); /* out of memory, as in alloc.h */
	code = set_keys(records, &records->reading, false);
	if (code == 0)
		code = set_keys(records, &records->writing, true);
	records->writing.number = secrets->sealed;
	return code;
}

static const EVP_CIPHER *aead_of(const SSL_CIPHER *cipher)
{
	switch (SSL_CIPHER_get_protocol_id(cipher)) {
	case 0x1301:
		return EVP_aes_128_gcm();
	case 0x1302:
		return EVP_aes_256_gcm();
	case 0x1303:
		return EVP_chacha20_poly1305();
	default:
		return NULL;
	}
}

struct tls_records *tls_records_new(SSL *ssl, const struct tls_secrets *secrets)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	struct tls_records *records;

	if (SSL_version(ssl) != TLS1_3_VERSION || aead_of(cipher) == NULL || SSL_has_pending(ssl)
	    || secrets->client.len == 0 || secrets->server.len == 0)
		return NULL;
	records = MEM_NEW(struct tls_records);
	records->hash = SSL_CIPHER_get_handshake_digest(cipher);
	records->aead = aead_of(cipher);
	records->name = SSL_CIPHER_get_name(cipher);
	records->is_client = !SSL_is_server(ssl);
	if (start(records, secrets) == 0)
		return records;
	ERR_clear_error();
	tls_records_free(records);
	return NULL;
}

void tls_records_free(struct tls_records *records)
{
	if (records == NULL)
		return;
	EVP_CIPHER_CTX_free(records->reading.cipher);
	EVP_CIPHER_CTX_free(records->writing.cipher);
	mem_wipe(records, sizeof(*records));
	mem_free(records);
}

const char *tls_records_cipher(const struct tls_records *records)
{
	return records->name;
}

/* ---- sealing ---- */

bool tls_records_wants_update(const struct tls_records *records)
{
	return records->writing.number >= RECORDS_A_KEY;
}

int tls_records_seal(struct tls_records *records, enum tls_content type, char *content, size_t len)
{
	struct direction *writing = &records->writing;
	unsigned char *bytes = (unsigned char *)content, *head = bytes - TLS_RECORD_HEAD;
	const size_t sealed = len + TLS_RECORD_TAIL;
	unsigned char nonce[IV_SIZE];
	int part;

	head[0] = TLS_CONTENT_DATA;
	head[1] = head[2] = 3; /* legacy_record_version */
	head[3] = (unsigned char)(sealed >> 8);
	head[4] = (unsigned char)sealed;
	bytes[len] = (unsigned char)type;
	nonce_of(writing, nonce);
	if (EVP_CipherInit_ex(writing->cipher, NULL, NULL, NULL, nonce, 1) != 1
	    || EVP_CipherUpdate(writing->cipher, NULL, &part, head, TLS_RECORD_HEAD) != 1
	    || EVP_CipherUpdate(writing->cipher, bytes, &part, bytes, (int)len + 1) != 1
	    || EVP_CipherFinal_ex(writing->cipher, bytes + part, &part) != 1
	    || EVP_CIPHER_CTX_ctrl(writing->cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
				   bytes + len + 1)
		       != 1) {
		ERR_clear_error();
		return -EIO;
	}
	writing->number++;
	return 0;
}

/* ---- opening ---- */

ssize_t tls_record_size(const char *bytes, size_t len)
{
	const unsigned char *head = (const unsigned char *)bytes;
	size_t sealed;

	if (len < TLS_RECORD_HEAD)
		return 0;
	sealed = (size_t)head[3] << 8 | head[4];
	/* after the handshake all that comes is sealed, and says so */
	if (head[0] != TLS_CONTENT_DATA || head[1] != 3 || head[2] != 3 || sealed < TLS_RECORD_TAIL
	    || sealed > TLS_RECORD_MAX - TLS_RECORD_HEAD)
		return -EPROTO;
	return (ssize_t)(TLS_RECORD_HEAD + sealed);
}

static bool decrypt(struct direction *reading, const unsigned char *record, size_t size,
		    unsigned char *out)
{
	const size_t len = size - TLS_RECORD_HEAD - TAG_SIZE;
	const unsigned char *sealed = record + TLS_RECORD_HEAD;
	unsigned char nonce[IV_SIZE];
	int part;

	nonce_of(reading, nonce);
	return reading->number < UINT64_MAX
	       && EVP_CipherInit_ex(reading->cipher, NULL, NULL, NULL, nonce, 0) == 1
	       && EVP_CipherUpdate(reading->cipher, NULL, &part, record, TLS_RECORD_HEAD) == 1
	       && EVP_CipherUpdate(reading->cipher, out, &part, sealed, (int)len) == 1
	       && EVP_CIPHER_CTX_ctrl(reading->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
				      (void *)(sealed + len))
			  == 1
	       && EVP_CipherFinal_ex(reading->cipher, out + part, &part) == 1;
}

static enum tls_opened open_alert(const unsigned char *content, size_t len)
{
	return len == 2 && content[1] == SSL3_AD_CLOSE_NOTIFY ? TLS_OPENED_END : TLS_OPENED_BROKEN;
}

static enum tls_opened open_key_update(struct tls_records *records, const unsigned char *message,
				       size_t len)
{
	/* the message is all of its record: what follows has the new key (section 5.1) */
	if (len != TLS_KEY_UPDATE_SIZE || message[4] > 1
	    || next_keys(records, &records->reading, false) < 0)
		return TLS_OPENED_BROKEN;
	return message[4] == 1 ? TLS_OPENED_UPDATE : TLS_OPENED_NOTHING;
}

/* Tickets, which we do not use: skipped, over several records if need be. */
static enum tls_opened skip_tickets(struct tls_records *records, const unsigned char *message,
				    size_t len)
{
	while (len > 0) {
		const size_t part = MIN_OF(records->ticket_left, len);

		records->ticket_left -= part;
		message += part;
		len -= part;
		if (len == 0)
			break;
		if (len < HANDSHAKE_HEAD || message[0] != HANDSHAKE_NEW_SESSION_TICKET)
			return TLS_OPENED_BROKEN;
		records->ticket_left =
			(size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];
		message += HANDSHAKE_HEAD;
		len -= HANDSHAKE_HEAD;
	}
	return TLS_OPENED_NOTHING;
}

static enum tls_opened open_handshake(struct tls_records *records, const unsigned char *message,
				      size_t len)
{
	if (len == 0)
		return TLS_OPENED_BROKEN;
	if (records->ticket_left == 0 && message[0] == HANDSHAKE_KEY_UPDATE)
		return open_key_update(records, message, len);
	return records->is_client ? skip_tickets(records, message, len) : TLS_OPENED_BROKEN;
}

static enum tls_opened open_content(struct tls_records *records, unsigned type,
				    const unsigned char *content, size_t len)
{
	if (records->ticket_left > 0 && type != TLS_CONTENT_HANDSHAKE)
		return TLS_OPENED_BROKEN; /* a message's parts follow each other */
	switch (type) {
	case TLS_CONTENT_DATA:
		return len > 0 ? TLS_OPENED_DATA : TLS_OPENED_NOTHING;
	case TLS_CONTENT_HANDSHAKE:
		return open_handshake(records, content, len);
	case TLS_CONTENT_ALERT:
		return open_alert(content, len);
	default:
		return TLS_OPENED_BROKEN;
	}
}

enum tls_opened tls_records_open(struct tls_records *records, const char *record, size_t size,
				 char *out, size_t *len)
{
	unsigned char *content = (unsigned char *)out;
	size_t end = size - TLS_RECORD_HEAD - TAG_SIZE;
	enum tls_opened opened;

	*len = 0;
	if (!decrypt(&records->reading, (const unsigned char *)record, size, content)) {
		ERR_clear_error();
		return TLS_OPENED_BROKEN;
	}
	records->reading.number++;
	while (end > 0 && content[end - 1] == 0) /* padding */
		end--;
	if (end == 0 || end - 1 > TLS_RECORD_CONTENT)
		return TLS_OPENED_BROKEN;
	opened = open_content(records, content[end - 1], content, end - 1);
	if (opened == TLS_OPENED_DATA) {
		records->idle_records = 0;
		*len = end - 1;
	} else if (opened != TLS_OPENED_END && ++records->idle_records > IDLE_RECORDS_MAX) {
		return TLS_OPENED_BROKEN;
	}
	return opened;
}
