/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/openssl.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

int openssl_error(struct error *err, int code, const char *doing)
{
	const unsigned long first = ERR_get_error();
	const char *reason = ERR_reason_error_string(first);

	ERR_clear_error();
	return error_set(err, code, "%s: %s", doing,
			 reason != NULL ? reason : "OpenSSL gives no reason");
}

int64_t asn1_time_ns(const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return INT64_MIN;

	const time_t seconds = timegm(&tm);

	/* years beyond 2262 do not fit into nanoseconds: that far is as good as forever */
	if (seconds > INT64_MAX / (int64_t)NS_PER_SEC)
		return INT64_MAX;
	return (int64_t)seconds * (int64_t)NS_PER_SEC;
}

static BIO *bio_of(struct text text)
{
	return BIO_new_mem_buf(text.ptr, (int)MIN_OF(text.len, (size_t)INT_MAX));
}

/* End of the PEM text is an error to OpenSSL; to us only where nothing came before it. */
static bool is_end_of_pem(void)
{
	const unsigned long last = ERR_peek_last_error();

	return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

int pem_read_certificates(struct text pem, STACK_OF(X509) * *out, struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = bio_of(pem);
	AUTO(x509_chain_free) STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;

	ERR_clear_error();
	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(chain, certificate);
	if (!is_end_of_pem())
		return openssl_error(err, -EINVAL, "malformed certificate");
	ERR_clear_error();
	if (sk_X509_num(chain) == 0)
		return error_set(err, -ENOENT, "there is no PEM certificate in it");
	*out = TAKE(chain);
	return 0;
}

/* Never ask a terminal for a passphrase. */
static int refuse_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	(void)buffer, (void)size, (void)for_writing, (void)arg;
	return -1;
}

int pem_read_key(struct text pem, EVP_PKEY **out, struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = bio_of(pem);

	if (!text_contains(pem, TEXT("PRIVATE KEY-----")))
		return error_set(err, -ENOENT, "there is no PEM private key in it");
	ERR_clear_error();
	*out = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL);
	return *out != NULL ? 0 : openssl_error(err, -EINVAL, "unreadable private key");
}

static void add_bio(struct buffer *out, BIO *bio)
{
	char *bytes;
	const long len = BIO_get_mem_data(bio, &bytes);

	buffer_add(out, bytes, (size_t)len);
}

void pem_write_certificate(struct buffer *out, X509 *certificate)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, certificate);
	add_bio(out, bio);
}

int pem_write_key(struct buffer *out, EVP_PKEY *key, struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_secmem());

	if (PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return openssl_error(err, -EIO, "cannot write the private key");
	add_bio(out, bio);
	return 0;
}

EVP_PKEY *p256_key_new(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}
