/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c — what an X.509-SVID must say of itself (X509-SVID.md, sections 2 to 4). */
#include "identity/leaf.h"

#include "identity/openssl.h"

static bool extension_is_critical(const X509 *certificate, int nid)
{
	const int at = X509_get_ext_by_NID(certificate, nid, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1;
}

static enum verify_reason take_id(const ASN1_IA5STRING *uri, struct peer_identity *out,
				  struct error *err)
{
	const struct text text = { (const char *)ASN1_STRING_get0_data(uri),
				   (size_t)ASN1_STRING_length(uri) };
	int result = spiffe_id_parse(text, &out->id, err);

	if (result < 0)
		return VERIFY_MALFORMED_ID;
	if (text_is_empty(out->id.path))
		return VERIFY_NO_PATH_IN_ID;
	memcpy(out->text, text.ptr, text.len);
	out->text[text.len] = '\0';
	/* the views must outlive the certificate's */
	return spiffe_id_parse((struct text){ out->text, text.len }, &out->id, NULL) == 0
		       ? VERIFY_TRUSTED
		       : VERIFY_MALFORMED_ID;
}

/* Exactly one URI name, whatever its scheme; names of other kinds do not matter. */
static enum verify_reason check_name(const X509 *leaf, struct peer_identity *out, struct error *err)
{
	int critical = 0;
	AUTO(GENERAL_NAMES_free)
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
	const ASN1_IA5STRING *uri = NULL;

	if (names == NULL) /* -1: no such extension; else it is there twice or cannot be decoded */
		return critical == -1 ? VERIFY_NO_URI_NAME : VERIFY_MALFORMED_CERTIFICATE;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		if (uri != NULL)
			return VERIFY_SEVERAL_URI_NAMES;
		uri = name->d.uniformResourceIdentifier;
	}
	if (uri == NULL)
		return VERIFY_NO_URI_NAME;
	if (critical == 0 && X509_NAME_entry_count(X509_get_subject_name(leaf)) == 0)
		return VERIFY_NAME_NOT_CRITICAL;
	return take_id(uri, out, err);
}

static enum verify_reason check_usage(X509 *leaf)
{
	const uint32_t flags = X509_get_extension_flags(leaf);
	const uint32_t usage = X509_get_key_usage(leaf);

	if ((flags & EXFLAG_INVALID) != 0)
		return VERIFY_MALFORMED_CERTIFICATE;
	if ((flags & EXFLAG_CA) != 0)
		return VERIFY_LEAF_IS_CA;
	if ((flags & EXFLAG_KUSAGE) == 0)
		return VERIFY_KEY_USAGE_MISSING;
	if (!extension_is_critical(leaf, NID_key_usage))
		return VERIFY_KEY_USAGE_NOT_CRITICAL;
	if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
		return VERIFY_LEAF_MAY_SIGN;
	if ((usage & KU_DIGITAL_SIGNATURE) == 0)
		return VERIFY_NO_DIGITAL_SIGNATURE;
	return VERIFY_TRUSTED;
}

enum verify_reason leaf_check(X509 *leaf, struct peer_identity *out, struct error *err)
{
	const enum verify_reason reason = check_usage(leaf);

	return reason == VERIFY_TRUSTED ? check_name(leaf, out, err) : reason;
}

/* An extended key usage that is absent allows both sides. */
bool leaf_allows_role(X509 *leaf, enum tls_role role)
{
	const uint32_t needed = role == TLS_ROLE_CLIENT ? XKU_SSL_CLIENT : XKU_SSL_SERVER;

	return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) == 0
	       || (X509_get_extended_key_usage(leaf) & needed) != 0;
}
