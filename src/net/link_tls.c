/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link_tls.h"

#include "net/link_bio.h"

#include <errno.h>
#include <openssl/err.h>

#define WIRE_MAX (256 * 1024) /* records sealed ahead of what the kernel takes */

/* ---- after the handshake ---- */

static void keep_protocol(struct link *link)
{
	const unsigned char *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(link->ssl, &name, &len);
	if (len == 0 || len > sizeof(link->protocol))
		return;
	memcpy(link->protocol, name, len);
	link->protocol_len = (unsigned char)len;
}

static void keep_server_name(struct link *link)
{
	const char *name = SSL_get_servername(link->ssl, TLSEXT_NAMETYPE_host_name);

	if (name != NULL)
		link->server_name = mem_strdup(name);
}

void link_tls_handshake_done(struct link *link)
{
	keep_protocol(link);
	keep_server_name(link);
	mem_free(TAKE(link->refusal));
	link->records = tls_records_new(link->ssl, link->secrets);
	tls_secrets_detach(link->ssl);
	tls_secrets_free(TAKE(link->secrets));
	if (link->records == NULL) {
		SSL_set_read_ahead(link->ssl, 1); /* one read takes all records that have arrived */
		return;
	}
	/* without a goodbye of its own, and without taking its session for a bad one */
	SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(TAKE(link->ssl));
}

void link_tls_done(struct link *link)
{
	SSL_free(TAKE(link->ssl));
	tls_secrets_free(TAKE(link->secrets));
	tls_records_free(TAKE(link->records));
	mem_free(TAKE(link->refusal));
	mem_free(TAKE(link->server_name));
	byte_queue_clear(&link->sealed, link->pool);
	byte_queue_clear(&link->opened, link->pool);
}

struct text link_protocol(const struct link *link)
{
	return (struct text){ link->protocol, link->protocol_len };
}

struct text link_server_name(const struct link *link)
{
	return text_of(link->server_name);
}

bool link_is_tls(const struct link *link)
{
	return link->ssl != NULL || link->records != NULL;
}

const char *link_tls_version(const struct link *link)
{
	if (link->records != NULL)
		return "TLSv1.3";
	return link->ssl != NULL ? SSL_get_version(link->ssl) : NULL;
}

const char *link_tls_cipher(const struct link *link)
{
	if (link->records != NULL)
		return tls_records_cipher(link->records);
	return link->ssl != NULL ? SSL_get_cipher_name(link->ssl) : NULL;
}

/* ---- reading ---- */

static ssize_t read_by_openssl(struct link *link, void *out, size_t len)
{
	size_t got = 0;

	if (SSL_read_ex(link->ssl, out, len, &got) == 1)
		return (ssize_t)got;

	const int why = SSL_get_error(link->ssl, 0);

	if (link->wire.len > 0)
		link_flush_later(link); /* an alert */
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	ERR_clear_error();
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	return -ECONNRESET; /* also a FIN without close_notify: a truncated stream is no clean end
			     */
}

static size_t drain_queue(struct link *link, struct byte_queue *queue, char *out, size_t room)
{
	size_t done = 0;

	while (queue->len > 0 && done < room) {
		const struct slab *slab = queue->first;
		const size_t part = MIN_OF((size_t)(slab->end - slab->start), room - done);

		memcpy(out + done, slab->data + slab->start, part);
		byte_queue_consume(queue, link->pool, part);
		done += part;
	}
	return done;
}

static int seal_into_wire(struct link *link, enum tls_content type, const char *bytes, size_t len)
{
	char *room =
		byte_queue_extend(&link->wire, link->pool, TLS_RECORD_HEAD + len + TLS_RECORD_TAIL);

	memcpy(room + TLS_RECORD_HEAD, bytes, len);
	return tls_records_seal(link->records, type, room + TLS_RECORD_HEAD, len);
}

static int update_key(struct link *link)
{
	int code = seal_into_wire(link, TLS_CONTENT_HANDSHAKE, tls_key_update, TLS_KEY_UPDATE_SIZE);

	if (code == 0)
		code = tls_records_next_write_key(link->records);
	return code;
}

struct reading { /* of one link_read */
	struct link *link;
	char *sealed; /* what arrived and is not opened yet */
	size_t sealed_len;
	char *out;
	size_t room, done;
};

/* A record that is larger than what its owner has room for. */
static enum tls_opened open_aside(struct reading *reading, size_t size)
{
	char content[TLS_RECORD_MAX];
	size_t len;
	const enum tls_opened opened =
		tls_records_open(reading->link->records, reading->sealed, size, content, &len);
	const size_t part = MIN_OF(len, reading->room - reading->done);

	memcpy(reading->out + reading->done, content, part);
	reading->done += part;
	byte_queue_add(&reading->link->opened, reading->link->pool, content + part, len - part);
	return opened;
}

static enum tls_opened open_first(struct reading *reading, size_t size)
{
	enum tls_opened opened;
	size_t len;

	if (reading->room - reading->done < size - TLS_RECORD_HEAD)
		return open_aside(reading, size);
	opened = tls_records_open(reading->link->records, reading->sealed, size,
				  reading->out + reading->done, &len);
	reading->done += len;
	return opened;
}

/* Every whole record that there is, while there is room for it. 0, or -Exxx: nothing more comes. */
static int open_all(struct reading *reading)
{
	struct link *link = reading->link;

	while (reading->done < reading->room) {
		const ssize_t size = tls_record_size(reading->sealed, reading->sealed_len);

		if (size < 0)
			return -ECONNRESET;
		if (size == 0 || (size_t)size > reading->sealed_len)
			return 0;
		switch (open_first(reading, (size_t)size)) {
		case TLS_OPENED_UPDATE:
			if (update_key(link) < 0)
				return -ECONNRESET;
			link_flush_later(link);
			break;
		case TLS_OPENED_END:
			link->heard_goodbye = true;
			return 0;
		case TLS_OPENED_BROKEN:
			return -ECONNRESET;
		default:
			break;
		}
		reading->sealed += size;
		reading->sealed_len -= (size_t)size;
	}
	return 0;
}

/* One more read of the socket behind what is there. A little more than what was asked for fits in:
 * what would have to be kept for later is small. */
static ssize_t receive_more(struct reading *reading, size_t capacity)
{
	const size_t wanted =
		MAX_OF(reading->room, (size_t)512) + TLS_RECORD_HEAD + TLS_RECORD_TAIL;
	const ssize_t got = link_receive(reading->link, reading->sealed + reading->sealed_len,
					 MIN_OF(wanted, capacity - reading->sealed_len));

	if (got > 0)
		reading->sealed_len += (size_t)got;
	return got == 0 ? -ECONNRESET : got; /* no goodbye: not all of it may have come */
}

static ssize_t read_records(struct link *link, char *out, size_t len)
{
	char sealed[TLS_RECORD_MAX + 1024];
	struct reading reading = { .link = link, .sealed = sealed, .out = out, .room = len };
	ssize_t code = 0;

	if (link->opened.len > 0)
		return (ssize_t)drain_queue(link, &link->opened, out, len);
	if (link->heard_goodbye)
		return 0;
	if (link->is_broken)
		return -ECONNRESET;
	reading.sealed_len = drain_queue(link, &link->sealed, sealed, sizeof(sealed));
	code = open_all(&reading);
	while (code == 0 && reading.done == 0 && !link->heard_goodbye) {
		memmove(sealed, reading.sealed, reading.sealed_len);
		reading.sealed = sealed;
		code = receive_more(&reading, sizeof(sealed));
		if (code > 0)
			code = open_all(&reading);
	}
	if (code == 0 || code == -EAGAIN)
		byte_queue_add(&link->sealed, link->pool, reading.sealed, reading.sealed_len);
	else
		link->is_broken = true; /* what was good before it is given first */
	if (reading.done > 0)
		return (ssize_t)reading.done;
	return link->heard_goodbye ? 0 : code;
}

ssize_t link_tls_read(struct link *link, void *out, size_t len)
{
	return link->records != NULL ? read_records(link, out, len)
				     : read_by_openssl(link, out, len);
}

bool link_tls_has_pending(const struct link *link)
{
	if (link->ssl != NULL)
		return SSL_has_pending(link->ssl);
	return link->opened.len > 0 || link->sealed.len > 0;
}

/* ---- writing ---- */

static int seal_first(struct link *link)
{
	struct slab *slab = link->out.first;
	const uint32_t len = slab->end - slab->start;
	int code = 0;

	if (tls_records_wants_update(link->records))
		code = update_key(link);
	if (code == 0)
		code = tls_records_seal(link->records, TLS_CONTENT_DATA, slab->data + slab->start,
					len);
	if (code < 0)
		return -ECONNRESET;
	byte_queue_move_first(&link->wire, &link->out, slab->start - TLS_RECORD_HEAD,
			      slab->end + TLS_RECORD_TAIL);
	link->bytes_out += len;
	return 0;
}

static int write_first_by_openssl(struct link *link)
{
	const struct slab *slab = link->out.first;
	size_t done = 0;

	if (SSL_write_ex(link->ssl, slab->data + slab->start, slab->end - slab->start, &done)
	    != 1) {
		ERR_clear_error();
		return -ECONNRESET; /* the queue BIO never blocks, so this is no WANT_… */
	}
	byte_queue_consume(&link->out, link->pool, done);
	link->bytes_out += done;
	return 0;
}

int link_tls_seal(struct link *link)
{
	int code = 0;

	while (code == 0 && link->out.len > 0 && link->wire.len < WIRE_MAX)
		code = link->records != NULL ? seal_first(link) : write_first_by_openssl(link);
	return code;
}

void link_tls_say_goodbye(struct link *link)
{
	static const char close_notify[] = { SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY };

	if (link->records != NULL)
		(void)seal_into_wire(link, TLS_CONTENT_ALERT, close_notify, sizeof(close_notify));
	else
		SSL_shutdown(link->ssl);
	ERR_clear_error();
}
