/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/verify.h"

#include "identity/leaf.h"
#include "identity/openssl.h"

#include <errno.h>

#define PATH_DEPTH_MAX 8
/* 112 bits: RSA from 2048 on, no SHA-1 signatures */
#define SECURITY_LEVEL 2

/* OpenSSL's errors as reasons of ours; what is not listed is VERIFY_PATH_INVALID. */
static const struct {
	int error;
	enum verify_reason leaf, authority;
} path_errors[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, VERIFY_EXPIRED, VERIFY_AUTHORITY_NOT_VALID_NOW },
	{ X509_V_ERR_CERT_NOT_YET_VALID, VERIFY_NOT_YET_VALID, VERIFY_AUTHORITY_NOT_VALID_NOW },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, VERIFY_UNKNOWN_AUTHORITY,
	  VERIFY_UNKNOWN_AUTHORITY },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, VERIFY_UNKNOWN_AUTHORITY,
	  VERIFY_UNKNOWN_AUTHORITY },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, VERIFY_UNKNOWN_AUTHORITY,
	  VERIFY_UNKNOWN_AUTHORITY },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, VERIFY_UNKNOWN_AUTHORITY,
	  VERIFY_UNKNOWN_AUTHORITY },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, VERIFY_UNKNOWN_AUTHORITY,
	  VERIFY_UNKNOWN_AUTHORITY },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, VERIFY_BAD_SIGNATURE, VERIFY_BAD_SIGNATURE },
	{ X509_V_ERR_PERMITTED_VIOLATION, VERIFY_NAME_NOT_PERMITTED, VERIFY_NAME_NOT_PERMITTED },
	{ X509_V_ERR_EXCLUDED_VIOLATION, VERIFY_NAME_NOT_PERMITTED, VERIFY_NAME_NOT_PERMITTED },
	{ X509_V_ERR_INVALID_CA, VERIFY_LEAF_IS_CA, VERIFY_AUTHORITY_NOT_CA },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, VERIFY_LEAF_MAY_SIGN, VERIFY_AUTHORITY_MAY_NOT_SIGN },
	{ X509_V_ERR_INVALID_PURPOSE, VERIFY_WRONG_EXTENDED_KEY_USAGE,
	  VERIFY_AUTHORITY_MAY_NOT_SIGN },
};

static enum verify_reason reason_of_path_error(int error, int depth)
{
	for (size_t i = 0; i < COUNT_OF(path_errors); i++)
		if (path_errors[i].error == error)
			return depth == 0 ? path_errors[i].leaf : path_errors[i].authority;
	return VERIFY_PATH_INVALID;
}

/* An authority need not have a SPIFFE ID; one it has names a trust domain, and the right one. The
 * anchor may stand in the bundles of several domains: there it is the operator's word that counts.
 */
static enum verify_reason check_authority_id(const X509 *authority, bool is_anchor,
					     struct text trust_domain)
{
	AUTO(GENERAL_NAMES_free)
	GENERAL_NAMES *names = X509_get_ext_d2i(authority, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct spiffe_id id;

		if (name->type != GEN_URI)
			continue;

		const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
		const struct text text = { (const char *)ASN1_STRING_get0_data(uri),
					   (size_t)ASN1_STRING_length(uri) };

		if (!text_starts_with(text, TEXT("spiffe:")))
			continue;
		if (spiffe_id_parse(text, &id, NULL) < 0)
			return VERIFY_PATH_INVALID;
		if (!text_is_empty(id.path))
			return VERIFY_AUTHORITY_ID_HAS_PATH;
		if (!is_anchor && !text_equal(id.trust_domain, trust_domain))
			return VERIFY_AUTHORITY_OF_OTHER_DOMAIN;
	}
	return VERIFY_TRUSTED;
}

/* OpenSSL is lenient with authorities that carry no key usage; X509-SVID.md, section 4.3, is not.
 * A trust anchor is taken as the operator gave it (RFC 5280, section 6.1.1 (d)). */
static enum verify_reason check_authority(X509 *authority, bool is_anchor, struct text trust_domain)
{
	const uint32_t flags = X509_get_extension_flags(authority);

	if ((flags & EXFLAG_INVALID) != 0)
		return VERIFY_PATH_INVALID;
	if ((flags & EXFLAG_CA) == 0)
		return VERIFY_AUTHORITY_NOT_CA;
	if (!is_anchor && (flags & EXFLAG_KUSAGE) == 0)
		return VERIFY_AUTHORITY_MAY_NOT_SIGN;
	if ((X509_get_key_usage(authority) & KU_KEY_CERT_SIGN) == 0)
		return VERIFY_AUTHORITY_MAY_NOT_SIGN;
	return check_authority_id(authority, is_anchor, trust_domain);
}

static enum verify_reason check_authorities(STACK_OF(X509) * path, struct text trust_domain)
{
	const int anchor = sk_X509_num(path) - 1;

	for (int i = 1; i <= anchor; i++) {
		const enum verify_reason reason =
			check_authority(sk_X509_value(path, i), i == anchor, trust_domain);

		if (reason != VERIFY_TRUSTED)
			return reason;
	}
	return VERIFY_TRUSTED;
}

static bool prepare(X509_STORE_CTX *context, const struct bundle *bundle, X509 *leaf,
		    STACK_OF(X509) * chain, enum tls_role role, int64_t now_ns)
{
	if (context == NULL || X509_STORE_CTX_init(context, NULL, leaf, chain) != 1)
		return false;

	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);

	/* a plain stack instead of a store: nothing to lock; any authority in it is an anchor */
	X509_STORE_CTX_set0_trusted_stack(context, bundle->authorities);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, PATH_DEPTH_MAX);
	X509_VERIFY_PARAM_set_time(param, (time_t)(now_ns / (int64_t)NS_PER_SEC));
	return X509_STORE_CTX_set_purpose(context, role == TLS_ROLE_CLIENT
							   ? X509_PURPOSE_SSL_CLIENT
							   : X509_PURPOSE_SSL_SERVER)
	       == 1;
}

static enum verify_reason check_path(const struct bundle *bundle, X509 *leaf,
				     STACK_OF(X509) * chain, enum tls_role role, int64_t now_ns,
				     struct credential *credential, struct error *err)
{
	AUTO(X509_STORE_CTX_free) X509_STORE_CTX *context = X509_STORE_CTX_new();

	if (!prepare(context, bundle, leaf, chain, role, now_ns))
		return VERIFY_PATH_INVALID;
	if (X509_verify_cert(context) != 1) {
		const int error = X509_STORE_CTX_get_error(context);

		error_set(err, -EACCES, "%s", X509_verify_cert_error_string(error));
		return reason_of_path_error(error, X509_STORE_CTX_get_error_depth(context));
	}
	credential_of_path(X509_STORE_CTX_get0_chain(context), credential);
	return check_authorities(X509_STORE_CTX_get0_chain(context), text_of(bundle->trust_domain));
}

static enum verify_reason judge(const struct bundles *bundles, X509 *leaf, STACK_OF(X509) * chain,
				enum tls_role role, int64_t now_ns, struct peer_identity *out,
				struct error *err)
{
	const struct bundle *bundle;
	enum verify_reason reason;

	if (leaf == NULL)
		return VERIFY_NO_CERTIFICATE;
	reason = leaf_check(leaf, out, err);
	if (reason != VERIFY_TRUSTED)
		return reason;
	if (!leaf_allows_role(leaf, role))
		return VERIFY_WRONG_EXTENDED_KEY_USAGE;
	bundle = bundles_find(bundles, out->id.trust_domain);
	if (bundle == NULL) {
		error_set(err, -EACCES, "trust domain '%.*s'", TEXT_ARGS(out->id.trust_domain));
		return VERIFY_UNKNOWN_TRUST_DOMAIN;
	}
	return check_path(bundle, leaf, chain, role, now_ns, &out->credential, err);
}

/* "reason's sentence", and what else is known in parentheses. */
static int reject(struct peer_identity *out, enum verify_reason reason, struct error *detail,
		  struct error *err)
{
	out->reason = reason;
	out->id = (struct spiffe_id){ 0 };
	if (detail->code == 0)
		return error_set(err, -EACCES, "%s", verify_reason_text(reason));
	return error_set(err, -EACCES, "%s (%s)", verify_reason_text(reason), detail->text);
}

int identity_verify_peer(const struct bundles *bundles, X509 *leaf, STACK_OF(X509) * chain,
			 enum tls_role peer_role, int64_t now_ns, struct peer_identity *out,
			 struct error *err)
{
	struct error detail = { 0 };
	const enum verify_reason reason =
		judge(bundles, leaf, chain, peer_role, now_ns, out, &detail);

	if (reason != VERIFY_TRUSTED)
		return reject(out, reason, &detail, err);
	out->reason = VERIFY_TRUSTED;
	return 0;
}

int identity_check_leaf(X509 *leaf, struct peer_identity *out, struct error *err)
{
	struct error detail = { 0 };
	const enum verify_reason reason = leaf_check(leaf, out, &detail);

	if (reason != VERIFY_TRUSTED)
		return reject(out, reason, &detail, err);
	out->reason = VERIFY_UNCHECKED;
	return 0;
}
