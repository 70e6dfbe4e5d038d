/* SPDX-License-Identifier: Apache-2.0 */
/* jwks.h — a set of public keys (RFC 7517): immutable, shared by reference.
 *
 * A key fixes the algorithms it may verify when it is read (RFC 8725 section 3.1), so a token's
 * `alg` can only choose among them. Keys for something else (another `use`, symmetric, unknown
 * types) are left out; a set that is ambiguous or mixes secret keys with public ones is refused as
 * a whole. */
#pragma once

#include "policy/jws.h"

#define JWKS_SIZE_MAX ((size_t)1 << 20)
#define JWKS_KEYS_MAX 256

struct jwks;
int jwks_parse(struct text json, struct jwks **out, struct error *err); /* also one single key */
struct jwks *jwks_ref(const struct jwks *keys);
void jwks_unref(struct jwks *keys); /* NULL is fine */
DEFINE_AUTO(struct jwks, jwks_unref)
#define JWKS_NO_NUMBER 0
uint64_t jwks_number(const struct jwks *keys); /* no other set of this process ever has it */
size_t jwks_usable_count(const struct jwks *keys);

/* JWT_FINE, JWT_NO_MATCHING_KEY, JWT_KEYS_UNUSABLE or JWT_VERIFICATION_FAILS. Where token and key
 * both have an ID they must be the same. */
enum jwt_status jwks_verify(const struct jwks *keys, const struct jws *jws);
