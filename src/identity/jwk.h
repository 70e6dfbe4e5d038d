/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.h — public keys as JSON (RFC 7517, RFC 7518 section 6). */
#pragma once

#include "base/base.h"

#include <openssl/evp.h>

/* The members that describe the key ("kty", "crv", …), into an object that is open. */
int jwk_write_key(struct json_writer *json, const EVP_PKEY *key, struct error *err);
