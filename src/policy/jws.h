/* SPDX-License-Identifier: Apache-2.0 */
/* jws.h — a compact JSON Web Signature (RFC 7515 section 3.1) taken apart, and its algorithms
 * (RFC 7518 section 3, RFC 8037). What the payload means is jwt.h's. */
#pragma once

#include "base/base.h"
#include "policy/jwt_status.h"

#include <jansson.h>

#define JWS_SIGNATURE_MAX 1024 /* bytes; RSA with 8192 bits */

enum jws_key_kind { JWS_KEY_NONE = 0, JWS_KEY_RSA, JWS_KEY_EC, JWS_KEY_ED25519 };

struct jws_algorithm {
	const char *name; /* "ES256" */
	enum jws_key_kind kind;
	bool is_pss;
	const char *digest; /* OpenSSL's name; NULL: the algorithm has its own */
	const char *group;  /* of EC: OpenSSL's name of the curve */
	size_t number_size; /* of EC: bytes of r, and of s */
};

extern const struct jws_algorithm jws_algorithms[];
extern const size_t jws_algorithm_count;
const struct jws_algorithm *jws_algorithm_find(struct text name); /* NULL: not supported */

struct jws {
	char *token; /* owned copy; the texts point into it */
	struct text signed_part, payload;
	json_t *header; /* owned */
	const struct jws_algorithm *algorithm;
	struct text key_id, type; /* absent where the header has none */
	unsigned char signature[JWS_SIGNATURE_MAX];
	size_t signature_len;
};

/* JWT_FINE, or why not. *jws is to be released in either case. */
enum jwt_status jws_parse(struct text token, struct jws *jws);
void jws_done(struct jws *jws);

/* One object of a token: strict base64url, UTF-8, no duplicate names, no depth beyond 32. NULL
 * where it is none; *is_base64 says which. */
json_t *jws_json_object(struct text encoded, bool *is_base64);
struct text json_text_of(const json_t *value); /* absent where it is no string */
