/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/credential.h"

#include "identity/certificate.h"
#include "identity/openssl.h"

#include <openssl/sha.h>

static void hash_encoded(unsigned char *der, int len, struct key_hash *out)
{
	*out = (struct key_hash){ 0 };
	if (len > 0)
		SHA256(der, (size_t)len, out->bytes);
	OPENSSL_free(der);
}

void key_hash_of_certificate(const X509 *certificate, struct key_hash *out)
{
	unsigned char *der = NULL;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	hash_encoded(der, len, out);
}

void key_hash_of_key(const EVP_PKEY *key, struct key_hash *out)
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(key, &der);

	hash_encoded(der, len, out);
}

const char *key_hash_format(const struct key_hash *hash, char out[KEY_HASH_TEXT_MAX])
{
	for (size_t i = 0; i < KEY_HASH_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
	return out;
}

/* -1: no such digit. */
static int hex_digit(char c)
{
	const char lower = char_lower(c);

	if (char_is_digit(lower))
		return lower - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool key_hash_parse(struct text hex, struct key_hash *out)
{
	if (hex.len != (size_t)2 * KEY_HASH_SIZE)
		return false;
	for (size_t i = 0; i < KEY_HASH_SIZE; i++) {
		const int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static void take_serial(const X509 *leaf, struct credential *out)
{
	char serial[SERIAL_TEXT_MAX];
	const char *digits = certificate_serial(leaf, serial);

	while (digits[0] == '0' && digits[1] != '\0')
		digits++;
	snprintf(out->serial, sizeof(out->serial), "%s", digits);
}

void credential_of_path(STACK_OF(X509) * path, struct credential *out)
{
	X509 *leaf = sk_X509_value(path, 0);

	*out = (struct credential){ .issued_ns = asn1_time_ns(X509_get0_notBefore(leaf)) };
	take_serial(leaf, out);
	key_hash_of_certificate(leaf, &out->key);
	for (int i = 1; i < sk_X509_num(path) && i <= CREDENTIAL_AUTHORITIES_MAX; i++)
		key_hash_of_certificate(sk_X509_value(path, i),
					&out->authorities[out->authority_count++]);
}

struct credential *credential_keep(const struct credential *credential)
{
	const size_t size = offsetof(struct credential, authorities)
			    + credential->authority_count * sizeof(struct key_hash);
	struct credential *kept = mem_alloc(size);

	memcpy(kept, credential, size);
	return kept;
}
