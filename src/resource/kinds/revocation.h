/* SPDX-License-Identifier: Apache-2.0 */
/* revocation.h — mangrove.dev Revocation: who is believed no longer, before their certificate ends.
 *
 *	metadata: { name: stolen-laptop }
 *	spec:
 *	  reason: the laptop with web's key was stolen
 *	  since: 2026-11-21T09:30:00Z       # absent: always
 *	  until: 2026-11-28T00:00:00Z       # absent: until this resource is deleted
 *	  deny:
 *	  - serial: 4f21c0…                 # a certificate
 *	  - key: 9f86d0…                    # a key pair: the SHA-256 of its public key
 *	  - spiffeID: spiffe://cluster.local/ns/shop/sa/web     # "*" at the end: all that start so
 *	    issuedBefore: 2026-11-21T09:30:00Z                  # what is newer is believed
 *	  - authority: 77ab19…              # all that this key of an authority signed
 *
 * It holds in the whole mesh, so it has no namespace. */
#pragma once

#include "resource/kinds/common.h"

struct revocation_denial { /* exactly one of the first four */
	struct source_pos at;
	struct text serial;         /* hexadecimal, colons between bytes or not */
	struct text key, authority; /* SHA-256 of the SubjectPublicKeyInfo; 64 hex digits */
	struct text spiffe_id;
	int64_t issued_before_ns; /* 0: absent */
};

struct revocation {
	struct resource meta;
	struct text reason;
	int64_t since_ns, until_ns; /* 0: absent */
	LIST_OF(struct revocation_denial) denials;
};

static inline const struct revocation *revocation_of(const struct resource *resource)
{
	return (const struct revocation *)resource;
}
