/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/admit_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <time.h>

#define PEM_FILE_MAX ((size_t)1 << 20)
#define ALPN_HTTP1   TEXT("\x08http/1.1")

static void chain_free(STACK_OF(X509) * chain)
{
	sk_X509_pop_free(chain, X509_free);
}

DEFINE_AUTO(STACK_OF(X509), chain_free)
DEFINE_AUTO(BIO, BIO_free_all)
DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return 0; /* never ask on the terminal */
}

static int read_chain(const char *path, const struct buffer *pem, STACK_OF(X509) * *out,
		      struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	AUTO(chain_free) STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;

	while ((certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		sk_X509_push(chain, certificate);
	ERR_clear_error();
	if (sk_X509_num(chain) == 0)
		return error_set(err, -EINVAL, "%s holds no certificate (PEM)", path);
	*out = TAKE(chain);
	return 0;
}

static int read_key(const char *path, const struct buffer *pem, X509 *leaf, EVP_PKEY **out,
		    struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	AUTO(EVP_PKEY_free) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	const bool fits = key != NULL && X509_check_private_key(leaf, key) == 1;

	ERR_clear_error();
	if (key == NULL)
		return error_set(err, -EINVAL, "%s holds no private key without a password (PEM)",
				 path);
	if (!fits)
		return error_set(err, -EINVAL, "%s is not the key of the certificate", path);
	*out = TAKE(key);
	return 0;
}

/* ---- clients ---- */

static int verify_client(struct link *link, X509 *leaf, STACK_OF(X509) * chain, void *store,
			 struct error *err)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int result = -EACCES;

	(void)link;
	if (X509_STORE_CTX_init(context, store, leaf, chain) == 1
	    && X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1
	    && X509_verify_cert(context) == 1)
		result = 0;
	else
		error_set(err, result, "the client's certificate: %s",
			  X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	return result;
}

static void release_store(void *store)
{
	X509_STORE_free(store);
}

static int read_store(const char *path, const struct buffer *pem, X509_STORE **out,
		      struct error *err)
{
	AUTO(chain_free) STACK_OF(X509) *authorities = NULL;
	const int result = read_chain(path, pem, &authorities, err);

	if (result != 0)
		return result;
	*out = X509_STORE_new();
	for (int i = 0; i < sk_X509_num(authorities); i++)
		X509_STORE_add_cert(*out, sk_X509_value(authorities, i));
	return 0;
}

/* ---- loading ---- */

struct pem_files {
	struct buffer certificate, key, client_ca;
};

static void pem_files_done(struct pem_files *files)
{
	buffer_done(&files->certificate);
	if (files->key.data != NULL)
		mem_wipe(files->key.data, files->key.capacity);
	buffer_done(&files->key);
	buffer_done(&files->client_ca);
}

static int read_files(const struct admit_tls *tls, struct pem_files *out, struct error *err)
{
	int result = file_read(tls->certificate, PEM_FILE_MAX, &out->certificate, err);

	if (result == 0)
		result = file_read(tls->key, PEM_FILE_MAX, &out->key, err);
	if (result == 0 && tls->client_ca != NULL)
		result = file_read(tls->client_ca, PEM_FILE_MAX, &out->client_ca, err);
	return result;
}

static bool is_new(struct admit_tls *tls, const struct pem_files *files)
{
	unsigned char each[3][32], digest[32];

	SHA256((const unsigned char *)files->certificate.data, files->certificate.len, each[0]);
	SHA256((const unsigned char *)files->key.data, files->key.len, each[1]);
	SHA256((const unsigned char *)files->client_ca.data, files->client_ca.len, each[2]);
	SHA256(each[0], sizeof(each), digest);
	if (memcmp(digest, tls->digest, sizeof(digest)) == 0)
		return false;
	memcpy(tls->digest, digest, sizeof(digest));
	return true;
}

static int64_t end_of(const X509 *certificate)
{
	struct tm when = { 0 };

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) != 1)
		return 0;
	return (int64_t)timegm(&when) * (int64_t)NS_PER_SEC;
}

static int make_context(struct admit_tls *tls, const struct pem_files *files,
			struct tls_context **out, struct error *err)
{
	AUTO(chain_free) STACK_OF(X509) *chain = NULL;
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	X509_STORE *store = NULL;
	int result = read_chain(tls->certificate, &files->certificate, &chain, err);

	if (result == 0)
		result = read_key(tls->key, &files->key, sk_X509_value(chain, 0), &key, err);
	if (result == 0 && tls->client_ca != NULL)
		result = read_store(tls->client_ca, &files->client_ca, &store, err);
	if (result != 0)
		return result;

	const struct tls_settings settings = {
		.is_server = true,
		.chain = chain,
		.key = key,
		.peer_certificate = store != NULL ? TLS_PEER_REQUIRED : TLS_PEER_NONE,
		.verify = store != NULL ? verify_client : NULL,
		.verify_arg = store,
		.release_arg = store != NULL ? release_store : NULL,
		.alpn = ALPN_HTTP1,
	};

	tls->not_after_ns = end_of(sk_X509_value(chain, 0));
	return tls_context_new(&settings, out, err);
}

int admit_tls_load(struct admit_tls *tls, bool *changed, struct error *err)
{
	__attribute__((cleanup(pem_files_done))) struct pem_files files = { 0 };
	struct tls_context *context = NULL;
	int result = read_files(tls, &files, err);

	*changed = false;
	if (result != 0 || !is_new(tls, &files))
		return result;
	result = make_context(tls, &files, &context, err);
	if (result != 0)
		return result;
	tls_context_unref(tls->context);
	tls->context = context;
	*changed = true;
	return 0;
}

void admit_tls_done(struct admit_tls *tls)
{
	tls_context_unref(tls->context);
	tls->context = NULL;
}
