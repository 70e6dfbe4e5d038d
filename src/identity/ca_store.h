/* SPDX-License-Identifier: Apache-2.0 */
/* ca_store.h — the authority's files: names, modes, order of writing. See ca.h for the layout. */
#pragma once

#include "identity/svid.h"

enum authority_kind { AUTHORITY_ROOT = 1, AUTHORITY_ISSUER, AUTHORITY_JWT };

/* One generation. The key is absent where somebody keeps it elsewhere (an offline root). */
struct authority {
	enum authority_kind kind;
	unsigned root;     /* of an issuer: the generation of the root above it; else 0 */
	unsigned number;   /* generation, from 1 */
	X509 *certificate; /* owned */
	EVP_PKEY *key;     /* owned; NULL: not here */
	int64_t not_before_ns, not_after_ns;
	bool is_revoked; /* by the Revocations in force at the last ca_maintain */
};

struct ca_store {
	char *directory; /* owned */
	int lock;        /* held while the store is open: one process at a time */
};

/* Makes the directory, locks it, and settles the trust domain (*trust_domain NULL: what is there,
 * or the default); *trust_domain is the caller's afterwards. */
int ca_store_open(const char *directory, const char *wanted, struct ca_store *out,
		  char **trust_domain, struct error *err);
void ca_store_done(struct ca_store *store);

/* Every generation that has a certificate, in no order. A key that others may read, or that
 * does not fit, is an error. */
int ca_store_load(const struct ca_store *store, struct authority **out, size_t *count,
		  struct error *err);
/* Writes the key, then the certificate; never over a file that is there. */
int ca_store_save(const struct ca_store *store, const struct authority *authority,
		  struct error *err);
/* The first number that no file of this kind (and below this root) has. */
unsigned ca_store_next(const struct ca_store *store, enum authority_kind kind, unsigned root);

const char *authority_kind_name(enum authority_kind kind); /* "issuer" */
void authority_done(struct authority *authority);
