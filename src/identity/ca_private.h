/* SPDX-License-Identifier: Apache-2.0 */
/* ca_private.h — the authority's inside. For ca.c and ca_issue.c alone. */
#pragma once

#include "identity/ca.h"
#include "identity/ca_store.h"
#include "identity/certificate.h"

struct ca {
	struct ca_store store;
	char *trust_domain;
	struct ca_lifetimes lifetimes;
	struct authority *authorities; /* every generation there ever was; owned */
	size_t authority_count;
	/* their places, of those at work; NOT_THERE where there is none yet */
	size_t root, issuer, jwt;
	struct revocations *revocations; /* a reference; NULL: none */
	struct bundles *bundles;         /* of the roots and JWT keys that are valid now */
};

#define NOT_THERE SIZE_MAX

bool authority_is_valid(const struct authority *authority, int64_t now_ns);
struct signer authority_signer(const struct authority *authority);

/* Valid a little earlier than now, for clocks that lag behind; never longer than `limit_ns`. */
struct validity validity_from(int64_t now_ns, uint64_t life_ns, int64_t limit_ns);
