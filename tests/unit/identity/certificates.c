/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/certificates.h"

#include <openssl/x509v3.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

const struct recipe good_root = { .subject = "root",
				  .basic = "critical,CA:TRUE",
				  .key_usage = "critical,keyCertSign,cRLSign" };
const struct recipe good_issuer = { .subject = "issuer",
				    .names = "URI:spiffe://d.test",
				    .basic = "critical,CA:TRUE,pathlen:0",
				    .key_usage = "critical,keyCertSign",
				    .name_constraints = "critical,permitted;URI:d.test" };
const struct recipe good_leaf = { .names = "critical,URI:spiffe://d.test/ns/default/sa/web",
				  .basic = "critical,CA:FALSE",
				  .key_usage = "critical,digitalSignature",
				  .extended_key_usage = "serverAuth,clientAuth" };

static void add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	if (value == NULL)
		return;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);

	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);

	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static EVP_PKEY *make_key(const char *kind)
{
	if (kind != NULL && strcmp(kind, "RSA-1024") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static void set_times(X509 *certificate, const struct recipe *recipe)
{
	const bool usual = recipe->from_s == 0 && recipe->until_s == 0;

	X509_gmtime_adj(X509_getm_notBefore(certificate), usual ? -3600 : recipe->from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), usual ? 3600 : recipe->until_s);
}

struct certificate certificate_make(const struct recipe *recipe, const struct certificate *issuer)
{
	struct certificate made = { .x509 = X509_new(), .key = make_key(recipe->key) };
	X509 *parent = issuer != NULL ? issuer->x509 : made.x509;
	uint64_t serial = random_cheap() >> 1;

	X509_set_version(made.x509, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.x509), serial);
	if (recipe->subject != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(made.x509), "CN", MBSTRING_ASC,
					   (const unsigned char *)recipe->subject, -1, -1, 0);
	X509_set_issuer_name(made.x509, X509_get_subject_name(parent));
	set_times(made.x509, recipe);
	X509_set_pubkey(made.x509, made.key);
	add(made.x509, parent, NID_subject_key_identifier, "hash");
	add(made.x509, parent, NID_authority_key_identifier, "keyid");
	add(made.x509, parent, NID_subject_alt_name, recipe->names);
	add(made.x509, parent, NID_basic_constraints, recipe->basic);
	add(made.x509, parent, NID_key_usage, recipe->key_usage);
	add(made.x509, parent, NID_ext_key_usage, recipe->extended_key_usage);
	add(made.x509, parent, NID_name_constraints, recipe->name_constraints);
	assert_true(X509_sign(made.x509, issuer != NULL ? issuer->key : made.key, EVP_sha256())
		    > 0);
	return made;
}

void certificate_done(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
}
