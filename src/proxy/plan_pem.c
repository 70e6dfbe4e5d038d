/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_pem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define PEM_SIZE_MAX ((size_t)1 << 20)

/* ---- where it comes from ---- */

int plan_pem_file(struct plan_build *build, struct source_pos at, struct text path,
		  struct text *out, struct error *err)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct error problem = { 0 };

	if (path.len == 0)
		return 0;
	plan_read_file(build, path);
	if (file_read(path.ptr, PEM_SIZE_MAX, &bytes, &problem) < 0)
		return error_at(err, -EINVAL, at, "%s", problem.text);
	*out = (struct text){ arena_strndup(&build->plan->arena, bytes.data, bytes.len),
			      bytes.len };
	mem_wipe(bytes.data, bytes.len);
	return 0;
}

static struct text first_of(const struct resource *secret, const char *name, const char *other)
{
	const struct text value = secret_get((const struct secret *)secret, name);

	return value.ptr != NULL ? value : secret_get((const struct secret *)secret, other);
}

static const struct resource *find_secret(const struct plan_build *build, struct text namespace,
					  struct text name)
{
	return resource_find(build->plan->resources, KIND_SECRET, namespace, name);
}

int plan_pem_secret(struct plan_build *build, struct source_pos at, struct text namespace,
		    struct text name, struct pem_material *out, struct error *err)
{
	struct arena *arena = &build->plan->arena;
	const struct resource *secret = find_secret(build, namespace, name);
	const struct resource *authorities = find_secret(
		build, namespace, text_of(arena_printf(arena, "%.*s-cacert", TEXT_ARGS(name))));

	if (secret == NULL && authorities == NULL)
		return error_at(err, -ENOENT, at,
				"there is no Secret '%.*s' in namespace '%.*s', where the workload "
				"is (credentialName)",
				TEXT_ARGS(name), TEXT_ARGS(namespace));
	*out = (struct pem_material){ .from = arena_printf(arena, "Secret %.*s/%.*s",
							   TEXT_ARGS(namespace), TEXT_ARGS(name)) };
	if (secret != NULL) {
		out->certificate = first_of(secret, "tls.crt", "cert");
		out->key = first_of(secret, "tls.key", "key");
		out->authorities = first_of(secret, "ca.crt", "cacert");
		out->crl = first_of(secret, "ca.crl", "crl");
	}
	if (authorities != NULL && out->authorities.ptr == NULL) {
		out->authorities = first_of(authorities, "ca.crt", "cacert");
		out->crl = first_of(authorities, "ca.crl", "crl");
	}
	return 0;
}

/* ---- parsing ---- */

static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out, (void)size, (void)writing, (void)arg;
	return 0; /* never ask on the terminal */
}

STACK_OF(X509) * pem_certificates(struct text pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;

	while (pem.len > 0
	       && (certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		sk_X509_push(chain, certificate);
	ERR_clear_error();
	BIO_free(bio);
	return chain;
}

EVP_PKEY *pem_private_key(struct text pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *key = pem.len > 0 ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	ERR_clear_error();
	BIO_free(bio);
	return key;
}

static int add_authorities(X509_STORE *store, struct text pem)
{
	STACK_OF(X509) *authorities = pem_certificates(pem);
	const int count = sk_X509_num(authorities);

	for (int i = 0; i < count; i++)
		X509_STORE_add_cert(store, sk_X509_value(authorities, i));
	sk_X509_pop_free(authorities, X509_free);
	return count;
}

static int add_revocations(X509_STORE *store, struct text pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509_CRL *crl;
	int count = 0;

	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL)) != NULL) {
		count += X509_STORE_add_crl(store, crl);
		X509_CRL_free(crl);
	}
	ERR_clear_error();
	BIO_free(bio);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return count;
}

X509_STORE *pem_trust(struct text authorities, struct text crl, struct error *err)
{
	X509_STORE *store = X509_STORE_new();

	if (authorities.ptr == NULL)
		X509_STORE_set_default_paths(store);
	else if (add_authorities(store, authorities) == 0)
		error_set(err, -EINVAL, "there is no certificate of an authority in it");
	if (crl.ptr != NULL && add_revocations(store, crl) == 0)
		error_set(err, -EINVAL, "there is no revocation list (CRL) in it");
	if (err->code == 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}
