/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.h — makes the certificates of our authority: root, issuer, leaf.
 *
 * Each kind's extensions are written as DER from constants (RFC 5280, section 4.2; X509-SVID.md,
 * section 4): what a certificate says does not depend on a text-driven builder, and issuing costs
 * little more than its signature. */
#pragma once

#include "identity/spiffe_id.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct signer {
	X509 *certificate;
	EVP_PKEY *key;
};

struct validity {
	int64_t not_before_ns, not_after_ns; /* wall clock; whole seconds count */
};

/* All return the certificate, or NULL with err filled. */
X509 *certificate_make_root(EVP_PKEY *key, struct text trust_domain, struct validity validity,
			    struct error *err);
X509 *certificate_make_issuer(EVP_PKEY *key, struct text trust_domain, struct validity validity,
			      const struct signer *root, struct error *err);
/* Never leaves the authority's directory: it records how long a key signs JWT-SVIDs. */
X509 *certificate_make_jwt(EVP_PKEY *key, struct validity validity, struct error *err);
/* crl_url: where the issuer's revocation list is; NULL: nowhere. */
X509 *certificate_make_leaf(EVP_PKEY *key, struct text spiffe_id, struct validity validity,
			    const char *crl_url, const struct signer *issuer, struct error *err);
/* What a root elsewhere is asked to sign: an issuer, with all its limits. */
X509_REQ *certificate_make_request(EVP_PKEY *key, struct text trust_domain, struct error *err);

#define KEY_NAME_MAX 41
/* The SHA-1 of the public key in hex: a name for it, unique without any register. */
const char *certificate_key_name(const X509 *certificate, char out[KEY_NAME_MAX]);

#define SERIAL_TEXT_MAX 41
/* The serial number in lower-case hex, as logs and `openssl x509 -serial` have it. */
const char *certificate_serial(const X509 *certificate, char out[SERIAL_TEXT_MAX]);
