/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h — whom to trust for which trust domain.
 *
 * A bundle is one trust domain's authorities: certificates that sign X.509-SVIDs, public keys that
 * sign JWT-SVIDs. Bundles of several trust domains are
 * never pooled: the verifier picks one by the trust domain of the leaf, so the root of one domain
 * cannot vouch for another (SPIFFE_Trust_Domain_and_Bundle.md, section 3).
 *
 * Filled by one thread, then shared: once another reference exists it no longer changes. */
#pragma once

#include "identity/spiffe_id.h"

#include <openssl/x509.h>
#include <stdatomic.h>

#define KEY_ID_MAX 64

struct jwt_authority {
	char key_id[KEY_ID_MAX + 1];
	EVP_PKEY *key; /* the public part; owned */
};

struct bundle {
	const char *trust_domain;              /* owned */
	STACK_OF(X509) * authorities;          /* owned; may be empty: nothing is trusted */
	struct jwt_authority *jwt_authorities; /* owned */
	size_t jwt_authority_count;
	struct buffer *crls; /* DER of revocation lists, for those who read them; owned */
	size_t crl_count;
};

struct bundles {
	atomic_uint references;
	struct bundle **items; /* in the order added; owned */
	size_t count;
	struct map by_trust_domain; /* struct bundle */
};

struct bundles *bundles_new(void);
struct bundles *bundles_ref(struct bundles *bundles);
void bundles_unref(struct bundles *bundles);
DEFINE_AUTO(struct bundles, bundles_unref)

/* Adds an authority of a trust domain (takes its own reference of the certificate); one that is
 * there already is not added twice. -EINVAL where it is no certificate authority. */
int bundles_add(struct bundles *bundles, struct text trust_domain, X509 *authority,
		struct error *err);
/* The same for a key that signs JWT-SVIDs; longer key IDs are cut. */
void bundles_add_jwt_authority(struct bundles *bundles, struct text trust_domain,
			       struct text key_id, EVP_PKEY *key);
void bundles_add_crl(struct bundles *bundles, struct text trust_domain, struct text der);
/* The trust domain is known, even if nothing vouches for it yet (an empty bundle trusts nothing).
 */
struct bundle *bundles_add_trust_domain(struct bundles *bundles, struct text trust_domain);

/* The same authorities, in the same order. */
bool bundle_equal(const struct bundle *a, const struct bundle *b);

/* NULL where the trust domain is unknown. */
const struct bundle *bundles_find(const struct bundles *bundles, struct text trust_domain);
