/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwk.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define RSA_BITS_MIN      2048
#define RSA_BITS_MAX      8192
#define RSA_EXPONENT_BITS 32

/* ---- reading ---- */

/* The bytes of a member; false unless it is base64url of at most `size` bytes. */
static bool read_bytes(const json_t *json, const char *name, unsigned char *out, size_t size,
		       size_t *len)
{
	struct text text = json_text_of(json_object_get(json, name));

	return text.ptr != NULL && text.len > 0 && BASE64_DECODED_MAX(text.len) <= size + 3
	       && base64_decode(text, BASE64_URL, out, len) && *len <= size;
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1
	    || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return key;
}

static bool is_public_key_sound(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool sound = context != NULL && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return sound;
}

/* Keys made by a faulty library (ROCA, CVE-2017-15361): their modulus is a power of 65537 modulo
 * every small prime, which a sound one is for all of these with a chance of less than 2^-27. */
static bool is_roca(const BIGNUM *n)
{
	static const unsigned primes[] = { 11, 13, 17,  19,  37,  53,  61,  71, 73,
					   79, 97, 103, 107, 109, 127, 151, 157 };

	for (size_t i = 0; i < COUNT_OF(primes); i++) {
		unsigned remainder = (unsigned)BN_mod_word(n, primes[i]), power = 1;
		unsigned generator = 65537 % primes[i];

		while (power != remainder && (power = power * generator % primes[i]) != 1)
			;
		if (power != remainder)
			return false;
	}
	return true;
}

static bool is_rsa_sound(const BIGNUM *n, const BIGNUM *e)
{
	return BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(n) <= RSA_BITS_MAX && BN_is_odd(n)
	       && BN_num_bits(e) <= RSA_EXPONENT_BITS && BN_is_odd(e) && !BN_is_one(e)
	       && !is_roca(n);
}

static bool read_rsa(const json_t *json, struct jwk *out)
{
	unsigned char bytes[RSA_BITS_MAX / 8 + 4];
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = NULL, *e = NULL;
	size_t len;

	if (read_bytes(json, "n", bytes, RSA_BITS_MAX / 8, &len))
		n = BN_bin2bn(bytes, (int)len, NULL);
	if (read_bytes(json, "e", bytes, RSA_BITS_MAX / 8, &len))
		e = BN_bin2bn(bytes, (int)len, NULL);
	if (build != NULL && n != NULL && e != NULL && is_rsa_sound(n, e)
	    && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1
	    && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		out->key = key_from_params("RSA", build);
	out->kind = JWS_KEY_RSA;
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(build);
	return out->key != NULL;
}

static const struct jws_algorithm *algorithm_of_curve(struct text curve)
{
	for (size_t i = 0; i < jws_algorithm_count; i++)
		if (jws_algorithms[i].group != NULL && text_is(curve, jws_algorithms[i].group))
			return &jws_algorithms[i];
	return NULL;
}

static BIGNUM *order_of(const char *group_name)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(group_name));
	BIGNUM *order = group != NULL ? BN_dup(EC_GROUP_get0_order(group)) : NULL;

	EC_GROUP_free(group);
	return order;
}

/* Coordinates have the field's full length (RFC 7518 section 6.2.1.2), the point is on the curve.
 */
static bool read_ec(const json_t *json, struct jwk *out)
{
	const struct jws_algorithm *algorithm =
		algorithm_of_curve(json_text_of(json_object_get(json, "crv")));
	unsigned char point[1 + 2 * 66 + 8] = { POINT_CONVERSION_UNCOMPRESSED };
	size_t size = algorithm != NULL ? algorithm->number_size : 0, len_x, len_y;

	if (algorithm == NULL || !read_bytes(json, "x", point + 1, size, &len_x) || len_x != size
	    || !read_bytes(json, "y", point + 1 + size, size, &len_y) || len_y != size)
		return false;

	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	if (build != NULL
	    && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group,
					       0)
		       == 1
	    && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size)
		       == 1)
		out->key = key_from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	out->kind = JWS_KEY_EC;
	out->group = algorithm->group;
	out->order = order_of(algorithm->group);
	return out->key != NULL && out->order != NULL && is_public_key_sound(out->key);
}

static bool read_ed25519(const json_t *json, struct jwk *out)
{
	unsigned char bytes[36];
	size_t len;

	out->kind = JWS_KEY_ED25519;
	if (text_is(json_text_of(json_object_get(json, "crv")), "Ed25519")
	    && read_bytes(json, "x", bytes, 32, &len) && len == 32)
		out->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, len);
	return out->key != NULL;
}

/* `use` and `key_ops`, where given, must mean verifying (RFC 7517 sections 4.2 and 4.3). */
static bool is_for_verifying(const json_t *json)
{
	const json_t *use = json_object_get(json, "use"), *ops = json_object_get(json, "key_ops");
	struct text purpose = json_text_of(use);
	bool verifies = false;
	const json_t *item;
	size_t i;

	if (use != NULL && !text_is(purpose, "sig") && !text_is(purpose, "jwt-svid"))
		return false;
	if (ops == NULL)
		return true;
	json_array_foreach(ops, i, item) verifies =
		verifies || text_is(json_text_of(item), "verify");
	return verifies;
}

/* The algorithm a key names must be one that its type and curve can do. */
static bool read_algorithm(const json_t *json, struct jwk *out)
{
	const json_t *name = json_object_get(json, "alg");

	if (name == NULL)
		return true;
	out->algorithm = jws_algorithm_find(json_text_of(name));
	return out->algorithm != NULL && out->algorithm->kind == out->kind
	       && (out->group == NULL || strcmp(out->group, out->algorithm->group) == 0);
}

static bool read_key(const json_t *json, struct jwk *out)
{
	struct text type = json_text_of(json_object_get(json, "kty"));

	if (!is_for_verifying(json))
		return false;
	if (text_is(type, "RSA"))
		return read_rsa(json, out) && read_algorithm(json, out);
	if (text_is(type, "EC"))
		return read_ec(json, out) && read_algorithm(json, out);
	return text_is(type, "OKP") && read_ed25519(json, out) && read_algorithm(json, out);
}

bool jwk_read(const json_t *json, struct jwk *out)
{
	const json_t *id = json_object_get(json, "kid");

	*out = (struct jwk){ 0 };
	if ((id != NULL && !json_is_string(id)) || !read_key(json, out)) {
		ERR_clear_error();
		jwk_done(out);
		return false;
	}
	if (id != NULL)
		out->id = mem_strndup(json_string_value(id), json_string_length(id));
	return true;
}

void jwk_done(struct jwk *key)
{
	EVP_PKEY_free(key->key);
	BN_free(key->order);
	mem_free(key->id);
	*key = (struct jwk){ 0 };
}

/* ---- verifying ---- */

/* Both numbers of a raw signature must be within 1 and order - 1, before OpenSSL sees them. */
static bool read_ec_number(const struct jwk *key, const unsigned char *bytes, size_t size,
			   BIGNUM **out)
{
	*out = BN_bin2bn(bytes, (int)size, NULL);
	return *out != NULL && !BN_is_zero(*out) && BN_cmp(*out, key->order) < 0;
}

/* r||s (RFC 7518 section 3.4) as the DER that OpenSSL wants. */
static bool ec_signature_to_der(const struct jwk *key, const struct jws *jws, unsigned char **der,
				size_t *len)
{
	size_t size = jws->algorithm->number_size;
	BIGNUM *r = NULL, *s = NULL;
	bool sound = jws->signature_len == 2 * size && read_ec_number(key, jws->signature, size, &r)
		     && read_ec_number(key, jws->signature + size, size, &s);
	ECDSA_SIG *signature = sound ? ECDSA_SIG_new() : NULL;

	if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
		ECDSA_SIG_free(signature);
		BN_free(r);
		BN_free(s);
		return false;
	}

	int written = i2d_ECDSA_SIG(signature, der);

	ECDSA_SIG_free(signature);
	*len = written > 0 ? (size_t)written : 0;
	return written > 0;
}

static bool verify_digest(const struct jwk *key, const struct jws *jws,
			  const unsigned char *signature, size_t len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL; /* owned by context */
	bool fine = context != NULL
		    && EVP_DigestVerifyInit_ex(context, &key_context, jws->algorithm->digest, NULL,
					       NULL, key->key, NULL)
			       == 1;

	if (fine && jws->algorithm->is_pss)
		fine = EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1
		       && EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST)
				  == 1;
	fine = fine
	       && EVP_DigestVerify(context, signature, len,
				   (const unsigned char *)jws->signed_part.ptr,
				   jws->signed_part.len)
			  == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return fine;
}

bool jwk_verify(const struct jwk *key, const struct jws *jws)
{
	unsigned char *der = NULL;
	size_t len = 0;
	bool fine;

	if (key->kind != jws->algorithm->kind)
		return false;
	if (key->kind != JWS_KEY_EC)
		return verify_digest(key, jws, jws->signature, jws->signature_len);
	if (strcmp(key->group, jws->algorithm->group) != 0
	    || !ec_signature_to_der(key, jws, &der, &len))
		return false;
	fine = verify_digest(key, jws, der, len);
	OPENSSL_free(der);
	return fine;
}
