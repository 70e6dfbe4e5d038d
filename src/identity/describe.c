/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/describe.h"

#include "identity/certificate.h"
#include "identity/openssl.h"

static void describe_name(const X509_NAME *name, char *out, size_t size)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV);

	const long len = BIO_get_mem_data(bio, &text);

	snprintf(out, size, "%.*s", (int)len, text != NULL ? text : "");
}

static void describe_digest(const X509 *certificate, char out[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	X509_digest(certificate, EVP_sha256(), digest, &len);
	out[0] = '\0';
	for (unsigned i = 0; i < len && i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void describe_key(const X509 *certificate, char *out, size_t size)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	char group[32] = "";

	if (type == NULL)
		snprintf(out, size, "unreadable");
	else if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
		snprintf(out, size, "%s %s", type,
			 strcmp(group, "prime256v1") == 0 ? "P-256" : group);
	else
		snprintf(out, size, "%s %d", type, EVP_PKEY_get_bits(key));
}

static const struct {
	uint32_t bit;
	const char *name;
} usages[] = {
	{ KU_DIGITAL_SIGNATURE, "digitalSignature" }, { KU_NON_REPUDIATION, "nonRepudiation" },
	{ KU_KEY_ENCIPHERMENT, "keyEncipherment" },   { KU_DATA_ENCIPHERMENT, "dataEncipherment" },
	{ KU_KEY_AGREEMENT, "keyAgreement" },	      { KU_KEY_CERT_SIGN, "keyCertSign" },
	{ KU_CRL_SIGN, "cRLSign" },
}, extended_usages[] = {
	{ XKU_SSL_SERVER, "serverAuth" },
	{ XKU_SSL_CLIENT, "clientAuth" },
	{ XKU_ANYEKU, "anyExtendedKeyUsage" },
};

static void describe_usage(X509 *certificate, char *out, size_t size)
{
	AUTO_BUFFER struct buffer text = { 0 };
	const uint32_t flags = X509_get_extension_flags(certificate);
	const uint32_t usage = X509_get_key_usage(certificate);
	const uint32_t extended = X509_get_extended_key_usage(certificate);

	for (size_t i = 0; (flags & EXFLAG_KUSAGE) != 0 && i < COUNT_OF(usages); i++)
		if ((usage & usages[i].bit) != 0)
			buffer_printf(&text, "%s%s", text.len > 0 ? ", " : "", usages[i].name);
	for (size_t i = 0; (flags & EXFLAG_XKUSAGE) != 0 && i < COUNT_OF(extended_usages); i++)
		if ((extended & extended_usages[i].bit) != 0)
			buffer_printf(&text, "%s%s", text.len > 0 ? ", " : "",
				      extended_usages[i].name);
	snprintf(out, size, "%s", text.len > 0 ? text.data : "");
}

/* The first URI name that is a SPIFFE ID. */
static void describe_id(const X509 *certificate, char out[SPIFFE_ID_MAX + 1])
{
	AUTO(GENERAL_NAMES_free)
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && out[0] == '\0'; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct spiffe_id id;

		if (name->type != GEN_URI)
			continue;

		const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
		const struct text text = { (const char *)ASN1_STRING_get0_data(uri),
					   (size_t)ASN1_STRING_length(uri) };

		if (spiffe_id_parse(text, &id, NULL) == 0)
			spiffe_id_format(out, &id);
	}
}

void certificate_describe(X509 *certificate, struct certificate_facts *out)
{
	struct peer_identity identity = { 0 };

	*out = (struct certificate_facts){ 0 };
	describe_id(certificate, out->id);
	describe_name(X509_get_subject_name(certificate), out->subject, sizeof(out->subject));
	describe_name(X509_get_issuer_name(certificate), out->issuer, sizeof(out->issuer));
	certificate_serial(certificate, out->serial);
	describe_digest(certificate, out->sha256);
	out->not_after_ns = asn1_time_ns(X509_get0_notAfter(certificate));
	clock_format_utc(out->not_before, asn1_time_ns(X509_get0_notBefore(certificate)));
	clock_format_utc(out->not_after, out->not_after_ns);
	describe_key(certificate, out->key, sizeof(out->key));
	describe_usage(certificate, out->usage, sizeof(out->usage));
	out->is_authority = X509_check_ca(certificate) == 1;
	identity_check_leaf(certificate, &identity, NULL);
	out->reason = identity.reason;
}
