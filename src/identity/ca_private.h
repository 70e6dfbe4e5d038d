/* SPDX-License-Identifier: Apache-2.0 */
/* ca_private.h — the authority's inside. For the files ca*.c alone. */
#pragma once

#include "identity/ca.h"
#include "identity/ca_issued.h"
#include "identity/ca_limit.h"
#include "identity/ca_store.h"
#include "identity/certificate.h"

struct ca {
	struct ca_store store;
	char *trust_domain;
	struct ca_options options;       /* defaults filled in */
	EVP_PKEY *root_key, *issuer_key; /* of tokens; NULL: keys of our making; owned */
	struct authority *authorities;   /* every generation there ever was; owned */
	size_t authority_count;
	/* their places, of those at work; NOT_THERE where there is none yet */
	size_t root, issuer, jwt;
	struct revocations *revocations; /* a reference; NULL: none */
	struct bundles *bundles;         /* of the roots and JWT keys that are valid now */
	struct ca_limit limit;
	struct issued_list issued;
	struct buffer *crls; /* DER; owned */
	size_t crl_count;
	int64_t crl_due_ns;       /* when they are made again */
	int64_t busy_recorded_ns; /* when a denial for want of a free place was recorded last */
	bool has_asked;           /* for a new issuer, in the log */
};

#define NOT_THERE SIZE_MAX

bool authority_is_valid(const struct authority *authority, int64_t now_ns);
struct signer authority_signer(const struct authority *authority);

/* Valid a little earlier than now, for clocks that lag behind; never longer than `limit_ns`. */
struct validity validity_from(int64_t now_ns, uint64_t life_ns, int64_t limit_ns);

/* ---- ca_make.c ---- */

/* A new generation, saved and counted among the authorities. */
int ca_make(struct ca *ca, enum authority_kind kind, int64_t now_ns, struct error *err);
/* Saves what it is given and counts it. Takes what it owns. `event`: "create" or "import". */
int ca_add(struct ca *ca, struct authority *authority, const char *event, struct error *err);

/* ---- ca_crl.c ---- */

/* Makes the revocation lists anew if that is due, and writes them beside the directory. */
int ca_make_crls(struct ca *ca, int64_t now_ns, struct error *err);
void ca_drop_crls(struct ca *ca);
