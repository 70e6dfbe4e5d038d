/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/certificate.h"

#include "identity/certificate_parts.h"
#include "identity/der.h"
#include "identity/openssl.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/sha.h>

/* Extensions that are the same in every certificate of a kind: their contents as DER. */
struct fixed_extension {
	int nid;
	struct text der;
};

#define DER(literal)                                                                               \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

static const struct fixed_extension root_extensions[] = {
	{ NID_basic_constraints, DER("\x30\x03\x01\x01\xff") }, /* cA */
	{ NID_key_usage, DER("\x03\x02\x01\x06") },             /* keyCertSign, cRLSign */
};
static const struct fixed_extension issuer_extensions[] = {
	{ NID_basic_constraints, DER("\x30\x06\x01\x01\xff\x02\x01\x00") }, /* cA, pathLen 0 */
	{ NID_key_usage, DER("\x03\x02\x01\x06") },
};
static const struct fixed_extension jwt_extensions[] = {
	{ NID_key_usage, DER("\x03\x02\x07\x80") }, /* digitalSignature */
};
static const struct fixed_extension leaf_extensions[] = {
	{ NID_basic_constraints, DER("\x30\x00") }, /* no cA */
	{ NID_key_usage, DER("\x03\x02\x07\x80") }, /* digitalSignature */
};
/* serverAuth, clientAuth */
static const struct fixed_extension leaf_extended_key_usage = {
	NID_ext_key_usage, DER("\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
			       "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02")
};

X509_EXTENSION *certificate_extension(int nid, bool critical, struct text der)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;

	if (ASN1_OCTET_STRING_set(octets, (const unsigned char *)der.ptr, (int)der.len) == 1)
		extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, octets);
	ASN1_OCTET_STRING_free(octets);
	return extension;
}

static bool add_extension(X509 *certificate, int nid, bool critical, struct text der)
{
	X509_EXTENSION *extension = certificate_extension(nid, critical, der);
	const bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return added;
}

static bool add_fixed(X509 *certificate, const struct fixed_extension *extensions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!add_extension(certificate, extensions[i].nid, true, extensions[i].der))
			return false;
	return true;
}

/* RFC 5280, section 4.2.1.2, method 1: the SHA-1 of the public key's bits. It is a name, not a
 * proof. */
static bool hash_public_key(const X509 *certificate, unsigned char out[SHA_DIGEST_LENGTH])
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);

	return bits != NULL
	       && EVP_Q_digest(NULL, "SHA1", NULL, ASN1_STRING_get0_data(bits),
			       (size_t)ASN1_STRING_length(bits), out, NULL)
			  == 1;
}

static bool add_key_identifiers(X509 *certificate, const X509 *issuer)
{
	AUTO_BUFFER struct buffer own = { 0 }, of_issuer = { 0 };
	unsigned char hash[SHA_DIGEST_LENGTH], issuer_hash[SHA_DIGEST_LENGTH];

	if (!hash_public_key(certificate, hash) || !hash_public_key(issuer, issuer_hash))
		return false;
	der_add(&own, DER_OCTETS, (struct text){ (const char *)hash, sizeof(hash) });
	der_add(&of_issuer, DER_CONTEXT_0,
		(struct text){ (const char *)issuer_hash, sizeof(issuer_hash) });
	der_wrap(&of_issuer, DER_SEQUENCE);
	return add_extension(certificate, NID_subject_key_identifier, false, buffer_text(&own))
	       && add_extension(certificate, NID_authority_key_identifier, false,
				buffer_text(&of_issuer));
}

static bool add_uri_name(X509 *certificate, bool critical, struct text uri)
{
	AUTO_BUFFER struct buffer names = { 0 };

	der_add(&names, DER_URI, uri);
	der_wrap(&names, DER_SEQUENCE);
	return add_extension(certificate, NID_subject_alt_name, critical, buffer_text(&names));
}

static bool add_trust_domain_name(X509 *certificate, struct text trust_domain)
{
	char id[SPIFFE_ID_MAX + 1];
	const struct spiffe_id name = { .trust_domain = trust_domain };
	const size_t len = spiffe_id_format(id, &name);

	return add_uri_name(certificate, false, (struct text){ id, len });
}

void certificate_name_constraint(struct buffer *out, struct text trust_domain)
{
	der_add(out, DER_URI, trust_domain);
	der_wrap(out, DER_SEQUENCE);
	der_wrap(out, DER_CONTEXT_0_SET);
	der_wrap(out, DER_SEQUENCE);
}

static bool add_name_constraint(X509 *certificate, struct text trust_domain)
{
	AUTO_BUFFER struct buffer constraint = { 0 };

	certificate_name_constraint(&constraint, trust_domain);
	return add_extension(certificate, NID_name_constraints, true, buffer_text(&constraint));
}

bool certificate_set_authority_subject(X509 *certificate, const char *role)
{
	unsigned char hash[SHA_DIGEST_LENGTH];
	X509_NAME *subject = X509_get_subject_name(certificate);
	char name[64];

	if (!hash_public_key(certificate, hash))
		return false;
	snprintf(name, sizeof(name), "%s %02x%02x%02x%02x%02x%02x%02x%02x", role, hash[0], hash[1],
		 hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]);
	return X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_ASC,
					  (const unsigned char *)"Mangrove", -1, -1, 0)
		       == 1
	       && X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
					     (const unsigned char *)name, -1, -1, 0)
			  == 1;
}

/* 126 random bits in sixteen bytes, positive and of one length. */
static bool set_serial(X509 *certificate)
{
	unsigned char bytes[16];

	random_bytes(bytes, sizeof(bytes));
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes, sizeof(bytes)) == 1;
}

static bool set_validity(X509 *certificate, struct validity validity)
{
	const int64_t second = (int64_t)NS_PER_SEC;

	return ASN1_TIME_set(X509_getm_notBefore(certificate), validity.not_before_ns / second)
		       != NULL
	       && ASN1_TIME_set(X509_getm_notAfter(certificate), validity.not_after_ns / second)
			  != NULL;
}

#define P256_POINT 65 /* bytes of a public key, uncompressed: 04, x, y */

/* OpenSSL sets a public key by encoding it and decoding it again, which costs four times all the
 * rest of a certificate. A P-256 point needs neither; but the object then has no decoded key. */
static bool set_p256_key(X509 *certificate, const EVP_PKEY *key)
{
	unsigned char *point = OPENSSL_malloc(P256_POINT);
	char group[32] = "";
	size_t len = 0;

	if (point != NULL && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1
	    && strcmp(group, SN_X9_62_prime256v1) == 0
	    && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, P256_POINT,
					       &len)
		       == 1
	    && len == P256_POINT && point[0] == 4
	    && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(certificate),
				      OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
				      OBJ_nid2obj(NID_X9_62_prime256v1), point, P256_POINT)
		       == 1)
		return true; /* the point is the certificate's now */
	OPENSSL_free(point);
	return false;
}

static X509 *begin(struct validity validity)
{
	AUTO(X509_free) X509 *certificate = X509_new();

	if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1
	    || !set_serial(certificate) || !set_validity(certificate, validity))
		return NULL;
	return TAKE(certificate);
}

/* Takes the certificate; gives it back signed, or NULL. */
static X509 *finish(X509 *certificate, bool complete, const struct signer *signer,
		    struct error *err)
{
	if (complete
	    && X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate)) == 1
	    && add_key_identifiers(certificate, signer->certificate)
	    && X509_sign(certificate, signer->key, EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	openssl_error(err, -EIO, "cannot make a certificate");
	return NULL;
}

X509 *certificate_make_root(EVP_PKEY *key, struct text trust_domain, struct validity validity,
			    struct error *err)
{
	X509 *root = begin(validity);
	const bool complete = root != NULL && X509_set_pubkey(root, key) == 1
			      && certificate_set_authority_subject(root, "root")
			      && add_fixed(root, root_extensions, COUNT_OF(root_extensions))
			      && add_trust_domain_name(root, trust_domain);

	return finish(root, complete, &(struct signer){ root, key }, err);
}

X509 *certificate_make_issuer(EVP_PKEY *key, struct text trust_domain, struct validity validity,
			      const struct signer *root, struct error *err)
{
	X509 *issuer = begin(validity);
	const bool complete = issuer != NULL && X509_set_pubkey(issuer, key) == 1
			      && certificate_set_authority_subject(issuer, "issuer")
			      && add_fixed(issuer, issuer_extensions, COUNT_OF(issuer_extensions))
			      && add_name_constraint(issuer, trust_domain)
			      && add_trust_domain_name(issuer, trust_domain);

	return finish(issuer, complete, root, err);
}

X509 *certificate_make_jwt(EVP_PKEY *key, struct validity validity, struct error *err)
{
	X509 *record = begin(validity);
	const bool complete = record != NULL && X509_set_pubkey(record, key) == 1
			      && certificate_set_authority_subject(record, "jwt")
			      && add_fixed(record, jwt_extensions, COUNT_OF(jwt_extensions));

	return finish(record, complete, &(struct signer){ record, key }, err);
}

/* One distribution point, by its full name. */
static bool add_crl_url(X509 *certificate, const char *url)
{
	AUTO_BUFFER struct buffer points = { 0 };

	if (url == NULL)
		return true;
	der_add(&points, DER_URI, text_of(url));
	der_wrap(&points, DER_CONTEXT_0_SET); /* fullName */
	der_wrap(&points, DER_CONTEXT_0_SET); /* distributionPoint */
	der_wrap(&points, DER_SEQUENCE);
	der_wrap(&points, DER_SEQUENCE);
	return add_extension(certificate, NID_crl_distribution_points, false, buffer_text(&points));
}

X509 *certificate_make_leaf(EVP_PKEY *key, struct text spiffe_id, struct validity validity,
			    const char *crl_url, const struct signer *issuer, struct error *err)
{
	X509 *leaf = begin(validity);
	const bool complete = leaf != NULL
			      && (set_p256_key(leaf, key) || X509_set_pubkey(leaf, key) == 1)
			      && add_fixed(leaf, leaf_extensions, COUNT_OF(leaf_extensions))
			      && add_extension(leaf, leaf_extended_key_usage.nid, false,
					       leaf_extended_key_usage.der)
			      /* critical, as the subject is empty */
			      && add_uri_name(leaf, true, spiffe_id) && add_crl_url(leaf, crl_url);

	return finish(leaf, complete, issuer, err);
}

const char *certificate_key_name(const X509 *certificate, char out[KEY_NAME_MAX])
{
	unsigned char hash[SHA_DIGEST_LENGTH];

	out[0] = '\0';
	if (!hash_public_key(certificate, hash))
		return out;
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
	return out;
}

const char *certificate_serial(const X509 *certificate, char out[SERIAL_TEXT_MAX])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	const size_t len = MIN_OF((size_t)ASN1_STRING_length(serial), (size_t)20);

	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}
