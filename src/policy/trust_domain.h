/* SPDX-License-Identifier: Apache-2.0 */
/* trust_domain.h — what a policy's trust domain stands for when the mesh's has aliases.
 * Source: istio:pilot/pkg/security/trustdomain/bundle.go. */
#pragma once

#include "policy/term.h"

/* The principals that a written one stands for: "cluster.local/…", the own trust domain and its
 * aliases stand for all of them; one that begins with '*' and covers one of them stays, and the
 * others are added. Everything else stands for itself. Returns how many were written to `out`,
 * which has room for trust_domains->count + 1. */
size_t trust_domain_expand_principal(struct arena *arena, const struct trust_domains *trust_domains,
				     struct text principal, struct text *out);
/* The same for a trust domain alone; here "cluster.local" is a name like any other. */
size_t trust_domain_expand(const struct trust_domains *trust_domains, struct text trust_domain,
			   struct text *out);
