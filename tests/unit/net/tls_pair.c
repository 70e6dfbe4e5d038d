/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_pair.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void add_certificate(SSL_CTX *context)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	need(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1
	     && X509_gmtime_adj(X509_getm_notBefore(certificate), -60) != NULL
	     && X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL
	     && X509_set_pubkey(certificate, key) == 1
	     && X509_sign(certificate, key, EVP_sha256()) > 0
	     && SSL_CTX_use_certificate(context, certificate) == 1
	     && SSL_CTX_use_PrivateKey(context, key) == 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static SSL_CTX *make_context(bool is_server, const char *suite)
{
	SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	const int version = suite != NULL ? TLS1_3_VERSION : TLS1_2_VERSION;

	need(SSL_CTX_set_min_proto_version(context, version) == 1
	     && SSL_CTX_set_max_proto_version(context, version) == 1);
	if (suite != NULL)
		need(SSL_CTX_set_ciphersuites(context, suite) == 1);
	if (is_server)
		add_certificate(context);
	tls_secrets_watch(context);
	return context;
}

static void shake_hands(SSL *one, SSL *other)
{
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(one);
		SSL_do_handshake(other);
	}
	need(SSL_is_init_finished(one) && SSL_is_init_finished(other));
}

void tls_pair_init(struct tls_pair *pair, const char *suite, bool we_are_client)
{
	*pair = (struct tls_pair){
		.contexts = { make_context(!we_are_client, suite),
			      make_context(we_are_client, suite) },
		.to_far = BIO_new(BIO_s_mem()),
		.from_far = BIO_new(BIO_s_mem()),
	};

	SSL *ours = SSL_new(pair->contexts[0]);
	struct tls_secrets *secrets = tls_secrets_attach(ours);

	pair->far = SSL_new(pair->contexts[1]);

	struct tls_secrets *far_secrets = tls_secrets_attach(pair->far);

	BIO_up_ref(pair->to_far);
	BIO_up_ref(pair->from_far);
	BIO_up_ref(pair->to_far);
	BIO_up_ref(pair->from_far);
	SSL_set_bio(ours, pair->from_far, pair->to_far);
	SSL_set_bio(pair->far, pair->to_far, pair->from_far);
	if (we_are_client) {
		SSL_set_connect_state(ours);
		SSL_set_accept_state(pair->far);
	} else {
		SSL_set_accept_state(ours);
		SSL_set_connect_state(pair->far);
	}
	shake_hands(ours, pair->far);
	pair->ours = tls_records_new(ours, secrets);
	pair->theirs = tls_records_new(pair->far, far_secrets);
	tls_secrets_detach(pair->far);
	tls_secrets_free(far_secrets);
	tls_secrets_free(secrets);
	SSL_free(ours);
}

void tls_pair_done(struct tls_pair *pair)
{
	tls_records_free(pair->ours);
	tls_records_free(pair->theirs);
	SSL_free(pair->far);
	BIO_free(pair->to_far);
	BIO_free(pair->from_far);
	SSL_CTX_free(pair->contexts[0]);
	SSL_CTX_free(pair->contexts[1]);
}

size_t tls_pair_take(struct tls_pair *pair, char *out, size_t room)
{
	const int got = BIO_read(pair->from_far, out, (int)room);

	return got > 0 ? (size_t)got : 0;
}

void tls_pair_give(struct tls_pair *pair, enum tls_content type, const void *bytes, size_t len)
{
	char record[TLS_RECORD_MAX];

	memcpy(record + TLS_RECORD_HEAD, bytes, len);
	need(tls_records_seal(pair->ours, type, record + TLS_RECORD_HEAD, len) == 0);
	need(BIO_write(pair->to_far, record, (int)(TLS_RECORD_HEAD + len + TLS_RECORD_TAIL)) > 0);
}
