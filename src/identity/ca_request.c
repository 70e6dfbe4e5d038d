/* SPDX-License-Identifier: Apache-2.0 */
/* ca_request.c — an issuer whose root is elsewhere: the request goes out, the certificate comes in.
 */
#include "identity/ca_private.h"

#include "identity/openssl.h"

#include <errno.h>
#include <openssl/pem.h>
#include <unistd.h>

#define REQUEST_FILE     "issuer-request.csr"
#define REQUEST_KEY_FILE "issuer-request.key"
#define REQUEST_SIZE_MAX 65536

DEFINE_AUTO(X509_REQ, X509_REQ_free)

/* ---- the request ---- */

static int write_request(const char *path, X509_REQ *request, struct error *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	if (PEM_write_bio_X509_REQ(bio, request) != 1)
		return openssl_error(err, -EIO, "cannot encode a certificate request");

	const long len = BIO_get_mem_data(bio, &pem);

	return file_write_atomic(path, pem, (size_t)len, 0644, err);
}

/* Key before request, as everywhere here. */
static int make_request(struct ca *ca, const char *path, const char *key_path, struct error *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO(X509_REQ_free) X509_REQ *request = NULL;
	int result;

	if (ca->issuer_key != NULL) {
		EVP_PKEY_up_ref(ca->issuer_key);
		key = ca->issuer_key;
		result = key_vault_save_address(key_path, ca->options.issuer_key, err);
	} else {
		key = p256_key_new();
		result = key != NULL ? key_vault_save(&ca->store.vault, key_path, key, err)
				     : openssl_error(err, -EIO, "cannot make a key");
	}
	if (result < 0)
		return result;
	request = certificate_make_request(key, text_of(ca->trust_domain), err);
	if (request == NULL)
		return -EIO;
	result = write_request(path, request, err);
	return result < 0 ? result
			  : AUDIT_WRITE(ca->options.audit, "request", err, { "file", path });
}

int ca_request(struct ca *ca, struct buffer *out, struct error *err)
{
	AUTO(mem_free_text) char *path = ca_store_path(&ca->store, REQUEST_FILE);
	AUTO(mem_free_text) char *key_path = ca_store_path(&ca->store, REQUEST_KEY_FILE);
	int result = 0;

	if (!ca->options.offline_root)
		return error_set(
			err, -EINVAL,
			"this authority has a root of its own; one that is signed elsewhere "
			"is started with --offline-root");
	if (!file_exists(path) || !file_exists(key_path))
		result = make_request(ca, path, key_path, err);
	return result < 0 ? result : file_read(path, REQUEST_SIZE_MAX, out, err);
}

/* ---- the answer ---- */

static bool is_self_signed(X509 *certificate)
{
	return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate))
	       == 0;
}

static int check_issuer(const struct ca *ca, X509 *issuer, EVP_PKEY *key, int64_t now_ns,
			struct error *err)
{
	if (X509_check_private_key(issuer, key) != 1)
		return openssl_error(err, -EINVAL,
				     "this certificate was not made from our request: its key is "
				     "another");
	if (X509_check_ca(issuer) != 1 || (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0)
		return error_set(err, -EINVAL,
				 "the certificate may not sign others: it needs CA:TRUE and "
				 "keyCertSign");
	if (X509_get_pathlen(issuer) != 0)
		return error_set(err, -EINVAL,
				 "the certificate has no 'pathlen:0', so it could make further "
				 "authorities");
	if (asn1_time_ns(X509_get0_notAfter(issuer))
	    < now_ns + 2 * (int64_t)ca->options.lifetimes.svid_ns)
		return error_set(err, -EINVAL,
				 "the certificate ends too soon: it has to outlive two SVIDs");
	return 0;
}

static int check_path(X509 *issuer, X509 *root, int64_t now_ns, struct error *err)
{
	AUTO(X509_STORE_CTX_free) X509_STORE_CTX *context = X509_STORE_CTX_new();
	AUTO(x509_chain_free) STACK_OF(X509) *trusted = sk_X509_new_null();

	X509_up_ref(root);
	sk_X509_push(trusted, root);
	if (context == NULL || X509_STORE_CTX_init(context, NULL, issuer, NULL) != 1)
		return openssl_error(err, -EIO, "cannot check a certificate");
	X509_STORE_CTX_set0_trusted_stack(context, trusted);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context),
				   (time_t)(now_ns / (int64_t)NS_PER_SEC));
	if (X509_verify_cert(context) == 1)
		return 0;
	return error_set(err, -EINVAL, "the root does not vouch for the certificate: %s",
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
}

static struct authority *find_root(const struct ca *ca, const X509 *certificate)
{
	for (size_t i = 0; i < ca->authority_count; i++)
		if (ca->authorities[i].kind == AUTHORITY_ROOT
		    && X509_cmp(ca->authorities[i].certificate, certificate) == 0)
			return &ca->authorities[i];
	return NULL;
}

/* The root of the answer: what stands behind the issuer, or else one that is here and signed it. */
static X509 *choose_root(const struct ca *ca, STACK_OF(X509) * answer)
{
	const X509 *issuer = sk_X509_value(answer, 0);

	if (sk_X509_num(answer) == 2 && is_self_signed(sk_X509_value(answer, 1)))
		return sk_X509_value(answer, 1);
	for (size_t i = 0; sk_X509_num(answer) == 1 && i < ca->authority_count; i++)
		if (ca->authorities[i].kind == AUTHORITY_ROOT
		    && X509_NAME_cmp(X509_get_issuer_name(issuer),
				     X509_get_subject_name(ca->authorities[i].certificate))
			       == 0)
			return ca->authorities[i].certificate;
	return NULL;
}

/* *number: of the root, which is known afterwards. */
static int learn_root(struct ca *ca, X509 *certificate, unsigned *number, struct error *err)
{
	const struct authority *known = find_root(ca, certificate);

	if (known != NULL) {
		*number = known->number;
		return 0;
	}

	struct authority root = { .kind = AUTHORITY_ROOT,
				  .number = ca_store_next(&ca->store, AUTHORITY_ROOT, 0),
				  .certificate = certificate };

	X509_up_ref(certificate);
	*number = root.number;
	return ca_add(ca, &root, "import", err);
}

static int add_issuer(struct ca *ca, unsigned root, X509 *certificate, EVP_PKEY *key,
		      struct error *err)
{
	struct authority issuer = { .kind = AUTHORITY_ISSUER,
				    .root = root,
				    .number = ca_store_next(&ca->store, AUTHORITY_ISSUER, root),
				    .certificate = certificate,
				    .key = key,
				    .key_address = ca->options.issuer_key };

	X509_up_ref(certificate);
	EVP_PKEY_up_ref(key);
	return ca_add(ca, &issuer, "import", err);
}

/* The key is saved with the issuer: the request has done its work. */
static void forget_request(struct ca *ca, const char *key_path)
{
	AUTO(mem_free_text) char *path = ca_store_path(&ca->store, REQUEST_FILE);

	unlink(path);
	unlink(key_path);
	ca->has_asked = false;
}

int ca_import(struct ca *ca, struct text pem, int64_t now_ns, struct error *err)
{
	AUTO(mem_free_text) char *key_path = ca_store_path(&ca->store, REQUEST_KEY_FILE);
	AUTO(x509_chain_free) STACK_OF(X509) *answer = NULL;
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	X509 *issuer, *root;
	unsigned number;
	int result = pem_read_certificates(pem, &answer, err);

	if (result < 0)
		return result;
	if (!file_exists(key_path))
		return error_set(err, -ENOENT, "nothing was requested: 'mangrove id csr' first");
	result = key_vault_load(&ca->store.vault, key_path, &key, err);
	if (result < 0)
		return result;
	issuer = sk_X509_value(answer, 0);
	root = choose_root(ca, answer);
	if (root == NULL)
		return error_set(
			err, -EINVAL,
			"the root is missing: give the issuer's certificate and, behind it, "
			"the one self-signed root that signed it");
	result = check_issuer(ca, issuer, key, now_ns, err);
	if (result == 0)
		result = check_path(issuer, root, now_ns, err);
	if (result == 0)
		result = learn_root(ca, root, &number, err);
	if (result == 0)
		result = add_issuer(ca, number, issuer, key, err);
	if (result == 0)
		forget_request(ca, key_path);
	return result;
}
