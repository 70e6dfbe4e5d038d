/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwt_maker.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

void jwt_maker_init(struct jwt_maker *maker, const char *algorithm)
{
	maker->algorithm = algorithm;
	maker->key = algorithm[0] == 'R' || algorithm[0] == 'P'
			     ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
		     : strcmp(algorithm, "EdDSA") == 0
			     ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
			     : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

void jwt_maker_done(struct jwt_maker *maker)
{
	EVP_PKEY_free(maker->key);
}

void base64url_add(struct buffer *out, const void *bytes, size_t len)
{
	char *room = buffer_reserve(out, (len + 2) / 3 * 4 + 1);
	int written = EVP_EncodeBlock((unsigned char *)room, bytes, (int)len);

	for (int i = 0; i < written; i++)
		room[i] = room[i] == '+' ? '-' : room[i] == '/' ? '_' : room[i];
	while (written > 0 && room[written - 1] == '=')
		written--;
	room[written] = '\0';
	out->len += (size_t)written;
}

static void add_number(const EVP_PKEY *key, const char *param, int size, struct buffer *out)
{
	unsigned char bytes[512];
	BIGNUM *number = NULL;

	EVP_PKEY_get_bn_param(key, param, &number);
	base64url_add(out, bytes,
		      (size_t)BN_bn2binpad(number, bytes, size > 0 ? size : BN_num_bytes(number)));
	BN_free(number);
}

void jwt_maker_jwk(const struct jwt_maker *maker, const char *more, struct buffer *out)
{
	if (EVP_PKEY_is_a(maker->key, "RSA")) {
		buffer_add_text(out, "{\"kid\":\"k1\",\"kty\":\"RSA\",\"n\":\"");
		add_number(maker->key, OSSL_PKEY_PARAM_RSA_N, 0, out);
		buffer_add_text(out, "\",\"e\":\"");
		add_number(maker->key, OSSL_PKEY_PARAM_RSA_E, 0, out);
	} else if (EVP_PKEY_is_a(maker->key, "EC")) {
		buffer_add_text(out, "{\"kid\":\"k1\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
		add_number(maker->key, OSSL_PKEY_PARAM_EC_PUB_X, 32, out);
		buffer_add_text(out, "\",\"y\":\"");
		add_number(maker->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32, out);
	} else {
		unsigned char bytes[32];
		size_t len = sizeof(bytes);

		EVP_PKEY_get_raw_public_key(maker->key, bytes, &len);
		buffer_add_text(out,
				"{\"kid\":\"k1\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
		base64url_add(out, bytes, len);
	}
	buffer_printf(out, "\"%s}", more);
}

/* ECDSA: DER to r||s. */
static size_t raw_signature(unsigned char *signature, size_t len)
{
	const unsigned char *der = signature;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char raw[64];

	BN_bn2binpad(ECDSA_SIG_get0_r(parsed), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(parsed), raw + 32, 32);
	ECDSA_SIG_free(parsed);
	memcpy(signature, raw, sizeof(raw));
	return sizeof(raw);
}

static size_t sign(const struct jwt_maker *maker, struct text text, unsigned char *out, size_t len)
{
	bool has_digest = strcmp(maker->algorithm, "EdDSA") != 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context;

	EVP_DigestSignInit_ex(context, &key_context, has_digest ? "SHA256" : NULL, NULL, NULL,
			      maker->key, NULL);
	if (maker->algorithm[0] == 'P') {
		EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
	}
	EVP_DigestSign(context, out, &len, (const unsigned char *)text.ptr, text.len);
	EVP_MD_CTX_free(context);
	return EVP_PKEY_is_a(maker->key, "EC") ? raw_signature(out, len) : len;
}

void jwt_maker_token(const struct jwt_maker *maker, const char *header, const char *claims,
		     struct buffer *out)
{
	unsigned char signature[512];
	size_t start = out->len;

	base64url_add(out, header, strlen(header));
	buffer_add_char(out, '.');
	base64url_add(out, claims, strlen(claims));

	struct text text = { out->data + start, out->len - start };
	size_t len = sign(maker, text, signature, sizeof(signature));

	buffer_add_char(out, '.');
	base64url_add(out, signature, len);
}
