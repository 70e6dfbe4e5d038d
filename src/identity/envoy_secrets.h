/* SPDX-License-Identifier: Apache-2.0 */
/* envoy_secrets.h — identities and bundles as Envoy's secrets, under the names that SPIRE gives
 *them:
 *
 *	default        the first identity: certificate chain and key
 *	SPIFFE ID      that identity
 *	ROOTCA         the bundle of the first identity's trust domain
 *	spiffe://NAME  the bundle of that trust domain
 *	ALL            every bundle, for Envoy's SPIFFE validator, which picks one by the peer's
 *trust domain */
#pragma once

#include "identity/svid.h"

#define ENVOY_SECRET_TYPE "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

struct envoy_question {
	const char *const *names; /* none: everything the caller may have, by ID */
	size_t count;
	bool has_validator; /* this Envoy knows envoy.tls.cert_validator.spiffe */
	const char *version, *nonce;
};

/* Appends the packed DiscoveryResponse, which may hold private keys: the caller wipes the buffer.
 * -EINVAL where a name is none of the caller's. */
int envoy_write_secrets(struct buffer *out, const struct identity_set *set,
			const struct envoy_question *question, struct error *err);
/* Does what is asked for hold a private key? */
bool envoy_asks_for_keys(const struct envoy_question *question);
