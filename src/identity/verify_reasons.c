/* SPDX-License-Identifier: Apache-2.0 */
/* verify_reasons.c — every reason's name, as logs and `mangrove id verify` print it, and sentence.
 */
#include "identity/verify.h"

/* What a reason speaks against. */
enum subject { CERTIFICATE, IDENTITY };

static const struct {
	const char *name, *text;
	enum subject subject;
} reasons[VERIFY_REASON_COUNT] = {
	[VERIFY_UNCHECKED] = { "UNCHECKED", "the certificate was not checked", CERTIFICATE },
	[VERIFY_TRUSTED] = { "TRUSTED", "the certificate is trusted", CERTIFICATE },
	[VERIFY_NO_CERTIFICATE] = { "NO_CERTIFICATE", "the peer showed no certificate",
				    CERTIFICATE },
	[VERIFY_NO_URI_NAME] = { "NO_URI_NAME",
				 "the certificate has no URI name, so it carries no SPIFFE ID",
				 IDENTITY },
	[VERIFY_SEVERAL_URI_NAMES] = { "SEVERAL_URI_NAMES",
				       "the certificate has more than one URI name", IDENTITY },
	[VERIFY_MALFORMED_ID] = { "MALFORMED_ID", "the URI name is no SPIFFE ID", IDENTITY },
	[VERIFY_NO_PATH_IN_ID] = { "NO_PATH_IN_ID",
				   "the SPIFFE ID has no path, so it names no workload", IDENTITY },
	[VERIFY_MALFORMED_CERTIFICATE] = { "MALFORMED_CERTIFICATE",
					   "the certificate's extensions are malformed",
					   CERTIFICATE },
	[VERIFY_NAME_NOT_CRITICAL] = { "NAME_NOT_CRITICAL",
				       "the subject is empty, but the URI name is not critical",
				       CERTIFICATE },
	[VERIFY_LEAF_IS_CA] = { "LEAF_IS_CA",
				"a certificate authority's certificate is used as a workload's",
				CERTIFICATE },
	[VERIFY_KEY_USAGE_MISSING] = { "KEY_USAGE_MISSING", "the certificate has no key usage",
				       CERTIFICATE },
	[VERIFY_KEY_USAGE_NOT_CRITICAL] = { "KEY_USAGE_NOT_CRITICAL",
					    "the certificate's key usage is not critical",
					    CERTIFICATE },
	[VERIFY_NO_DIGITAL_SIGNATURE] = { "NO_DIGITAL_SIGNATURE",
					  "the key usage does not allow digital signatures",
					  CERTIFICATE },
	[VERIFY_LEAF_MAY_SIGN] = { "LEAF_MAY_SIGN",
				   "the key usage of a workload's certificate allows signing "
				   "certificates or revocation lists",
				   CERTIFICATE },
	[VERIFY_WRONG_EXTENDED_KEY_USAGE] = { "WRONG_EXTENDED_KEY_USAGE",
					      "the extended key usage does not allow this side of "
					      "a TLS connection",
					      CERTIFICATE },
	[VERIFY_UNKNOWN_TRUST_DOMAIN] = { "UNKNOWN_TRUST_DOMAIN",
					  "nothing is known about the peer's trust domain",
					  IDENTITY },
	[VERIFY_EXPIRED] = { "EXPIRED", "the certificate has expired", CERTIFICATE },
	[VERIFY_NOT_YET_VALID] = { "NOT_YET_VALID", "the certificate is not valid yet",
				   CERTIFICATE },
	[VERIFY_UNKNOWN_AUTHORITY] = { "UNKNOWN_AUTHORITY",
				       "no authority of the peer's trust domain vouches for it",
				       CERTIFICATE },
	[VERIFY_BAD_SIGNATURE] = { "BAD_SIGNATURE", "a signature on the path is wrong",
				   CERTIFICATE },
	[VERIFY_NAME_NOT_PERMITTED] = { "NAME_NOT_PERMITTED",
					"the name lies outside what its authority may certify",
					IDENTITY },
	[VERIFY_AUTHORITY_NOT_VALID_NOW] = { "AUTHORITY_NOT_VALID_NOW",
					     "an authority on the path has expired or is not valid "
					     "yet",
					     CERTIFICATE },
	[VERIFY_AUTHORITY_NOT_CA] = { "AUTHORITY_NOT_CA",
				      "a certificate on the path is no certificate authority's",
				      CERTIFICATE },
	[VERIFY_AUTHORITY_MAY_NOT_SIGN] = { "AUTHORITY_MAY_NOT_SIGN",
					    "the key usage of an authority on the path does not "
					    "allow signing certificates",
					    CERTIFICATE },
	[VERIFY_AUTHORITY_OF_OTHER_DOMAIN] = { "AUTHORITY_OF_OTHER_DOMAIN",
					       "an authority on the path belongs to another trust "
					       "domain",
					       CERTIFICATE },
	[VERIFY_AUTHORITY_ID_HAS_PATH] = { "AUTHORITY_ID_HAS_PATH",
					   "an authority on the path has the SPIFFE ID of a "
					   "workload",
					   CERTIFICATE },
	[VERIFY_PATH_INVALID] = { "PATH_INVALID", "the certificate path is invalid", CERTIFICATE },
	[VERIFY_OTHER_TRUST_DOMAIN] = { "OTHER_TRUST_DOMAIN",
					"its trust domain is neither ours nor an alias of it",
					IDENTITY },
	[VERIFY_OTHER_IDENTITY] = { "OTHER_IDENTITY", "it is not the one that was expected",
				    IDENTITY },
	[VERIFY_REVOKED] = { "REVOKED", "the certificate, its key or its authority is revoked",
			     CERTIFICATE },
	[VERIFY_REVOKED_ID] = { "REVOKED_ID", "the SPIFFE ID is revoked", IDENTITY },
};

const char *verify_reason_name(enum verify_reason reason)
{
	return reasons[reason].name;
}

const char *verify_reason_text(enum verify_reason reason)
{
	return reasons[reason].text;
}

const char *verify_reason_code(enum verify_reason reason)
{
	if (reason == VERIFY_UNCHECKED || reason == VERIFY_TRUSTED)
		return NULL;
	return reasons[reason].subject == IDENTITY ? "INVALID_IDENTITY" : "INVALID_CERTIFICATE";
}
