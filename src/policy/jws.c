/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jws.h"

#include "policy/jwt.h"

#define DEPTH_MAX 32

/* Symmetric algorithms and `none` are missing on purpose: a relying party has public keys only. */
const struct jws_algorithm jws_algorithms[] = {
	{ "RS256", JWS_KEY_RSA, false, "SHA256", NULL, 0 },
	{ "RS384", JWS_KEY_RSA, false, "SHA384", NULL, 0 },
	{ "RS512", JWS_KEY_RSA, false, "SHA512", NULL, 0 },
	{ "PS256", JWS_KEY_RSA, true, "SHA256", NULL, 0 },
	{ "PS384", JWS_KEY_RSA, true, "SHA384", NULL, 0 },
	{ "PS512", JWS_KEY_RSA, true, "SHA512", NULL, 0 },
	{ "ES256", JWS_KEY_EC, false, "SHA256", "P-256", 32 },
	{ "ES384", JWS_KEY_EC, false, "SHA384", "P-384", 48 },
	{ "ES512", JWS_KEY_EC, false, "SHA512", "P-521", 66 },
	{ "EdDSA", JWS_KEY_ED25519, false, NULL, NULL, 0 },
};
const size_t jws_algorithm_count = COUNT_OF(jws_algorithms);

const struct jws_algorithm *jws_algorithm_find(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(jws_algorithms); i++)
		if (text_is(name, jws_algorithms[i].name))
			return &jws_algorithms[i];
	return NULL;
}

struct text json_text_of(const json_t *value)
{
	if (!json_is_string(value))
		return (struct text){ 0 };
	return (struct text){ json_string_value(value), json_string_length(value) };
}

static bool is_too_deep(const json_t *value, int left)
{
	const char *key;
	json_t *item;
	size_t i;

	if (left == 0)
		return json_is_object(value) || json_is_array(value);
	if (json_is_array(value))
		json_array_foreach(value, i, item) if (is_too_deep(item, left - 1)) return true;
	if (json_is_object(value))
		json_object_foreach((json_t *)value, key,
				    item) if (is_too_deep(item, left - 1)) return true;
	return false;
}

json_t *jws_json_object(struct text encoded, bool *is_base64)
{
	unsigned char bytes[BASE64_DECODED_MAX(JWT_SIZE_MAX)];
	size_t len;

	*is_base64 = encoded.len > 0 && encoded.len <= JWT_SIZE_MAX
		     && base64_decode(encoded, BASE64_URL, bytes, &len);
	if (!*is_base64)
		return NULL;

	json_t *json = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json) && !is_too_deep(json, DEPTH_MAX))
		return json;
	json_decref(json);
	return NULL;
}

static enum jwt_status read_header(struct jws *jws)
{
	const json_t *algorithm = json_object_get(jws->header, "alg");
	const json_t *key_id = json_object_get(jws->header, "kid");
	struct text content = json_text_of(json_object_get(jws->header, "cty"));

	if (!json_is_string(algorithm))
		return JWT_ALG_NOT_STRING;
	if (key_id != NULL && !json_is_string(key_id))
		return JWT_KID_NOT_STRING;
	/* crit names extensions that must be understood, and none is (RFC 7515 section 4.1.11). */
	if (json_object_get(jws->header, "crit") != NULL
	    || json_object_get(jws->header, "b64") != NULL)
		return JWT_CRITICAL_HEADER;
	if (text_equal_nocase(content, TEXT("JWT")) || json_object_get(jws->header, "enc") != NULL)
		return JWT_ENCRYPTED_OR_NESTED;
	jws->algorithm = jws_algorithm_find(json_text_of(algorithm));
	jws->key_id = json_text_of(key_id);
	jws->type = json_text_of(json_object_get(jws->header, "typ"));
	return jws->algorithm != NULL ? JWT_FINE : JWT_ALG_NOT_SUPPORTED;
}

enum jwt_status jws_parse(struct text token, struct jws *jws)
{
	*jws = (struct jws){ 0 };
	if (token.len > JWT_SIZE_MAX)
		return JWT_TOO_LARGE;
	jws->token = mem_strndup(token.ptr, token.len);

	struct text rest = { jws->token, token.len };
	struct text header = text_split(&rest, '.');
	struct text payload = rest.ptr != NULL ? text_split(&rest, '.') : rest;
	bool is_base64;

	if (rest.ptr == NULL || header.len == 0 || text_find_char(rest, '.') != TEXT_NONE)
		return JWT_BAD_FORM;
	jws->payload = payload;
	jws->signed_part = (struct text){ jws->token, header.len + 1 + payload.len };
	jws->header = jws_json_object(header, &is_base64);
	if (jws->header == NULL)
		return is_base64 ? JWT_HEADER_NOT_JSON : JWT_HEADER_NOT_BASE64;

	enum jwt_status status = read_header(jws);

	if (status != JWT_FINE)
		return status;
	if (rest.len > JWS_SIGNATURE_MAX * 4 / 3
	    || !base64_decode(rest, BASE64_URL, jws->signature, &jws->signature_len))
		return JWT_SIGNATURE_NOT_BASE64;
	return JWT_FINE;
}

void jws_done(struct jws *jws)
{
	json_decref(jws->header);
	mem_free(jws->token);
	*jws = (struct jws){ 0 };
}
