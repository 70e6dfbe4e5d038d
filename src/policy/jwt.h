/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.h — JSON Web Tokens (RFC 7519): taken apart, verified, and asked for claims.
 *
 * Compact JWS only; RS, PS and ES 256/384/512 and EdDSA with Ed25519. Keys are handed in (jwks.h),
 * never fetched, and never taken from the token: jku, jwk, x5u and x5c are not looked at. */
#pragma once

#include "base/base.h"
#include "policy/jwks.h"
#include "policy/jwt_status.h"

#define JWT_SIZE_MAX 8192 /* bytes of a token; longer ones are refused unread */
#define JWT_LEEWAY_S 60   /* clock skew allowed on exp and nbf */

/* Owns its claims and its text. To be believed only where jwt_verify said JWT_FINE. */
struct jwt;
enum jwt_status jwt_parse(struct text token, struct jwt **out); /* JWT_FINE: *out is the caller's */
struct jwt *jwt_ref(struct jwt *jwt); /* one thread's; see token_cache.h */
void jwt_free(struct jwt *jwt);       /* gives up a reference; NULL is fine */
DEFINE_AUTO(struct jwt, jwt_free)

/* The signature alone. Time, issuer and audience are asked separately: they differ per use. */
enum jwt_status jwt_verify(const struct jwt *jwt, const struct jwks *keys);
/* JWT_FINE, JWT_EXPIRED or JWT_NOT_YET_VALID, `now_s` in seconds since 1970. */
enum jwt_status jwt_check_time(const struct jwt *jwt, int64_t now_s);

struct text jwt_text(const struct jwt *jwt);   /* all of it, as it came */
struct text jwt_issuer(const struct jwt *jwt); /* absent where the claim is */
struct text jwt_subject(const struct jwt *jwt);
struct text jwt_key_id(const struct jwt *jwt);
struct text jwt_type(const struct jwt *jwt);            /* header typ */
struct text jwt_payload_encoded(const struct jwt *jwt); /* section 2 as it came */
bool jwt_has_audience(const struct jwt *jwt, struct text audience);
bool jwt_expiry(const struct jwt *jwt, int64_t *unix_s); /* false: never expires */

/* Top-level claims whose text is a list of words: "scope" and "permission" always, and these. */
void jwt_set_word_claims(struct jwt *jwt, const struct text *names, size_t count);

/* The strings of a claim (a string, its words, or the strings of a list) at a path of names;
 * numbers and booleans are none. `wanted` is asked for each until it says true. Allocates nothing.
 */
typedef bool jwt_claim_fn(const void *context, struct text value);
bool jwt_claim_any(const struct jwt *jwt, const struct text *path, size_t depth,
		   jwt_claim_fn *wanted, const void *context);

/* A claim as a header carries it: text as it is, numbers and booleans as JSON writes them, lists
 * and objects as base64 of their JSON. False where there is none. */
bool jwt_claim_as_header(const struct jwt *jwt, struct text dotted_path, struct buffer *out);
