/* SPDX-License-Identifier: Apache-2.0 */
/* key_pkcs11.c — keys on tokens, by the engine of libp11 (package libengine-pkcs11-openssl).
 * Engines are OpenSSL 3's old way, but Debian 12 has no provider for PKCS#11. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "identity/key_vault.h"
#include "identity/openssl.h"

#include <errno.h>
#include <openssl/engine.h>

bool key_is_pkcs11(const char *uri)
{
	return uri != NULL && text_starts_with(text_of(uri), TEXT("pkcs11:"));
}

/* Loaded once: tokens stay logged in as long as the process lives. */
static ENGINE *find_engine(struct error *err)
{
	ENGINE *engine = ENGINE_by_id("pkcs11");

	if (engine == NULL || ENGINE_init(engine) != 1) {
		ENGINE_free(engine);
		openssl_error(err, -ENODEV,
			      "OpenSSL has no engine for PKCS#11 here (Debian: "
			      "libengine-pkcs11-openssl)");
		return NULL;
	}
	ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1); /* we say what went wrong */
	return engine;
}

/* What names the key, without the PIN that opens it. */
static char *without_pin(const char *uri)
{
	const char *query = strchr(uri, '?');

	return query == NULL ? mem_strdup(uri) : mem_strndup(uri, (size_t)(query - uri));
}

int key_from_pkcs11(const char *uri, EVP_PKEY **out, struct error *err)
{
	AUTO(mem_free_text) char *name = without_pin(uri);
	ENGINE *engine = find_engine(err);

	if (engine == NULL)
		return -ENODEV;
	*out = ENGINE_load_private_key(engine, uri, NULL, NULL);
	ENGINE_finish(engine);
	ENGINE_free(engine);
	if (*out == NULL) {
		openssl_error(err, -ENODEV, "the token gives no such key");
		return error_prefix(err, "%s", name);
	}
	return 0;
}
