/* SPDX-License-Identifier: Apache-2.0 */
/* key_vault.h — where the authority's private keys rest, in one of three forms:
 *
 *	NAME.key, PKCS#8          plain; mode 0600 in a folder of mode 0700
 *	NAME.key, PKCS#8          encrypted (PBES2, AES-256) with a secret that lies elsewhere
 *	NAME.key, "pkcs11:…"      only the address of a key that never leaves its token
 *
 * The secret is 32 bytes or more, named by a word:
 *	keyring:NAME   the kernel's key of type "user" and this name, found from this process
 *	file:PATH      such as a systemd credential, which systemd seals with a TPM where there is
 *one A keyring forgets at shutdown: what fills it again at boot is the operator's. */
#pragma once

#include "base/base.h"

#include <openssl/evp.h>

struct key_vault {
	char *secret; /* hexadecimal, a passphrase for PKCS#8; NULL: keys are stored plain; owned */
};

/* `where` NULL: plain. Errors name what the machine does not permit. */
int key_vault_open(const char *where, struct key_vault *out, struct error *err);
void key_vault_close(struct key_vault *vault);

/* A key file that others may read is refused. A plain one is encrypted at once where the vault
 * encrypts. */
int key_vault_load(const struct key_vault *vault, const char *path, EVP_PKEY **out,
		   struct error *err);
int key_vault_save(const struct key_vault *vault, const char *path, EVP_PKEY *key,
		   struct error *err);

/* ---- PKCS#11 (key_pkcs11.c) ---- */

bool key_is_pkcs11(const char *uri);
/* The private key that a URI (RFC 7512) names, through OpenSSL's engine "pkcs11". -ENODEV where
 * there is no such engine, token or key now. */
int key_from_pkcs11(const char *uri, EVP_PKEY **out, struct error *err);
/* The file says where the key is; a PIN is best left to the URI's pin-source. */
int key_vault_save_address(const char *path, const char *uri, struct error *err);
