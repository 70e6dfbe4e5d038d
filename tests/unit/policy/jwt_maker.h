/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_maker.h — an issuer for tests: a key of its own, its JWKS, and tokens with any header, claims
 * and faults. */
#pragma once

#include "base/base.h"

#include <openssl/evp.h>

struct jwt_maker {
	EVP_PKEY *key;
	const char *algorithm; /* ES256, RS256, PS256, EdDSA */
};

void jwt_maker_init(struct jwt_maker *maker, const char *algorithm);
void jwt_maker_done(struct jwt_maker *maker);

void base64url_add(struct buffer *out, const void *bytes, size_t len);
/* {"kty":…,"kid":"k1",…} with `more` members (",\"use\":\"sig\"") behind. */
void jwt_maker_jwk(const struct jwt_maker *maker, const char *more, struct buffer *out);
/* header and claims are JSON; the texts are encoded as they are. */
void jwt_maker_token(const struct jwt_maker *maker, const char *header, const char *claims,
		     struct buffer *out);
