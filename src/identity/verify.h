/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h — is this peer who it says it is?
 *
 * Cheap checks come first: what the leaf says of itself, then whether its trust domain is known,
 * then RFC 5280 path validation by OpenSSL against that trust domain's roots alone, then the rules
 * for the authorities on the path. What OpenSSL, GnuTLS and Go all let pass (two URI names, an
 * authority used as a leaf) is refused here (X509-SVID.md, sections 2 to 5).
 *
 * Any thread; nothing is locked, nothing allocated beyond what OpenSSL itself does. */
#pragma once

#include "identity/bundle.h"
#include "identity/credential.h"

#include <openssl/x509.h>

/* What the peer is in this TLS connection: its extended key usage must allow that. */
enum tls_role { TLS_ROLE_CLIENT = 1, TLS_ROLE_SERVER };

/* Names and sentences stand in verify_reasons.c. */
enum verify_reason {
	VERIFY_UNCHECKED = 0, /* nobody is trusted by forgetting to ask */
	VERIFY_TRUSTED,
	VERIFY_NO_CERTIFICATE,
	VERIFY_NO_URI_NAME,
	VERIFY_SEVERAL_URI_NAMES,
	VERIFY_MALFORMED_ID,
	VERIFY_NO_PATH_IN_ID,
	VERIFY_MALFORMED_CERTIFICATE,
	VERIFY_NAME_NOT_CRITICAL,
	VERIFY_LEAF_IS_CA,
	VERIFY_KEY_USAGE_MISSING,
	VERIFY_KEY_USAGE_NOT_CRITICAL,
	VERIFY_NO_DIGITAL_SIGNATURE,
	VERIFY_LEAF_MAY_SIGN,
	VERIFY_WRONG_EXTENDED_KEY_USAGE,
	VERIFY_UNKNOWN_TRUST_DOMAIN,
	VERIFY_EXPIRED,
	VERIFY_NOT_YET_VALID,
	VERIFY_UNKNOWN_AUTHORITY,
	VERIFY_BAD_SIGNATURE,
	VERIFY_NAME_NOT_PERMITTED,
	VERIFY_AUTHORITY_NOT_VALID_NOW,
	VERIFY_AUTHORITY_NOT_CA,
	VERIFY_AUTHORITY_MAY_NOT_SIGN,
	VERIFY_AUTHORITY_OF_OTHER_DOMAIN,
	VERIFY_AUTHORITY_ID_HAS_PATH,
	VERIFY_PATH_INVALID,
	/* for those who ask further, of a certificate that is valid */
	VERIFY_OTHER_TRUST_DOMAIN,
	VERIFY_OTHER_IDENTITY,
	VERIFY_REVOKED,
	VERIFY_REVOKED_ID,
	VERIFY_REASON_COUNT,
};

const char *verify_reason_name(enum verify_reason reason); /* "SEVERAL_URI_NAMES" */
const char *verify_reason_text(enum verify_reason reason); /* a sentence for people */
/* The three answers that a connection can get beside yes, by what is looked at in turn: the
 * certificate, whose it is ("INVALID_IDENTITY"), and what policy says, which is not asked here
 * (VERIFY_CODE_DENIED). NULL: nothing speaks against it, or nobody looked. */
const char *verify_reason_code(enum verify_reason reason); /* "INVALID_CERTIFICATE" */
#define VERIFY_CODE_DENIED "AUTHORIZATION_DENIED"

struct peer_identity {
	enum verify_reason reason;
	struct spiffe_id id; /* views into text; set on success */
	char text[SPIFFE_ID_MAX + 1];
	struct credential credential; /* what can be revoked of it; set on success */
};

/* `chain` is what the peer sent (may be NULL, may hold the leaf too) and is not trusted.
 * Whether it was revoked is for revocations_find to say, with out->credential.
 * 0 where the peer is trusted, otherwise -EACCES: out->reason says why and err in a sentence. */
int identity_verify_peer(const struct bundles *bundles, X509 *leaf, STACK_OF(X509) * chain,
			 enum tls_role peer_role, int64_t now_ns, struct peer_identity *out,
			 struct error *err);

/* The part that needs no bundle: is this an X.509-SVID leaf? Fills in out->id but never says
 * VERIFY_TRUSTED. Used on our own certificates. */
int identity_check_leaf(X509 *leaf, struct peer_identity *out, struct error *err);
