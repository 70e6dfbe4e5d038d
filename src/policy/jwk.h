/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.h — one public key and what it may verify. */
#pragma once

#include "policy/jws.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

struct jwk {
	char *id; /* owned; NULL without one */
	enum jws_key_kind kind;
	const struct jws_algorithm *algorithm; /* the only one, where the key says so; or NULL */
	const char *group;                     /* of EC */
	EVP_PKEY *key;                         /* owned */
	BIGNUM *order;                         /* of EC: of the curve's base point; owned */
};

/* False: the key is not for verifying signatures, or not a sound one. */
bool jwk_read(const json_t *json, struct jwk *out);
void jwk_done(struct jwk *key);
bool jwk_verify(const struct jwk *key, const struct jws *jws);
