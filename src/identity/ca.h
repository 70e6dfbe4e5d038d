/* SPDX-License-Identifier: Apache-2.0 */
/* ca.h — the certificate authority that needs no administrator.
 *
 * DIRECTORY (0700) holds, per generation N, a root and an issuing intermediate:
 *
 *	trust-domain           the name all of it belongs to
 *	root-N.pem             self-signed, P-256          root-N.key      0600
 *	issuer-N-M.pem         intermediate M of root N    issuer-N-M.key  0600
 *	jwt-N.pem              a record of validity        jwt-N.key       0600, signs JWT-SVIDs
 *	issuer-request.csr     waits to be signed          issuer-request.key   (offline root)
 *
 * First start makes them; no generation is ever deleted. Each file is written whole, key before
 * certificate, so a crash leaves at worst a key without a certificate, which is ignored. The
 * intermediate is limited in the certificate itself: pathLen 0 and a URI name constraint to the
 * trust domain. Every generation has a subject and key identifier of its own. What a .key file may
 * be is said in key_vault.h.
 *
 * Rotation (ca_rotate.c): a successor is prepared at half of a life and published in the bundle; it
 * signs when every subscriber was sent it (ca_note_told) and had time to act; what it follows
 *leaves the bundle when nothing that it signed is valid any more.
 *
 * Not shared between threads: the identity role's loop owns it. */
#pragma once

#include "identity/audit.h"
#include "identity/revocations.h"
#include "identity/svid.h"

struct ca;

struct ca_lifetimes {       /* zero: the default */
	uint64_t svid_ns;   /* 1 hour */
	uint64_t issuer_ns; /* 30 days; its successor is made at half of that */
	uint64_t root_ns;   /* 10 years */
	uint64_t jwt_ns;    /* 5 minutes */
};

/* Certificates and tokens a second, with as much in a burst as ten seconds give. */
struct ca_limits {              /* zero: the default */
	unsigned workload_rate; /* of one SPIFFE ID: 100 */
	unsigned total_rate;    /* 5,000 */
};

struct ca_options { /* all optional; texts are borrowed for as long as the authority is open */
	struct ca_lifetimes lifetimes;
	struct ca_limits limits;
	bool offline_root;          /* issuers are signed elsewhere: ca_request, ca_import */
	const char *root_key;       /* "pkcs11:…" instead of a key of our making */
	const char *issuer_key;     /* the same */
	const char *key_encryption; /* see key_vault.h */
	const char *crl_url;        /* stands in certificates; "{issuer}": its serial, as in crl/ */
	const char *crl_directory;  /* crl.pem and crl/SERIAL.crl go there; NULL: no such files */
	struct audit *audit;        /* borrowed; NULL: no record is kept */
};

/* Opens the authority, making it at first start. -EEXIST where it belongs to another trust domain;
 * trust_domain NULL: the one it has, or "cluster.local" at first start. */
int ca_open(const char *directory, const char *trust_domain, const struct ca_options *options,
	    struct ca **out, struct error *err);
void ca_close(struct ca *ca);
DEFINE_AUTO(struct ca, ca_close)

const char *ca_trust_domain(const struct ca *ca);
/* Roots and JWT keys, for those who verify; borrowed, valid until the next ca_maintain. */
struct bundles *ca_bundles(const struct ca *ca);

/* ---- issuing (ca_issue.c) ---- */

/* Signs an SVID for `spiffe_id` (in this trust domain, with a path). `subject_key` is the key to
 * certify, private or public part alone; NULL: a fresh P-256 key. Never valid beyond its issuer.
 * The SVID is made to be handed out: this process finds the public key in svid->key, the
 * certificate object gives it only once it was encoded and decoded. -EBUSY: too many at a time. */
int ca_issue(struct ca *ca, struct text spiffe_id, EVP_PKEY *subject_key, int64_t now_ns,
	     struct svid **out, struct error *err);

/* Appends a JWT-SVID for `spiffe_id`, to be shown to these audiences (at least one). */
int ca_issue_jwt(struct ca *ca, struct text spiffe_id, const struct text *audiences,
		 size_t audience_count, int64_t now_ns, struct buffer *out, struct error *err);

/* Could it issue certificates now? False while an offline root's answer is awaited. */
bool ca_can_issue(const struct ca *ca, int64_t now_ns);
/* What of this SVID, issued here, can be revoked; its path goes up to the root. */
void ca_credential(const struct ca *ca, const struct svid *svid, struct credential *out);

/* ---- over time (ca_rotate.c) ---- */

enum authority_kind { AUTHORITY_ROOT = 1, AUTHORITY_ISSUER, AUTHORITY_JWT };
const char *authority_kind_name(enum authority_kind kind); /* "issuer" */

/* Makes the successor of an issuer, root or JWT key that is past half of its life. True where
 * ca_bundles changed. Failing leaves the current ones at work. */
int ca_maintain(struct ca *ca, int64_t now_ns, bool *bundles_changed, struct error *err);
/* Makes the successor now; the next ca_maintain publishes it, and it signs as soon as that is known
 * everywhere. */
int ca_rotate(struct ca *ca, enum authority_kind kind, int64_t now_ns, struct error *err);
/* Every subscriber was sent the bundle that ca_bundles gives. */
void ca_note_told(struct ca *ca);

/* Whom it issues nothing to, and which of its own generations count no longer; from the next
 * ca_maintain on. Takes a reference; NULL: nothing is revoked. */
void ca_set_revocations(struct ca *ca, struct revocations *revocations);

/* Every generation there is, for people. */
struct authority_state {
	enum authority_kind kind;
	unsigned root, number; /* root: of an issuer */
	X509 *certificate;     /* borrowed */
	bool has_key, is_signing, is_published, is_revoked;
};
size_t ca_authorities(const struct ca *ca, int64_t now_ns, struct authority_state *out, size_t max);

/* ---- an offline root (ca_request.c) ---- */

/* Appends the PEM request for the next issuer; its key is made if there is none yet. */
int ca_request(struct ca *ca, struct buffer *out, struct error *err);
/* Takes the answer: the issuer's certificate, and the root's behind it unless it is known. */
int ca_import(struct ca *ca, struct text pem, int64_t now_ns, struct error *err);
