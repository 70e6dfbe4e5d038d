/* SPDX-License-Identifier: Apache-2.0 */
/* ca.h — the certificate authority that needs no administrator.
 *
 * DIRECTORY (0700) holds, per generation N, a root and an issuing intermediate:
 *
 *	trust-domain           the name all of it belongs to
 *	root-N.pem             self-signed, P-256          root-N.key      0600
 *	issuer-N-M.pem         intermediate M of root N    issuer-N-M.key  0600
 *	jwt-N.pem              a record of validity        jwt-N.key       0600, signs JWT-SVIDs
 *
 * First start makes them; nothing is ever deleted. Each file is written whole, key before
 * certificate, so a crash leaves at worst a key without a certificate, which is ignored. The
 * intermediate is limited in the certificate itself: pathLen 0 and a URI name constraint to the
 * trust domain. Every generation has a subject and key identifier of its own.
 *
 * Not shared between threads: the identity role's loop owns it. */
#pragma once

#include "identity/revocations.h"
#include "identity/svid.h"

struct ca;

struct ca_lifetimes {       /* zero: the default */
	uint64_t svid_ns;   /* 1 hour */
	uint64_t issuer_ns; /* 30 days; its successor is made at half of that */
	uint64_t root_ns;   /* 10 years */
	uint64_t jwt_ns;    /* 5 minutes */
};

/* Opens the authority, making it at first start. -EEXIST where it belongs to another trust domain;
 * trust_domain NULL: the one it has, or "cluster.local" at first start. */
int ca_open(const char *directory, const char *trust_domain, const struct ca_lifetimes *lifetimes,
	    struct ca **out, struct error *err);
void ca_close(struct ca *ca);
DEFINE_AUTO(struct ca, ca_close)

const char *ca_trust_domain(const struct ca *ca);
/* Roots and JWT keys, for those who verify; borrowed, valid until the next ca_maintain. */
struct bundles *ca_bundles(const struct ca *ca);

/* Signs an SVID for `spiffe_id` (in this trust domain, with a path). `subject_key` is the key to
 * certify, private or public part alone; NULL: a fresh P-256 key. Never valid beyond its issuer.
 * The SVID is made to be handed out: this process finds the public key in svid->key, the
 * certificate object gives it only once it was encoded and decoded. */
int ca_issue(struct ca *ca, struct text spiffe_id, EVP_PKEY *subject_key, int64_t now_ns,
	     struct svid **out, struct error *err);

/* Appends a JWT-SVID for `spiffe_id`, to be shown to these audiences (at least one). */
int ca_issue_jwt(struct ca *ca, struct text spiffe_id, const struct text *audiences,
		 size_t audience_count, int64_t now_ns, struct buffer *out, struct error *err);

/* Whom it issues nothing to, and which of its own generations count no longer; from the next
 * ca_maintain on. Takes a reference; NULL: nothing is revoked. */
void ca_set_revocations(struct ca *ca, struct revocations *revocations);
/* What of this SVID, issued here, can be revoked; its path goes up to the root. */
void ca_credential(const struct ca *ca, const struct svid *svid, struct credential *out);

/* Makes the successor of an issuer, root or JWT key that is past half of its life. True where
 * ca_bundles changed. Failing leaves the current ones at work. */
int ca_maintain(struct ca *ca, int64_t now_ns, bool *bundles_changed, struct error *err);
