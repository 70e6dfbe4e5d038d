/* SPDX-License-Identifier: Apache-2.0 */
/* ca_store.h — the authority's files: names, modes, order of writing. See ca.h for the layout. */
#pragma once

#include "identity/ca.h"
#include "identity/key_vault.h"

/* One generation. The key is absent where somebody keeps it elsewhere (an offline root). */
struct authority {
	enum authority_kind kind;
	unsigned root;           /* of an issuer: the generation of the root above it; else 0 */
	unsigned number;         /* generation, from 1 */
	X509 *certificate;       /* owned */
	EVP_PKEY *key;           /* owned; NULL: not here */
	const char *key_address; /* borrowed: the token's key that it is; NULL: none */
	int64_t not_before_ns, not_after_ns;
	int64_t active_since_ns; /* when it began to sign; 0: not yet */
	/* as of the last ca_maintain */
	bool is_revoked, is_published;
	bool is_told;   /* every subscriber was sent it */
	bool is_urgent; /* made because somebody asked: it signs as soon as can be */
};

struct ca_store {
	char *directory; /* owned */
	struct key_vault vault;
	int lock; /* held while the store is open: one process at a time */
};

/* Makes the directory, locks it, and settles the trust domain (*trust_domain NULL: what is there,
 * or the default); *trust_domain is the caller's afterwards. */
int ca_store_open(const char *directory, const char *wanted, const char *key_encryption,
		  struct ca_store *out, char **trust_domain, struct error *err);
void ca_store_done(struct ca_store *store);

/* Every generation that has a certificate, in no order. A key that others may read, or that
 * does not fit, is an error. */
int ca_store_load(const struct ca_store *store, struct authority **out, size_t *count,
		  struct error *err);
/* Writes the key, if there is one, then the certificate; never over a file that is there. */
int ca_store_save(const struct ca_store *store, const struct authority *authority,
		  struct error *err);
/* The first number that no file of this kind (and below this root) has. */
unsigned ca_store_next(const struct ca_store *store, enum authority_kind kind, unsigned root);

/* The path of a file in the directory; the caller's. */
char *ca_store_path(const struct ca_store *store, const char *name);
void authority_done(struct authority *authority);
