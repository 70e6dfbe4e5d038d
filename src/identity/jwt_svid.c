/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/jwt_svid.h"

#include "identity/openssl.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#define P256_NUMBER  32 /* bytes of r and of s (RFC 7518, section 3.4) */
#define CLOCK_SKEW_S 30

DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_AUTO(ECDSA_SIG, ECDSA_SIG_free)
DEFINE_AUTO(json_t, json_decref)

/* ---- signing ---- */

static void write_header(struct buffer *out, const char *key_id)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "alg");
	json_cstring(&json, "ES256");
	json_key(&json, "kid");
	json_cstring(&json, key_id);
	json_key(&json, "typ");
	json_cstring(&json, "JWT");
	json_end_object(&json);
}

static void write_claims(struct buffer *out, const struct jwt_svid_claims *claims)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "aud");
	json_begin_array(&json);
	for (size_t i = 0; i < claims->audience_count; i++)
		json_text(&json, claims->audiences[i]);
	json_end_array(&json);
	json_key(&json, "exp");
	json_number(&json, claims->expires_ns / (int64_t)NS_PER_SEC);
	json_key(&json, "iat");
	json_number(&json, claims->issued_ns / (int64_t)NS_PER_SEC);
	json_key(&json, "sub");
	json_text(&json, claims->subject);
	json_end_object(&json);
}

static bool sign_es256(EVP_PKEY *key, struct text input, unsigned char out[2 * P256_NUMBER])
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG_free) ECDSA_SIG *signature = NULL;
	unsigned char der[128];
	const unsigned char *next = der;
	size_t len = sizeof(der);

	if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1
	    || EVP_DigestSign(context, der, &len, (const unsigned char *)input.ptr, input.len) != 1)
		return false;
	signature = d2i_ECDSA_SIG(NULL, &next, (long)len);
	return signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, P256_NUMBER) > 0
	       && BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + P256_NUMBER, P256_NUMBER) > 0;
}

int jwt_svid_sign(const struct jwt_svid_claims *claims, const char *key_id, EVP_PKEY *key,
		  struct buffer *out, struct error *err)
{
	AUTO_BUFFER struct buffer header = { 0 }, payload = { 0 };
	unsigned char signature[2 * P256_NUMBER];
	const size_t start = out->len;

	write_header(&header, key_id);
	write_claims(&payload, claims);
	base64_encode(out, buffer_text(&header), BASE64_URL);
	buffer_add_char(out, '.');
	base64_encode(out, buffer_text(&payload), BASE64_URL);
	if (!sign_es256(key, text_from(buffer_text(out), start), signature))
		return openssl_error(err, -EIO, "cannot sign a token");
	buffer_add_char(out, '.');
	base64_encode(out, (struct text){ (const char *)signature, sizeof(signature) }, BASE64_URL);
	return 0;
}

/* ---- validating ---- */

static int reject(struct error *err, const char *why)
{
	return error_set(err, -EACCES, "%s", why);
}

/* An object without duplicate names, in strict base64url; NULL where it is anything else. */
static json_t *decode_object(struct text part)
{
	AUTO(mem_free_text) char *json = mem_alloc(BASE64_DECODED_MAX(part.len));
	json_t *object;
	size_t len;

	if (!base64_decode(part, BASE64_URL, json, &len))
		return NULL;
	object = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (object != NULL && !json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static struct text string_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return (struct text){ json_string_value(value), json_string_length(value) };
}

/* Section 2: alg, kid and typ, and nothing else: no key or link to one, no extension. */
static int check_header(json_t *header, struct text *key_id, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(header, name, value)
	{
		if (strcmp(name, "alg") != 0 && strcmp(name, "kid") != 0
		    && strcmp(name, "typ") != 0)
			return error_set(err, -EACCES,
					 "the header has a member that no JWT-SVID has: '%.64s'",
					 name);
		if (!json_is_string(value))
			return error_set(err, -EACCES, "the header's '%s' is no string", name);
	}
	if (!text_is(string_of(header, "alg"), "ES256"))
		return reject(err, "the header's 'alg' is not ES256");
	*key_id = string_of(header, "kid");
	if (text_is_empty(*key_id))
		return reject(err, "the header has no 'kid'");

	const struct text type = string_of(header, "typ");

	if (type.ptr != NULL && !text_is(type, "JWT") && !text_is(type, "JOSE"))
		return reject(err, "the header's 'typ' is neither JWT nor JOSE");
	return 0;
}

static bool has_audience(const json_t *claims, struct text audience)
{
	const json_t *value = json_object_get(claims, "aud");

	if (json_is_string(value))
		return text_equal(string_of(claims, "aud"), audience);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);

		if (json_is_string(item)
		    && text_equal(
			    (struct text){ json_string_value(item), json_string_length(item) },
			    audience))
			return true;
	}
	return false;
}

/* Whole or fractional seconds, within what a double holds exactly. False: there and no such number.
 */
static bool seconds_of(const json_t *claims, const char *name, bool *is_there, int64_t *out)
{
	const json_t *value = json_object_get(claims, name);
	const double seconds = json_number_value(value);

	*is_there = value != NULL;
	if (value == NULL)
		return true;
	if (!json_is_number(value) || !(seconds >= 0 && seconds <= 9007199254740992.0))
		return false;
	*out = (int64_t)seconds;
	return true;
}

static int check_times(const json_t *claims, int64_t now_ns, struct error *err)
{
	const int64_t now = now_ns / (int64_t)NS_PER_SEC;
	int64_t expires = 0, not_before = 0, issued = 0;
	bool has_expiry, has_start, has_issue;

	if (!seconds_of(claims, "exp", &has_expiry, &expires)
	    || !seconds_of(claims, "nbf", &has_start, &not_before)
	    || !seconds_of(claims, "iat", &has_issue, &issued))
		return reject(err, "'exp', 'nbf' or 'iat' is no time");
	if (!has_expiry)
		return reject(err, "the token has no 'exp'");
	if (now >= expires + CLOCK_SKEW_S)
		return reject(err, "the token has expired");
	if ((has_start && not_before > now + CLOCK_SKEW_S)
	    || (has_issue && issued > now + CLOCK_SKEW_S))
		return reject(err, "the token is not valid yet");
	return 0;
}

static EVP_PKEY *find_key(const struct bundles *bundles, struct text subject, struct text key_id)
{
	struct spiffe_id id;
	const struct bundle *bundle;

	if (spiffe_id_parse(subject, &id, NULL) < 0 || text_is_empty(id.path))
		return NULL;
	bundle = bundles_find(bundles, id.trust_domain);
	for (size_t i = 0; bundle != NULL && i < bundle->jwt_authority_count; i++)
		if (text_is(key_id, bundle->jwt_authorities[i].key_id))
			return bundle->jwt_authorities[i].key;
	return NULL;
}

/* The form is r and s, 32 bytes each; that they lie in range is checked by OpenSSL. */
static bool verify_es256(EVP_PKEY *key, struct text input, struct text encoded)
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG_free) ECDSA_SIG *signature = ECDSA_SIG_new();
	unsigned char raw[BASE64_DECODED_MAX(88)], *der = NULL;
	BIGNUM *r, *s;
	size_t raw_len;
	bool fits;

	if (encoded.len != 86 || !base64_decode(encoded, BASE64_URL, raw, &raw_len)
	    || raw_len != 2 * P256_NUMBER)
		return false;
	r = BN_bin2bn(raw, P256_NUMBER, NULL);
	s = BN_bin2bn(raw + P256_NUMBER, P256_NUMBER, NULL);
	ECDSA_SIG_set0(signature, r, s);

	const int der_len = i2d_ECDSA_SIG(signature, &der);

	fits = der_len > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1
	       && EVP_DigestVerify(context, der, (size_t)der_len, (const unsigned char *)input.ptr,
				   input.len)
			  == 1;
	OPENSSL_free(der);
	return fits;
}

int jwt_svid_validate(const struct bundles *bundles, struct text token, struct text audience,
		      int64_t now_ns, json_t **claims, struct error *err)
{
	struct text rest = token, key_id;

	if (token.len > JWT_SVID_MAX)
		return reject(err, "the token is too long");

	const struct text header_part = text_split(&rest, '.');
	const struct text payload_part = text_split(&rest, '.');

	if (rest.ptr == NULL || text_find_char(rest, '.') != TEXT_NONE)
		return reject(err, "a token has three parts");

	AUTO(json_decref) json_t *header = decode_object(header_part);
	AUTO(json_decref) json_t *payload = decode_object(payload_part);

	if (header == NULL || payload == NULL)
		return reject(err, "header or payload is no JSON object in base64url");
	if (check_header(header, &key_id, err) < 0)
		return -EACCES;

	const size_t signed_len = header_part.len + 1 + payload_part.len;
	EVP_PKEY *key = find_key(bundles, string_of(payload, "sub"), key_id);

	if (key == NULL)
		return reject(err, "no key of the subject's trust domain has this 'kid'");
	if (!verify_es256(key, text_until(token, signed_len), rest))
		return reject(err, "the signature is wrong");
	if (check_times(payload, now_ns, err) < 0)
		return -EACCES;
	if (!has_audience(payload, audience))
		return reject(err, "the token is for another audience");
	*claims = TAKE(payload);
	return 0;
}
