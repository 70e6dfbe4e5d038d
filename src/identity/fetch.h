/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h — for commands: the identities of this moment, and certificates from files. */
#pragma once

#include "identity/svid.h"

/* Where state lies unless the user says otherwise: /var/lib/mangrove for root, otherwise
 * $XDG_STATE_HOME/mangrove or ~/.local/state/mangrove. The caller's. */
char *identity_default_state(void);
/* The Workload API's endpoint of a state directory: "unix://STATE/workload-api.sock". */
char *identity_state_endpoint(const char *state);

/* Asks the Workload API once, with an event loop of its own; *out is a reference for the caller.
 * endpoint NULL: as in source.h. */
int identity_fetch(const char *endpoint, uint64_t patience_ns, struct identity_set **out,
		   struct error *err);

/* Appends the JWK Set of a trust domain's keys for JWT-SVIDs; nothing where it has none. */
int identity_fetch_jwt_keys(const char *endpoint, const char *trust_domain, struct buffer *out,
			    struct error *err);

/* Appends a JWT-SVID of this identity for one audience. */
int identity_fetch_token(const char *endpoint, const char *audience, const char *spiffe_id,
			 struct buffer *out, struct error *err);

/* All certificates of a PEM file; the caller frees the stack and its members. */
int identity_read_certificates(const char *path, STACK_OF(X509) * *out, struct error *err);

/* The bundle as SPIFFE_Trust_Domain_and_Bundle.md, section 4, has it: a JWK Set whose keys say what
 * they are for ("use"). */
int bundle_write_jwks(const struct bundle *bundle, struct buffer *out, struct error *err);
/* The keys of JWT-SVIDs alone and without "use", as the Workload API sends them. */
int bundle_write_jwt_keys(const struct bundle *bundle, struct buffer *out, struct error *err);
void bundle_write_pem(const struct bundle *bundle, struct buffer *out);
