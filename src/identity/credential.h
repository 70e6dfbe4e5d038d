/* SPDX-License-Identifier: Apache-2.0 */
/* credential.h — what of a certificate a Revocation can name, small enough to be kept for as long
 * as the connection that was opened with it. */
#pragma once

#include "base/base.h"

#include <openssl/x509.h>

#define KEY_HASH_SIZE              32 /* SHA-256 of a SubjectPublicKeyInfo */
#define CREDENTIAL_AUTHORITIES_MAX 10

struct key_hash {
	unsigned char bytes[KEY_HASH_SIZE];
};

struct credential {
	char serial[41]; /* lower-case hex, no leading zeros; "" for a token */
	struct key_hash key;
	int64_t issued_ns; /* notBefore, wall clock */
	unsigned authority_count;
	struct key_hash
		authorities[CREDENTIAL_AUTHORITIES_MAX]; /* of the path, leaf's issuer first */
};

void key_hash_of_certificate(const X509 *certificate, struct key_hash *out);
void key_hash_of_key(const EVP_PKEY *key, struct key_hash *out);
bool key_hash_parse(struct text hex, struct key_hash *out); /* 64 digits of either case */
#define KEY_HASH_TEXT_MAX (2 * KEY_HASH_SIZE + 1)
const char *key_hash_format(const struct key_hash *hash, char out[KEY_HASH_TEXT_MAX]);

/* `path`: the leaf, then its authorities, as path validation found them. */
void credential_of_path(STACK_OF(X509) * path, struct credential *out);

/* A copy that takes no more memory than it needs; free it with mem_free. Only `authority_count` of
 * its authorities are there. */
struct credential *credential_keep(const struct credential *credential);
