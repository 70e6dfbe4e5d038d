/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link_bio.h"

#include <errno.h>
#include <openssl/bio.h>
#include <pthread.h>

ssize_t link_receive(struct link *link, void *out, size_t len)
{
	ssize_t got;

	if (!link->readable)
		return -EAGAIN;
	do {
		got = recv(link->watch.fd, out, len, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		if (errno != EAGAIN)
			return -errno;
		link->readable = false;
		return -EAGAIN;
	}
	/* less than asked for: the socket is empty now, and what comes later is a new edge; but not
	 * after a FIN, which has had its edge */
	if ((size_t)got < len && got > 0 && !link->peer_closed)
		link->readable = false;
	return got;
}

static int bio_read(BIO *bio, char *out, int len)
{
	const ssize_t got = link_receive(BIO_get_data(bio), out, (size_t)len);

	BIO_clear_retry_flags(bio);
	if (got == -EAGAIN)
		BIO_set_retry_read(bio);
	return got < 0 ? -1 : (int)got;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
	struct link *link = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	byte_queue_add(&link->wire, link->pool, bytes, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
	(void)bio;
	(void)number;
	(void)ptr;
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

static BIO_METHOD *method;

static void make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "link");
	if (method == NULL)
		abort(); /* out of memory, as in alloc.h */
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
}

void link_bio_attach(struct link *link)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_method);

	BIO *bio = BIO_new(method);

	if (bio == NULL)
		abort(); /* out of memory, as in alloc.h */
	BIO_set_data(bio, link);
	BIO_set_init(bio, 1);
	SSL_set_bio(link->ssl, bio, bio);
}
