/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/jwk.h"

#include "identity/openssl.h"

#include <errno.h>
#include <openssl/core_names.h>

static const struct {
	const char *group, *name; /* as OpenSSL and as JOSE call the curve */
	size_t size;              /* bytes of a coordinate: always all of them */
} curves[] = {
	{ "prime256v1", "P-256", 32 },
	{ "secp384r1", "P-384", 48 },
	{ "secp521r1", "P-521", 66 },
};

static int write_number(struct json_writer *json, const char *name, const EVP_PKEY *key,
			const char *param, size_t size)
{
	AUTO_BUFFER struct buffer encoded = { 0 };
	unsigned char bytes[1024];
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key, param, &number) != 1)
		return -EINVAL;

	const size_t len = size != 0 ? size : (size_t)BN_num_bytes(number);
	const bool fits = len <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int)len) >= 0;

	BN_free(number);
	if (!fits)
		return -EINVAL;
	base64_encode(&encoded, (struct text){ (const char *)bytes, len }, BASE64_URL);
	json_key(json, name);
	json_text(json, buffer_text(&encoded));
	return 0;
}

static int write_ec(struct json_writer *json, const EVP_PKEY *key)
{
	char group[64] = "";

	EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		if (strcmp(curves[i].group, group) != 0)
			continue;
		json_key(json, "kty");
		json_cstring(json, "EC");
		json_key(json, "crv");
		json_cstring(json, curves[i].name);
		if (write_number(json, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, curves[i].size) < 0)
			return -EINVAL;
		return write_number(json, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, curves[i].size);
	}
	return -EINVAL;
}

static int write_rsa(struct json_writer *json, const EVP_PKEY *key)
{
	json_key(json, "kty");
	json_cstring(json, "RSA");
	if (write_number(json, "n", key, OSSL_PKEY_PARAM_RSA_N, 0) < 0)
		return -EINVAL;
	return write_number(json, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
}

int jwk_write_key(struct json_writer *json, const EVP_PKEY *key, struct error *err)
{
	int result = -EINVAL;

	if (key != NULL && EVP_PKEY_is_a(key, "EC"))
		result = write_ec(json, key);
	else if (key != NULL && EVP_PKEY_is_a(key, "RSA"))
		result = write_rsa(json, key);
	return result < 0 ? openssl_error(err, result, "this key has no form as JSON") : 0;
}
