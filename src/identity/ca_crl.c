/* SPDX-License-Identifier: Apache-2.0 */
/* ca_crl.c — revocation lists for those who do not read our resources (RFC 5280, section 5): one of
 * each issuer and root whose key is here, made again when a revocation begins or ends and at half
 * of its validity. */
#include "identity/ca_private.h"

#include "identity/openssl.h"

#include <errno.h>
#include <openssl/pem.h>

#define CRL_LIFE_NS (24 * 3600 * (int64_t)NS_PER_SEC)

DEFINE_AUTO(X509_CRL, X509_CRL_free)

static bool add_entry(X509_CRL *crl, const char *serial_hex, int64_t since_ns)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *since = ASN1_TIME_set(NULL, since_ns / (int64_t)NS_PER_SEC);
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = NULL;
	const bool complete = BN_hex2bn(&number, serial_hex) > 0
			      && (serial = BN_to_ASN1_INTEGER(number, NULL)) != NULL
			      && since != NULL && X509_REVOKED_set_serialNumber(entry, serial) == 1
			      && X509_REVOKED_set_revocationDate(entry, since) == 1
			      && X509_CRL_add0_revoked(crl, entry) == 1;

	if (!complete)
		X509_REVOKED_free(entry);
	BN_free(number);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(since);
	return complete;
}

/* ---- who is on it ---- */

static int64_t since_when(const struct denial *denial, int64_t issued_ns)
{
	return MAX_OF(denial->by->since_ns, issued_ns);
}

static bool add_leaves(X509_CRL *crl, const struct ca *ca, const struct authority *issuer,
		       int64_t now_ns)
{
	char own[SERIAL_TEXT_MAX];

	certificate_serial(issuer->certificate, own);
	LIST_FOR_EACH (&ca->issued.items, link) {
		const struct issued *issued = LIST_ITEM(link, struct issued, place);
		const struct denial *denial;

		if (strcmp(issued->issuer, own) != 0)
			continue;
		denial = revocations_find(ca->revocations, text_of(issued->id), &issued->credential,
					  now_ns);
		if (denial != NULL
		    && !add_entry(crl, issued->credential.serial,
				  since_when(denial, issued->credential.issued_ns)))
			return false;
	}
	return true;
}

static bool add_issuers(X509_CRL *crl, const struct ca *ca, const struct authority *root)
{
	for (size_t i = 0; i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];
		char serial[SERIAL_TEXT_MAX];

		if (each->kind == AUTHORITY_ISSUER && each->root == root->number && each->is_revoked
		    && !add_entry(crl, certificate_serial(each->certificate, serial),
				  each->not_before_ns))
			return false;
	}
	return true;
}

/* ---- one list ---- */

static bool add_number(X509_CRL *crl, int64_t now_ns)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	const bool added = ASN1_INTEGER_set_int64(number, now_ns / (int64_t)NS_PER_MS) == 1
			   && X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;

	ASN1_INTEGER_free(number);
	return added;
}

static bool add_key_identifier(X509_CRL *crl, const X509 *issuer)
{
	AUTHORITY_KEYID *identifier = AUTHORITY_KEYID_new();
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id((X509 *)(uintptr_t)issuer);
	bool added = own == NULL; /* a root from elsewhere may have none */

	if (own != NULL) {
		identifier->keyid = ASN1_OCTET_STRING_dup(own);
		added = X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, identifier, 0, 0)
			== 1;
	}
	AUTHORITY_KEYID_free(identifier);
	return added;
}

static bool set_times(X509_CRL *crl, int64_t now_ns, int64_t until_ns)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, now_ns / (int64_t)NS_PER_SEC);
	ASN1_TIME *until = ASN1_TIME_set(NULL, until_ns / (int64_t)NS_PER_SEC);
	const bool set = from != NULL && until != NULL && X509_CRL_set1_lastUpdate(crl, from) == 1
			 && X509_CRL_set1_nextUpdate(crl, until) == 1;

	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return set;
}

static int make_crl(const struct ca *ca, const struct authority *authority, int64_t now_ns,
		    X509_CRL **out, struct error *err)
{
	AUTO(X509_CRL_free) X509_CRL *crl = X509_CRL_new();
	const int64_t until = MIN_OF(now_ns + CRL_LIFE_NS, authority->not_after_ns);
	const bool complete =
		crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1
		&& X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority->certificate)) == 1
		&& set_times(crl, now_ns, until)
		&& (authority->kind == AUTHORITY_ROOT ? add_issuers(crl, ca, authority)
						      : add_leaves(crl, ca, authority, now_ns))
		&& add_number(crl, now_ns) && add_key_identifier(crl, authority->certificate)
		&& X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, authority->key, EVP_sha256()) > 0;

	if (!complete)
		return openssl_error(err, -EIO, "cannot make a revocation list");
	*out = TAKE(crl);
	return 0;
}

/* ---- all of them ---- */

static int encode(X509_CRL *crl, struct buffer *der, struct error *err)
{
	unsigned char *bytes = NULL;
	const int len = i2d_X509_CRL(crl, &bytes);

	if (len < 0)
		return openssl_error(err, -EIO, "cannot encode a revocation list");
	buffer_add(der, bytes, (size_t)len);
	OPENSSL_free(bytes);
	return 0;
}

static int write_der(const struct ca *ca, const struct authority *authority, struct text der,
		     struct error *err)
{
	char serial[SERIAL_TEXT_MAX];
	AUTO(mem_free_text) char *folder = mem_printf("%s/crl", ca->options.crl_directory);
	AUTO(mem_free_text)
	char *path =
		mem_printf("%s/%s.crl", folder, certificate_serial(authority->certificate, serial));
	const int result = file_make_directory(folder, 0755, err);

	return result < 0 ? result : file_write_atomic(path, der.ptr, der.len, 0644, err);
}

static void write_pem(X509_CRL *crl, struct buffer *out)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	PEM_write_bio_X509_CRL(bio, crl);

	const long len = BIO_get_mem_data(bio, &pem);

	buffer_add(out, pem, (size_t)len);
}

/* Of one authority: to its file, to the text of all, to what subscribers are sent. */
static int add_crl(struct ca *ca, const struct authority *authority, int64_t now_ns,
		   struct buffer *pem, struct error *err)
{
	AUTO(X509_CRL_free) X509_CRL *crl = NULL;
	AUTO_BUFFER struct buffer der = { 0 };
	int result = make_crl(ca, authority, now_ns, &crl, err);

	if (result == 0)
		result = encode(crl, &der, err);
	if (result == 0 && ca->options.crl_directory != NULL)
		result = write_der(ca, authority, buffer_text(&der), err);
	if (result < 0)
		return result;
	write_pem(crl, pem);
	ca->crls = mem_realloc_array(ca->crls, ca->crl_count + 1, sizeof(struct buffer));
	ca->crls[ca->crl_count++] = der;
	der = (struct buffer){ 0 }; /* the list's now */
	return 0;
}

static int write_all(const struct ca *ca, const struct buffer *pem, struct error *err)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/crl.pem", ca->options.crl_directory);

	return file_write_atomic(path, pem->data, pem->len, 0644, err);
}

void ca_drop_crls(struct ca *ca)
{
	for (size_t i = 0; i < ca->crl_count; i++)
		buffer_done(&ca->crls[i]);
	mem_free(TAKE(ca->crls));
	ca->crl_count = 0;
}

int ca_make_crls(struct ca *ca, int64_t now_ns, struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	int result = 0;

	if (ca->crl_due_ns > now_ns)
		return 0;
	issued_drop_expired(&ca->issued, now_ns);
	ca_drop_crls(ca);
	for (size_t i = 0; result == 0 && i < ca->authority_count; i++) {
		const struct authority *each = &ca->authorities[i];

		if (each->kind != AUTHORITY_JWT && each->key != NULL
		    && authority_is_valid(each, now_ns))
			result = add_crl(ca, each, now_ns, &pem, err);
	}
	if (result == 0 && pem.len > 0 && ca->options.crl_directory != NULL)
		result = write_all(ca, &pem, err);
	if (result == 0)
		ca->crl_due_ns = MIN_OF(now_ns + CRL_LIFE_NS / 2,
					revocations_next_change_ns(ca->revocations, now_ns));
	return result;
}
