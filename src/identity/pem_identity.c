/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pem_identity.h"

#include "identity/openssl.h"

#include <errno.h>
#include <openssl/sha.h>

#define PEM_FILE_MAX 1048576

/* How those who write such directories name the files. */
static const struct {
	const char *certificate, *key, *bundle;
} layouts[] = {
	{ "tls.crt", "tls.key", "ca.crt" },                /* cert-manager */
	{ "svid.pem", "svid_key.pem", "svid_bundle.pem" }, /* spiffe-helper */
};

static int init_from_directory(struct pem_identity *identity, const char *directory,
			       struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(layouts); i++) {
		AUTO(mem_free_text)
		char *certificate = mem_printf("%s/%s", directory, layouts[i].certificate);

		if (!file_exists(certificate))
			continue;
		identity->certificate = TAKE(certificate);
		identity->key = mem_printf("%s/%s", directory, layouts[i].key);
		identity->bundle = mem_printf("%s/%s", directory, layouts[i].bundle);
		return 0;
	}
	return error_set(err, -ENOENT,
			 "%s holds neither tls.crt (as cert-manager writes) nor "
			 "svid.pem (as spiffe-helper does)",
			 directory);
}

int pem_identity_init(struct pem_identity *identity, const struct identity_files *files,
		      struct error *err)
{
	*identity = (struct pem_identity){ 0 };
	if (files->directory != NULL)
		return init_from_directory(identity, files->directory, err);
	if (files->certificate == NULL || files->key == NULL || files->bundle == NULL)
		return error_set(err, -EINVAL,
				 "an identity from files needs a certificate, a key and a bundle");
	identity->certificate = mem_strdup(files->certificate);
	identity->key = mem_strdup(files->key);
	identity->bundle = mem_strdup(files->bundle);
	return 0;
}

void pem_identity_done(struct pem_identity *identity)
{
	mem_free(identity->certificate);
	mem_free(identity->key);
	mem_free(identity->bundle);
	svid_unref(identity->svid);
	x509_chain_free(identity->authorities);
}

struct pem_files {
	struct buffer certificate, key, bundle;
};

static void pem_files_done(struct pem_files *files)
{
	buffer_done(&files->certificate);
	if (files->key.data != NULL)
		mem_wipe(files->key.data, files->key.capacity);
	buffer_done(&files->key);
	buffer_done(&files->bundle);
}

static int read_files(const struct pem_identity *identity, struct pem_files *out, struct error *err)
{
	int result = file_read(identity->certificate, PEM_FILE_MAX, &out->certificate, err);

	if (result == 0)
		result = file_read(identity->key, PEM_FILE_MAX, &out->key, err);
	if (result == 0)
		result = file_read(identity->bundle, PEM_FILE_MAX, &out->bundle, err);
	return result;
}

static void digest_files(const struct pem_files *files, unsigned char out[32])
{
	unsigned char each[3][32];

	SHA256((const unsigned char *)files->certificate.data, files->certificate.len, each[0]);
	SHA256((const unsigned char *)files->key.data, files->key.len, each[1]);
	SHA256((const unsigned char *)files->bundle.data, files->bundle.len, each[2]);
	SHA256(each[0], sizeof(each), out);
}

static int parse_svid(const struct pem_identity *identity, const struct pem_files *files,
		      struct svid **out, struct error *err)
{
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *key = NULL;
	int result = pem_read_certificates(buffer_text(&files->certificate), &chain, err);

	if (result < 0)
		return error_prefix(err, "%s", identity->certificate);
	result = pem_read_key(buffer_text(&files->key), &key, err);
	if (result < 0) {
		x509_chain_free(chain);
		return error_prefix(err, "%s", identity->key);
	}
	result = svid_new(chain, key, out, err);
	return result < 0 ? error_prefix(err, "%s", identity->certificate) : 0;
}

static int parse_authorities(const struct pem_identity *identity, const struct pem_files *files,
			     STACK_OF(X509) * *out, struct error *err)
{
	AUTO(x509_chain_free) STACK_OF(X509) *authorities = NULL;
	const int result = pem_read_certificates(buffer_text(&files->bundle), &authorities, err);

	if (result < 0)
		return error_prefix(err, "%s", identity->bundle);
	for (int i = 0; i < sk_X509_num(authorities); i++)
		if (X509_check_ca(sk_X509_value(authorities, i)) != 1)
			return error_set(err, -EINVAL,
					 "%s: certificate %d is no certificate authority",
					 identity->bundle, i + 1);
	*out = TAKE(authorities);
	return 0;
}

int pem_identity_load(struct pem_identity *identity, bool *changed, struct error *err)
{
	__attribute__((cleanup(pem_files_done))) struct pem_files files = { 0 };
	AUTO(svid_unref) struct svid *svid = NULL;
	AUTO(x509_chain_free) STACK_OF(X509) *authorities = NULL;
	unsigned char digest[32];
	int result = read_files(identity, &files, err);

	*changed = false;
	if (result < 0)
		return result;
	digest_files(&files, digest);
	if (memcmp(digest, identity->digest, sizeof(digest)) == 0)
		return 0;
	result = parse_svid(identity, &files, &svid, err);
	if (result == 0)
		result = parse_authorities(identity, &files, &authorities, err);
	if (result < 0)
		return result;

	AUTO(svid_unref) struct svid *svid_before = identity->svid;
	AUTO(x509_chain_free) STACK_OF(X509) *authorities_before = identity->authorities;

	identity->svid = TAKE(svid);
	identity->authorities = TAKE(authorities);
	memcpy(identity->digest, digest, sizeof(digest));
	*changed = true;
	return 0;
}
