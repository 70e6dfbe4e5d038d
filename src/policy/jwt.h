/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.h — key sets and tokens: parse, verify, read claims. Keys are handed in, never fetched.
 *
 * A key fixes the algorithms it may verify when it is read (RFC 8725 section 3.1), so a token's
 * `alg` can only choose among them. Compact JWS only (RFC 7515 section 3.1); RS, PS and ES
 * 256/384/512 and EdDSA with Ed25519. Symmetric keys in a set are skipped: whoever can read them
 * could also sign. */
#pragma once

#include "base/base.h"

enum jwt_status {
	JWT_MISSING = 0,
	JWT_FINE,
	JWT_BAD_FORM,    /* not three sections */
	JWT_BAD_HEADER,  /* section 1: base64url, JSON, duplicate names, types */
	JWT_BAD_PAYLOAD, /* section 2, the same */
	JWT_BAD_SIGNATURE_ENCODING,
	JWT_ALG_NOT_SUPPORTED, /* none, HS*, unknown */
	JWT_CRITICAL_HEADER,   /* crit, or b64=false: extensions that we do not know */
	JWT_BAD_CLAIM,         /* iss, sub, aud, exp, nbf or iat of the wrong type or range */
	JWT_TOO_LARGE,
	JWT_EXPIRED,
	JWT_NOT_YET_VALID,
	JWT_UNKNOWN_ISSUER,
	JWT_AUDIENCE_NOT_ALLOWED,
	JWT_NO_MATCHING_KEY,
	JWT_VERIFICATION_FAILS,
	JWT_KEYS_UNAVAILABLE, /* the set could not be fetched */
	JWT_KEYS_UNUSABLE,    /* the set has no usable public key */
};

/* The body of the answer, as Envoy words it: "Jwt is expired". Static. */
const char *jwt_status_text(enum jwt_status status);

/* A set of public keys: immutable, shared by reference. */
struct jwks;
int jwks_parse(struct text json, struct jwks **out, struct error *err); /* also one single JWK */
struct jwks *jwks_ref(const struct jwks *keys);
void jwks_unref(struct jwks *keys); /* NULL is fine */
DEFINE_AUTO(struct jwks, jwks_unref)
size_t jwks_usable_count(const struct jwks *keys);

#define JWT_SIZE_MAX 8192 /* bytes of a token; longer ones are refused unread */
#define JWT_LEEWAY_S 60   /* clock skew allowed on exp and nbf */

/* A token taken apart; it owns its claims. Verified only where jwt_verify said JWT_FINE. */
struct jwt;
enum jwt_status jwt_parse(struct text token, struct jwt **out);
void jwt_free(struct jwt *jwt);
DEFINE_AUTO(struct jwt, jwt_free)

/* Signature, then exp and nbf against now_s (seconds since 1970). Issuer and audience are the
 * caller's to compare: they differ per use. */
enum jwt_status jwt_verify(const struct jwt *jwt, const struct jwks *keys, int64_t now_s);
enum jwt_status jwt_check_time(const struct jwt *jwt, int64_t now_s);

struct text jwt_issuer(const struct jwt *jwt); /* absent where the claim is */
struct text jwt_subject(const struct jwt *jwt);
struct text jwt_key_id(const struct jwt *jwt);
struct text jwt_type(const struct jwt *jwt);            /* header typ */
struct text jwt_payload_encoded(const struct jwt *jwt); /* section 2 as it came */
bool jwt_has_audience(const struct jwt *jwt, struct text audience);
bool jwt_expiry(const struct jwt *jwt, int64_t *unix_s); /* false: never expires */

/* The strings of a claim (a string, or the strings of a list) at a path of names; numbers and
 * booleans are none. `wanted` is asked for each until it says true. */
typedef bool jwt_claim_fn(const void *context, struct text value);
bool jwt_claim_any(const struct jwt *jwt, const struct text *path, size_t depth,
		   bool split_on_space, jwt_claim_fn *wanted, const void *context);
