/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwt.h"

#include <math.h>
#include <openssl/evp.h>

#define TIME_MAX (INT64_C(1) << 53) /* beyond, doubles are no longer exact */

struct jwt {
	struct jws jws;
	json_t *claims;           /* owned */
	struct text *word_claims; /* owned, as their texts are */
	size_t word_claim_count;
	unsigned references;
};

/* ---- reading ---- */

static bool is_audience(const json_t *claim)
{
	const json_t *item;
	size_t i;

	if (claim == NULL || json_is_string(claim))
		return true;
	if (!json_is_array(claim))
		return false;
	json_array_foreach(claim, i, item) if (!json_is_string(item)) return false;
	return true;
}

/* NumericDate (RFC 7519 section 2); a fraction is cut off. */
static bool read_time(const json_t *claims, const char *name, int64_t *out)
{
	const json_t *claim = json_object_get(claims, name);

	if (!json_is_number(claim))
		return false;

	double seconds = json_number_value(claim);

	if (!(seconds >= 0) || seconds > (double)TIME_MAX)
		return false;
	*out = (int64_t)floor(seconds);
	return true;
}

static enum jwt_status check_claim_types(const json_t *claims)
{
	static const struct {
		const char *name;
		enum jwt_status wrong;
	} strings[] = { { "iss", JWT_ISS_NOT_STRING },
			{ "sub", JWT_SUB_NOT_STRING },
			{ "jti", JWT_JTI_NOT_STRING } },
	  times[] = { { "iat", JWT_IAT_NOT_NUMBER },
		      { "nbf", JWT_NBF_NOT_NUMBER },
		      { "exp", JWT_EXP_NOT_NUMBER } };
	int64_t ignored;

	for (size_t i = 0; i < COUNT_OF(strings); i++) {
		const json_t *claim = json_object_get(claims, strings[i].name);

		if (claim != NULL && !json_is_string(claim))
			return strings[i].wrong;
	}
	for (size_t i = 0; i < COUNT_OF(times); i++)
		if (json_object_get(claims, times[i].name) != NULL
		    && !read_time(claims, times[i].name, &ignored))
			return times[i].wrong;
	return is_audience(json_object_get(claims, "aud")) ? JWT_FINE : JWT_AUD_NOT_STRINGS;
}

enum jwt_status jwt_parse(struct text token, struct jwt **out)
{
	AUTO(jwt_free) struct jwt *jwt = MEM_NEW(struct jwt);
	enum jwt_status status = jws_parse(token, &jwt->jws);
	bool is_base64;

	jwt->references = 1;

	if (status != JWT_FINE)
		return status;
	jwt->claims = jws_json_object(jwt->jws.payload, &is_base64);
	if (jwt->claims == NULL)
		return is_base64 ? JWT_PAYLOAD_NOT_JSON : JWT_PAYLOAD_NOT_BASE64;
	status = check_claim_types(jwt->claims);
	if (status == JWT_FINE)
		*out = TAKE(jwt);
	return status;
}

struct jwt *jwt_ref(struct jwt *jwt)
{
	jwt->references++;
	return jwt;
}

static void forget_word_claims(struct jwt *jwt)
{
	for (size_t i = 0; i < jwt->word_claim_count; i++)
		mem_free((void *)jwt->word_claims[i].ptr);
	mem_free(jwt->word_claims);
}

void jwt_free(struct jwt *jwt)
{
	if (jwt == NULL || --jwt->references > 0)
		return;
	forget_word_claims(jwt);
	json_decref(jwt->claims);
	jws_done(&jwt->jws);
	mem_free(jwt);
}

/* ---- checking ---- */

enum jwt_status jwt_verify(const struct jwt *jwt, const struct jwks *keys)
{
	return jwks_verify(keys, &jwt->jws);
}

enum jwt_status jwt_check_time(const struct jwt *jwt, int64_t now_s)
{
	int64_t time;

	if (read_time(jwt->claims, "nbf", &time) && time > now_s + JWT_LEEWAY_S)
		return JWT_NOT_YET_VALID;
	if (read_time(jwt->claims, "exp", &time) && now_s >= time + JWT_LEEWAY_S)
		return JWT_EXPIRED;
	return JWT_FINE;
}

/* ---- asking ---- */

struct text jwt_text(const struct jwt *jwt)
{
	return text_of(jwt->jws.token); /* base64url and dots: no NUL is inside */
}

struct text jwt_issuer(const struct jwt *jwt)
{
	return json_text_of(json_object_get(jwt->claims, "iss"));
}

struct text jwt_subject(const struct jwt *jwt)
{
	return json_text_of(json_object_get(jwt->claims, "sub"));
}

struct text jwt_key_id(const struct jwt *jwt)
{
	return jwt->jws.key_id;
}

struct text jwt_type(const struct jwt *jwt)
{
	return jwt->jws.type;
}

struct text jwt_payload_encoded(const struct jwt *jwt)
{
	return jwt->jws.payload;
}

bool jwt_expiry(const struct jwt *jwt, int64_t *unix_s)
{
	return read_time(jwt->claims, "exp", unix_s);
}

bool jwt_has_audience(const struct jwt *jwt, struct text audience)
{
	const json_t *claim = json_object_get(jwt->claims, "aud"), *item;
	size_t i;

	if (json_is_string(claim))
		return text_equal(json_text_of(claim), audience);
	json_array_foreach(claim, i,
			   item) if (text_equal(json_text_of(item), audience)) return true;
	return false;
}

void jwt_set_word_claims(struct jwt *jwt, const struct text *names, size_t count)
{
	forget_word_claims(jwt);
	jwt->word_claims = mem_alloc_array(count, sizeof(*jwt->word_claims));
	jwt->word_claim_count = count;
	for (size_t i = 0; i < count; i++)
		jwt->word_claims[i] =
			(struct text){ mem_strndup(names[i].ptr, names[i].len), names[i].len };
}

static bool is_word_claim(const struct jwt *jwt, struct text name)
{
	if (text_is(name, "scope") || text_is(name, "permission"))
		return true;
	for (size_t i = 0; i < jwt->word_claim_count; i++)
		if (text_equal(jwt->word_claims[i], name))
			return true;
	return false;
}

static bool any_word(struct text words, jwt_claim_fn *wanted, const void *context)
{
	while (words.ptr != NULL) {
		struct text word = text_split(&words, ' ');

		if (word.len > 0 && wanted(context, word))
			return true;
	}
	return false;
}

static const json_t *claim_at(const struct jwt *jwt, const struct text *path, size_t depth)
{
	const json_t *claim = jwt->claims;

	for (size_t i = 0; i < depth && claim != NULL; i++)
		claim = json_object_getn(claim, path[i].ptr, path[i].len);
	return claim;
}

bool jwt_claim_any(const struct jwt *jwt, const struct text *path, size_t depth,
		   jwt_claim_fn *wanted, const void *context)
{
	const json_t *claim = claim_at(jwt, path, depth), *item;
	size_t i;

	if (json_is_string(claim))
		return depth == 1 && is_word_claim(jwt, path[0])
			       ? any_word(json_text_of(claim), wanted, context)
			       : wanted(context, json_text_of(claim));
	if (!json_is_array(claim))
		return false;
	json_array_foreach(claim, i, item) if (json_is_string(item)
					       && wanted(context, json_text_of(item))) return true;
	return false;
}

static void add_base64(struct buffer *out, const char *text)
{
	size_t len = strlen(text);
	char *room = buffer_reserve(out, (len + 2) / 3 * 4 + 1);

	out->len += (size_t)EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)text,
					    (int)len);
}

bool jwt_claim_as_header(const struct jwt *jwt, struct text dotted_path, struct buffer *out)
{
	const json_t *claim = jwt->claims;
	char *json;

	while (dotted_path.ptr != NULL && claim != NULL) {
		struct text name = text_split(&dotted_path, '.');

		claim = json_object_getn(claim, name.ptr, name.len);
	}
	if (claim == NULL || json_is_null(claim))
		return false;
	if (json_is_string(claim)) {
		buffer_add(out, json_string_value(claim), json_string_length(claim));
		return true;
	}
	json = json_dumps(claim, JSON_COMPACT | JSON_ENCODE_ANY);
	if (json_is_object(claim) || json_is_array(claim))
		add_base64(out, json);
	else
		buffer_add_text(out, json);
	free(json);
	return true;
}
