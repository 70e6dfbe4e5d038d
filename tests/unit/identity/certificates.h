/* SPDX-License-Identifier: Apache-2.0 */
/* certificates.h — certificates as tests want them, right or wrong in one point. */
#pragma once

#include "identity/identity.h"

struct recipe {                /* what is NULL or zero is left out */
	const char *subject;   /* common name */
	const char *names;     /* OpenSSL's words: "URI:spiffe://d/x,DNS:d" */
	const char *basic;     /* "critical,CA:TRUE" */
	const char *key_usage; /* "critical,digitalSignature" */
	const char *extended_key_usage;
	const char *name_constraints;
	int64_t from_s, until_s; /* relative to now; both 0: an hour around it */
	const char *key;         /* "RSA-1024"; NULL: P-256 */
};

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

/* `issuer` NULL: self-signed. */
struct certificate certificate_make(const struct recipe *recipe, const struct certificate *issuer);
void certificate_done(struct certificate *certificate);

extern const struct recipe good_root, good_issuer, good_leaf; /* of the trust domain "d.test" */
