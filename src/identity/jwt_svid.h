/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_svid.h — JWT-SVIDs: tokens that carry a SPIFFE ID to an audience (JWT-SVID.md).
 *
 * Ours are ES256. Validation is as narrow as the profile: compact form, a header of alg, kid and
 * typ alone, and the keys of the subject's own trust domain. The generic tokens that policies
 * speak of are the policy room's. */
#pragma once

#include "identity/bundle.h"

#include <jansson.h>

#define JWT_SVID_MAX 8192 /* bytes of a token */

struct jwt_svid_claims {
	struct text subject; /* a SPIFFE ID */
	const struct text *audiences;
	size_t audience_count; /* at least one */
	int64_t issued_ns, expires_ns;
};

/* Appends the token. */
int jwt_svid_sign(const struct jwt_svid_claims *claims, const char *key_id, EVP_PKEY *key,
		  struct buffer *out, struct error *err);

/* 0 where the token is for this audience and valid now: *claims is the payload, the caller's to
 * json_decref, and its "sub" is a well-formed SPIFFE ID. Otherwise -EACCES, and err says why. */
int jwt_svid_validate(const struct bundles *bundles, struct text token, struct text audience,
		      int64_t now_ns, json_t **claims, struct error *err);
