/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_resume.h"

#include <errno.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>

#define SESSIONS_MAX     1024 /* of one context: about 10 KiB each */
#define LIFETIME_SECONDS 3600

/* What a session knows of its peer; shared by the copies that OpenSSL makes of the session. */
struct remembered {
	atomic_int references;
	const struct tls_resumption *resumption;
	void *memory;
};

static int memory_index = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(struct remembered *remembered)
{
	if (remembered == NULL
	    || atomic_fetch_sub_explicit(&remembered->references, 1, memory_order_acq_rel) > 1)
		return;
	remembered->resumption->forget(remembered->memory);
	mem_free(remembered);
}

static void on_free(void *session, void *ptr, CRYPTO_EX_DATA *data, int index, long arg, void *argp)
{
	(void)session, (void)data, (void)index, (void)arg, (void)argp;
	release(ptr);
}

static int on_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ptr, int index, long arg,
		   void *argp)
{
	struct remembered *remembered = *ptr;

	(void)to, (void)from, (void)index, (void)arg, (void)argp;
	if (remembered != NULL)
		atomic_fetch_add_explicit(&remembered->references, 1, memory_order_relaxed);
	return 1;
}

static void reserve_index(void)
{
	memory_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, on_copy, on_free);
}

void tls_resume_configure(SSL_CTX *context, bool allowed)
{
	unsigned char name[16];

	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	if (!allowed) {
		SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_num_tickets(context, 0);
		return;
	}
	pthread_once(&once, reserve_index);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(context, SESSIONS_MAX);
	SSL_CTX_set_timeout(context, LIFETIME_SECONDS);
	SSL_CTX_set_num_tickets(context, 1);
	/* its own name: no session of another context, with other demands, is taken for one of it
	 */
	if (RAND_bytes(name, sizeof(name)) != 1)
		abort();
	SSL_CTX_set_session_id_context(context, name, sizeof(name));
}

void tls_resume_adopt(SSL *ssl, const SSL_CTX *chosen)
{
	/* sessions are looked up where the connection began, under the name of where it went on
	 * (SSL_set_SSL_CTX takes it along) */
	SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets((SSL_CTX *)chosen));
}

/* Not longer than the certificate. */
static void limit_life(SSL_SESSION *session, const X509 *leaf)
{
	int days, seconds;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf)) != 1 || days < 0
	    || seconds < 0)
		days = seconds = 0;
	if (days == 0 && seconds < LIFETIME_SECONDS)
		SSL_SESSION_set_timeout(session, seconds);
}

void tls_resume_remember(SSL *ssl, X509 *leaf, const struct tls_resumption *resumption)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	struct remembered *remembered;

	if (session == NULL)
		return;
	remembered = MEM_NEW(struct remembered);
	atomic_init(&remembered->references, 1);
	remembered->resumption = resumption;
	remembered->memory = resumption->remember(SSL_get_app_data(ssl));
	release(SSL_SESSION_get_ex_data(session, memory_index));
	SSL_SESSION_set_ex_data(session, memory_index, remembered);
	limit_life(session, leaf);
}

int tls_resume_check(SSL *ssl, struct link *link, const struct tls_resumption *resumption,
		     struct error *err)
{
	const struct remembered *remembered =
		SSL_SESSION_get_ex_data(SSL_get_session(ssl), memory_index);

	if (remembered == NULL || remembered->resumption != resumption)
		return error_set(err, -EACCES, "the session that is resumed belongs to nobody");
	return resumption->resume(link, remembered->memory, err);
}
