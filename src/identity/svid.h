/* SPDX-License-Identifier: Apache-2.0 */
/* svid.h — an X.509-SVID: a certificate chain with a SPIFFE ID, and its private key; and the set of
 * all identities a process holds together with the roots it trusts.
 *
 * Both never change once made: threads share them by reference, a renewal makes new ones. */
#pragma once

#include "identity/bundle.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdatomic.h>

struct svid {
	atomic_uint references;
	const char *id;                      /* the SPIFFE ID; owned */
	STACK_OF(X509) * chain;              /* leaf first; the root is not in it; owned */
	EVP_PKEY *key;                       /* of the leaf; owned */
	int64_t not_before_ns, not_after_ns; /* of the leaf, wall clock */
};

/* Takes `chain` and `key`, also on failure. Checks that the key fits the leaf and that the leaf is
 * an X.509-SVID by the rules of verify.h (the path to a root is for the peer to judge). */
int svid_new(STACK_OF(X509) * chain, EVP_PKEY *key, struct svid **out, struct error *err);
/* The same for a chain that our own authority just made for this key and ID: nothing to check. */
struct svid *svid_of_authority(STACK_OF(X509) * chain, EVP_PKEY *key, const char *id);
struct svid *svid_ref(struct svid *svid);
void svid_unref(struct svid *svid);
DEFINE_AUTO(struct svid, svid_unref)

static inline X509 *svid_leaf(const struct svid *svid)
{
	return sk_X509_value(svid->chain, 0);
}

/* When to ask for the successor: half of its life, give or take a tenth, so that many workloads
 * started together do not renew together. */
int64_t svid_renewal_time_ns(const struct svid *svid);

struct identity_set {
	atomic_uint references;
	uint64_t generation; /* grows with every set of one source */
	struct svid **svids; /* the first is the default identity; owned */
	size_t svid_count;
	struct bundles *bundles; /* whom to trust; owned */
};

/* Takes references of its own. */
struct identity_set *identity_set_new(uint64_t generation, struct svid *const *svids, size_t count,
				      struct bundles *bundles);
struct identity_set *identity_set_ref(struct identity_set *set);
void identity_set_unref(struct identity_set *set);
DEFINE_AUTO(struct identity_set, identity_set_unref)

/* The identity of this name, borrowed from the set, or NULL. */
struct svid *identity_set_find(const struct identity_set *set, struct text spiffe_id);
