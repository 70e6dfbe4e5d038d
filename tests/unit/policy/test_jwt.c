/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which tokens are forged, a row each (RFC 8725 and what went wrong elsewhere). */
#include "policy/policy.h"

#include "policy/jwt_maker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW 1700000000

static struct jwt_maker issuer, rsa_issuer;

static int make_issuers(void **state)
{
	(void)state;
	jwt_maker_init(&issuer, "ES256");
	jwt_maker_init(&rsa_issuer, "RS256");
	return 0;
}

static int drop_issuers(void **state)
{
	(void)state;
	jwt_maker_done(&issuer);
	jwt_maker_done(&rsa_issuer);
	return 0;
}

static struct jwks *keys_of(const struct jwt_maker *maker, const char *more)
{
	AUTO_BUFFER struct buffer jwk = { 0 };
	struct jwks *keys = NULL;

	jwt_maker_jwk(maker, more, &jwk);
	assert_int_equal(jwks_parse(buffer_text(&jwk), &keys, NULL), 0);
	return keys;
}

static enum jwt_status judge(struct text token, const struct jwks *keys)
{
	AUTO(jwt_free) struct jwt *jwt = NULL;
	enum jwt_status status = jwt_parse(token, &jwt);

	if (status == JWT_FINE)
		status = jwt_verify(jwt, keys);
	return status == JWT_FINE ? jwt_check_time(jwt, NOW) : status;
}

#define GOOD_HEADER "{\"alg\":\"ES256\",\"kid\":\"k1\"}"
#define GOOD_CLAIMS "{\"iss\":\"i\",\"sub\":\"s\"}"

static const struct token_case {
	const char *name, *header, *claims;
	enum jwt_status want;
} rows[] = {
	{ "a good token", GOOD_HEADER, GOOD_CLAIMS, JWT_FINE },
	{ "kid absent, one key fits", "{\"alg\":\"ES256\"}", GOOD_CLAIMS, JWT_FINE },
	{ "alg none", "{\"alg\":\"none\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg None", "{\"alg\":\"None\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg NONE", "{\"alg\":\"NONE\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg absent", "{\"kid\":\"k1\"}", GOOD_CLAIMS, JWT_ALG_NOT_STRING },
	{ "alg a number", "{\"alg\":256}", GOOD_CLAIMS, JWT_ALG_NOT_STRING },
	{ "alg empty", "{\"alg\":\"\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg unknown", "{\"alg\":\"ES257\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg in lower case", "{\"alg\":\"es256\"}", GOOD_CLAIMS, JWT_ALG_NOT_SUPPORTED },
	{ "alg HS256 with a public key", "{\"alg\":\"HS256\",\"kid\":\"k1\"}", GOOD_CLAIMS,
	  JWT_ALG_NOT_SUPPORTED },
	{ "alg of another key type", "{\"alg\":\"RS256\",\"kid\":\"k1\"}", GOOD_CLAIMS,
	  JWT_VERIFICATION_FAILS },
	{ "alg of another curve", "{\"alg\":\"ES384\",\"kid\":\"k1\"}", GOOD_CLAIMS,
	  JWT_VERIFICATION_FAILS },
	{ "an escaped name is the name", "{\"\\u0061lg\":\"ES256\",\"kid\":\"k1\"}", GOOD_CLAIMS,
	  JWT_FINE },
	{ "an escaped duplicate of alg", "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}", GOOD_CLAIMS,
	  JWT_HEADER_NOT_JSON },
	{ "duplicate alg", "{\"alg\":\"none\",\"alg\":\"ES256\"}", GOOD_CLAIMS,
	  JWT_HEADER_NOT_JSON },
	{ "duplicate claim", GOOD_HEADER, "{\"sub\":\"a\",\"sub\":\"b\"}", JWT_PAYLOAD_NOT_JSON },
	{ "kid unknown", "{\"alg\":\"ES256\",\"kid\":\"k2\"}", GOOD_CLAIMS, JWT_NO_MATCHING_KEY },
	{ "kid as a path", "{\"alg\":\"ES256\",\"kid\":\"../../k1\"}", GOOD_CLAIMS,
	  JWT_NO_MATCHING_KEY },
	{ "kid as SQL", "{\"alg\":\"ES256\",\"kid\":\"k1' OR '1'='1\"}", GOOD_CLAIMS,
	  JWT_NO_MATCHING_KEY },
	{ "kid with a suffix", "{\"alg\":\"ES256\",\"kid\":\"k1 \"}", GOOD_CLAIMS,
	  JWT_NO_MATCHING_KEY },
	{ "kid a number", "{\"alg\":\"ES256\",\"kid\":1}", GOOD_CLAIMS, JWT_KID_NOT_STRING },
	{ "kid a list", "{\"alg\":\"ES256\",\"kid\":[\"k1\"]}", GOOD_CLAIMS, JWT_KID_NOT_STRING },
	{ "crit with an unknown name", "{\"alg\":\"ES256\",\"crit\":[\"x\"],\"x\":1}", GOOD_CLAIMS,
	  JWT_CRITICAL_HEADER },
	{ "crit empty", "{\"alg\":\"ES256\",\"crit\":[]}", GOOD_CLAIMS, JWT_CRITICAL_HEADER },
	{ "crit naming an absent header", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", GOOD_CLAIMS,
	  JWT_CRITICAL_HEADER },
	{ "b64 false", "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", GOOD_CLAIMS,
	  JWT_CRITICAL_HEADER },
	{ "nested token", "{\"alg\":\"ES256\",\"cty\":\"JWT\"}", GOOD_CLAIMS,
	  JWT_ENCRYPTED_OR_NESTED },
	{ "embedded jwk is not looked at",
	  "{\"alg\":\"ES256\",\"kid\":\"k2\",\"jwk\":{\"kty\":\"EC\"}}", GOOD_CLAIMS,
	  JWT_NO_MATCHING_KEY },
	{ "jku is not fetched", "{\"alg\":\"ES256\",\"kid\":\"k2\",\"jku\":\"https://e/k\"}",
	  GOOD_CLAIMS, JWT_NO_MATCHING_KEY },
	{ "header no object", "[\"ES256\"]", GOOD_CLAIMS, JWT_HEADER_NOT_JSON },
	{ "header with bytes behind", "{\"alg\":\"ES256\"} x", GOOD_CLAIMS, JWT_HEADER_NOT_JSON },
	{ "header cut off", "{\"alg\":\"ES256\"", GOOD_CLAIMS, JWT_HEADER_NOT_JSON },
	{ "claims no object", GOOD_HEADER, "\"text\"", JWT_PAYLOAD_NOT_JSON },
	{ "claims with invalid UTF-8", GOOD_HEADER, "{\"sub\":\"\xff\"}", JWT_PAYLOAD_NOT_JSON },
	{ "claims with a lone surrogate", GOOD_HEADER, "{\"sub\":\"\\ud800\"}",
	  JWT_PAYLOAD_NOT_JSON },
	{ "claims with an escaped NUL", GOOD_HEADER, "{\"sub\":\"a\\u0000b\"}",
	  JWT_PAYLOAD_NOT_JSON },
	{ "iss a number", GOOD_HEADER, "{\"iss\":1}", JWT_ISS_NOT_STRING },
	{ "sub a list", GOOD_HEADER, "{\"sub\":[\"s\"]}", JWT_SUB_NOT_STRING },
	{ "jti a number", GOOD_HEADER, "{\"jti\":1}", JWT_JTI_NOT_STRING },
	{ "aud a number", GOOD_HEADER, "{\"aud\":1}", JWT_AUD_NOT_STRINGS },
	{ "aud a list with a number", GOOD_HEADER, "{\"aud\":[\"a\",1]}", JWT_AUD_NOT_STRINGS },
	{ "exp text", GOOD_HEADER, "{\"exp\":\"1800000000\"}", JWT_EXP_NOT_NUMBER },
	{ "exp negative", GOOD_HEADER, "{\"exp\":-1}", JWT_EXP_NOT_NUMBER },
	{ "exp beyond 2^53", GOOD_HEADER, "{\"exp\":9007199254740994}", JWT_EXP_NOT_NUMBER },
	{ "exp beyond a double", GOOD_HEADER, "{\"exp\":1e400}", JWT_PAYLOAD_NOT_JSON },
	{ "exp NaN", GOOD_HEADER, "{\"exp\":NaN}", JWT_PAYLOAD_NOT_JSON },
	{ "exp null", GOOD_HEADER, "{\"exp\":null}", JWT_EXP_NOT_NUMBER },
	{ "exp true", GOOD_HEADER, "{\"exp\":true}", JWT_EXP_NOT_NUMBER },
	{ "exp a fraction", GOOD_HEADER, "{\"exp\":1700000000.9}", JWT_FINE },
	{ "exp now, within the leeway", GOOD_HEADER, "{\"exp\":1700000000}", JWT_FINE },
	{ "exp a second before the leeway ends", GOOD_HEADER, "{\"exp\":1699999941}", JWT_FINE },
	{ "exp at the end of the leeway", GOOD_HEADER, "{\"exp\":1699999940}", JWT_EXPIRED },
	{ "exp a fraction is floored", GOOD_HEADER, "{\"exp\":1699999940.9}", JWT_EXPIRED },
	{ "exp zero", GOOD_HEADER, "{\"exp\":0}", JWT_EXPIRED },
	{ "nbf within the leeway", GOOD_HEADER, "{\"nbf\":1700000060}", JWT_FINE },
	{ "nbf in the future", GOOD_HEADER, "{\"nbf\":1700000061}", JWT_NOT_YET_VALID },
	{ "nbf text", GOOD_HEADER, "{\"nbf\":\"1\"}", JWT_NBF_NOT_NUMBER },
	{ "iat text", GOOD_HEADER, "{\"iat\":\"1\"}", JWT_IAT_NOT_NUMBER },
	{ "iat in the future is no matter", GOOD_HEADER, "{\"iat\":1800000000}", JWT_FINE },
};

static void check_row(void **state)
{
	const struct token_case *row = *state;
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer token = { 0 };

	jwt_maker_token(&issuer, row->header, row->claims, &token);
	assert_int_equal(judge(buffer_text(&token), keys), row->want);
}

/* ---- the compact form itself ---- */

static void check_form(const char *what, const char *from, const char *to, enum jwt_status want)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer token = { 0 }, changed = { 0 };
	const char *at;

	(void)what;
	jwt_maker_token(&issuer, GOOD_HEADER, GOOD_CLAIMS, &token);
	at = from[0] == '$' ? token.data + token.len : strstr(token.data, from);
	assert_non_null(at);
	buffer_add(&changed, token.data, (size_t)(at - token.data));
	buffer_add_text(&changed, to);
	buffer_add_text(&changed, from[0] == '$' ? "" : at + strlen(from));
	assert_int_equal(judge(buffer_text(&changed), keys), want);
}

static void compact_form_is_strict(void **state)
{
	(void)state;
	check_form("padding", "$", "=", JWT_SIGNATURE_NOT_BASE64);
	check_form("blank behind", "$", " ", JWT_SIGNATURE_NOT_BASE64);
	check_form("line end behind", "$", "\n", JWT_SIGNATURE_NOT_BASE64);
	check_form("a fourth section", "$", ".e30", JWT_BAD_FORM);
	check_form("five sections, as JWE has", "$", ".e30.e30", JWT_BAD_FORM);
	check_form("empty header", "ey", ".ey", JWT_BAD_FORM);
	check_form("a character of plain base64", "$", "+", JWT_SIGNATURE_NOT_BASE64);
	check_form("blank before", "ey", " ey", JWT_HEADER_NOT_BASE64);
}

static void other_forms_are_no_tokens(void **state)
{
	static const char *const texts[] = {
		"", ".", "..", "a", "a.b", "a..", "{\"payload\":\"\"}", "....", "e30.e30"
	};
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_not_equal(judge(text_of(texts[i]), keys), JWT_FINE);
}

/* The last character of 64 bytes carries 4 spare bits; another value of them is another spelling.
 */
static void spare_bits_must_be_zero(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer token = { 0 };

	(void)state;
	jwt_maker_token(&issuer, GOOD_HEADER, GOOD_CLAIMS, &token);
	token.data[token.len - 1]++;
	assert_int_equal(judge(buffer_text(&token), keys), JWT_SIGNATURE_NOT_BASE64);
}

static void token_size_is_bounded(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer claims = { 0 }, token = { 0 };

	(void)state;
	buffer_add_text(&claims, "{\"x\":\"");
	while (claims.len < JWT_SIZE_MAX)
		buffer_add_char(&claims, 'a');
	buffer_add_text(&claims, "\"}");
	jwt_maker_token(&issuer, GOOD_HEADER, claims.data, &token);
	assert_int_equal(judge(buffer_text(&token), keys), JWT_TOO_LARGE);
}

static void nesting_is_bounded(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer claims = { 0 }, token = { 0 };

	(void)state;
	buffer_add_text(&claims, "{\"x\":");
	for (int i = 0; i < 40; i++)
		buffer_add_char(&claims, '[');
	for (int i = 0; i < 40; i++)
		buffer_add_char(&claims, ']');
	buffer_add_char(&claims, '}');
	jwt_maker_token(&issuer, GOOD_HEADER, claims.data, &token);
	assert_int_equal(judge(buffer_text(&token), keys), JWT_PAYLOAD_NOT_JSON);
}

/* ---- signatures ---- */

static void with_signature(const unsigned char *signature, size_t len, enum jwt_status want)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&issuer, "");
	AUTO_BUFFER struct buffer token = { 0 };

	jwt_maker_token(&issuer, GOOD_HEADER, GOOD_CLAIMS, &token);
	token.len = (size_t)(strrchr(token.data, '.') - token.data) + 1;
	base64url_add(&token, signature, len);
	assert_int_equal(judge(buffer_text(&token), keys), want);
}

static void ecdsa_numbers_are_checked(void **state)
{
	unsigned char signature[72];

	(void)state;
	memset(signature, 0, sizeof(signature));
	with_signature(signature, 64, JWT_VERIFICATION_FAILS); /* r = s = 0 */
	signature[31] = 1;
	with_signature(signature, 64, JWT_VERIFICATION_FAILS); /* s = 0 */
	memset(signature, 0xff, sizeof(signature));
	with_signature(signature, 64, JWT_VERIFICATION_FAILS); /* above the order */
	with_signature(signature, 63, JWT_VERIFICATION_FAILS);
	with_signature(signature, 65, JWT_VERIFICATION_FAILS);
	with_signature((const unsigned char *)"\x30\x06\x02\x01\x01\x02\x01\x01", 8,
		       JWT_VERIFICATION_FAILS); /* DER */
	with_signature(signature, 0, JWT_VERIFICATION_FAILS);
}

static void another_issuers_signature_fails(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&rsa_issuer, "");
	AUTO_BUFFER struct buffer token = { 0 };

	(void)state;
	jwt_maker_token(&issuer, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", GOOD_CLAIMS, &token);
	assert_int_equal(judge(buffer_text(&token), keys), JWT_VERIFICATION_FAILS);
}

static void every_algorithm_verifies(void **state)
{
	static const char *const algorithms[] = { "ES256", "RS256", "PS256", "EdDSA" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
		AUTO(jwks_unref) struct jwks *keys = NULL;
		AUTO_BUFFER struct buffer token = { 0 };
		struct jwt_maker maker;
		char header[64];

		jwt_maker_init(&maker, algorithms[i]);
		keys = keys_of(&maker, "");
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algorithms[i]);
		jwt_maker_token(&maker, header, GOOD_CLAIMS, &token);
		assert_int_equal(judge(buffer_text(&token), keys), JWT_FINE);
		token.data[strcspn(token.data, ".") + 3] ^= 1; /* a claim changed afterwards */
		assert_int_not_equal(judge(buffer_text(&token), keys), JWT_FINE);
		jwt_maker_done(&maker);
	}
}

/* ---- key sets ---- */

static void key_is_left_out(struct jwt_maker *maker, const char *more)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(maker, more);

	assert_int_equal(jwks_usable_count(keys), 0);
}

static void keys_for_something_else_are_left_out(void **state)
{
	(void)state;
	key_is_left_out(&issuer, ",\"use\":\"enc\"");
	key_is_left_out(&issuer, ",\"use\":1");
	key_is_left_out(&issuer, ",\"key_ops\":[\"sign\"]");
	key_is_left_out(&issuer, ",\"key_ops\":[]");
	key_is_left_out(&issuer, ",\"alg\":\"HS256\"");
	key_is_left_out(&issuer, ",\"alg\":\"RS256\"");
	key_is_left_out(&issuer, ",\"alg\":\"ES384\"");
	key_is_left_out(&rsa_issuer, ",\"alg\":\"ES256\"");
	key_is_left_out(&rsa_issuer, ",\"alg\":\"RSA-OAEP\"");
}

static void a_keys_alg_is_the_only_one(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of(&rsa_issuer, ",\"alg\":\"PS256\"");
	AUTO_BUFFER struct buffer token = { 0 };

	(void)state;
	jwt_maker_token(&rsa_issuer, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", GOOD_CLAIMS, &token);
	assert_int_equal(judge(buffer_text(&token), keys), JWT_NO_MATCHING_KEY);
}

static const struct set_case {
	const char *name, *json;
	int want;
	size_t usable;
	const char *problem;
} sets[] = {
	{ "no JSON", "{", -EINVAL, 0, "the key set is no JSON" },
	{ "no keys", "{}", -EINVAL, 0, "it needs a list 'keys'" },
	{ "keys no list", "{\"keys\":{}}", -EINVAL, 0, "it needs a list 'keys'" },
	{ "empty set", "{\"keys\":[]}", 0, 0, NULL },
	{ "only symmetric keys", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", 0, 0, NULL },
	{ "symmetric beside public",
	  "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"EC\"}]}", -EINVAL, 0,
	  "mixes symmetric keys" },
	{ "duplicate kid",
	  "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\"},{\"kty\":\"RSA\",\"kid\":\"a\"}]}", -EINVAL, 0,
	  "the same kid 'a'" },
	{ "duplicate member", "{\"keys\":[{\"kty\":\"EC\",\"kty\":\"RSA\"}]}", -EINVAL, 0,
	  "no JSON" },
	{ "unknown key type is left out", "{\"keys\":[{\"kty\":\"XYZ\"}]}", 0, 0, NULL },
	{ "keys that are no objects are left out", "{\"keys\":[1,\"x\",null]}", 0, 0, NULL },
	{ "point not on the curve",
	  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
	  "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
	  0, 0, NULL },
	{ "short coordinate", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", 0,
	  0, NULL },
	{ "curve unknown", "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
	  0, 0, NULL },
	{ "small RSA key", "{\"kty\":\"RSA\",\"n\":\"sXch\",\"e\":\"AQAB\"}", 0, 0, NULL },
	{ "Ed25519 of another size", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", 0, 0,
	  NULL },
	{ "kid a number", "{\"kty\":\"OKP\",\"kid\":1}", 0, 0, NULL },
};

static void check_set(void **state)
{
	const struct set_case *row = *state;
	AUTO(jwks_unref) struct jwks *keys = NULL;
	struct error err = { 0 };

	assert_int_equal(jwks_parse(text_of(row->json), &keys, &err), row->want);
	if (row->want == 0)
		assert_int_equal(jwks_usable_count(keys), row->usable);
	else
		assert_non_null(strstr(err.text, row->problem));
}

static void rsa_exponents_are_checked(void **state)
{
	static const char *const bad[] = { "AQ", "Ag", "AQAAAAE", "AA", "" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(jwks_unref) struct jwks *keys = NULL;
		AUTO_BUFFER struct buffer jwk = { 0 };

		jwt_maker_jwk(&rsa_issuer, "", &jwk);
		buffer_printf(&jwk, "%s", "");
		jwk.len -= strlen("AQAB\"}");
		buffer_printf(&jwk, "%s\"}", bad[i]);
		assert_int_equal(jwks_parse(buffer_text(&jwk), &keys, NULL), 0);
		assert_int_equal(jwks_usable_count(keys), 0);
	}
}

static void too_many_keys_are_refused(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = NULL;
	AUTO_BUFFER struct buffer set = { 0 };
	struct error err;

	(void)state;
	buffer_add_text(&set, "{\"keys\":[{}");
	for (int i = 0; i < JWKS_KEYS_MAX; i++)
		buffer_add_text(&set, ",{}");
	buffer_add_text(&set, "]}");
	assert_int_equal(jwks_parse(buffer_text(&set), &keys, &err), -EINVAL);
	assert_string_equal(err.text, "the key set has 257 keys; at most 256 are read");
}

/* ---- claims ---- */

static bool is_wanted(const void *context, struct text value)
{
	return text_is(value, context);
}

static bool has_claim(const struct jwt *jwt, const char *a, const char *b, const char *value)
{
	struct text path[2] = { text_of(a), text_of(b) };

	return jwt_claim_any(jwt, path, b != NULL ? 2 : 1, is_wanted, value);
}

static void claims_are_found(void **state)
{
	static const struct text words[] = { { "roles", 5 } };
	AUTO(jwt_free) struct jwt *jwt = NULL;
	AUTO_BUFFER struct buffer token = { 0 }, header = { 0 };

	(void)state;
	jwt_maker_token(
		&issuer, GOOD_HEADER,
		"{\"a\":\"x\",\"l\":[\"x\",1,\"y\"],\"o\":{\"in\":\"z\"},\"n\":7,\"b\":true,"
		"\"scope\":\"r w\",\"roles\":\"p q\",\"a.b\":\"dot\",\"aud\":[\"u\",\"v\"]}",
		&token);
	assert_int_equal(jwt_parse(buffer_text(&token), &jwt), JWT_FINE);
	assert_true(has_claim(jwt, "a", NULL, "x"));
	assert_true(has_claim(jwt, "l", NULL, "y"));
	assert_false(has_claim(jwt, "l", NULL, "1"));
	assert_false(has_claim(jwt, "n", NULL, "7"));
	assert_false(has_claim(jwt, "b", NULL, "true"));
	assert_true(has_claim(jwt, "o", "in", "z"));
	assert_false(has_claim(jwt, "o", NULL, "z"));
	assert_true(has_claim(jwt, "a.b", NULL, "dot"));
	assert_true(has_claim(jwt, "scope", NULL, "w"));
	assert_false(has_claim(jwt, "scope", NULL, "r w"));
	assert_true(has_claim(jwt, "roles", NULL, "p q"));
	jwt_set_word_claims(jwt, words, COUNT_OF(words));
	assert_true(has_claim(jwt, "roles", NULL, "q"));
	assert_true(jwt_has_audience(jwt, TEXT("v")));
	assert_false(jwt_has_audience(jwt, TEXT("")));
	assert_true(jwt_claim_as_header(jwt, TEXT("o.in"), &header));
	assert_true(jwt_claim_as_header(jwt, TEXT("n"), &header));
	assert_true(jwt_claim_as_header(jwt, TEXT("b"), &header));
	assert_true(jwt_claim_as_header(jwt, TEXT("o"), &header));
	assert_false(jwt_claim_as_header(jwt, TEXT("missing"), &header));
	assert_string_equal(header.data, "z7trueeyJpbiI6InoifQ==");
}

#define PLAIN(test) (struct CMUnitTest) cmocka_unit_test(test)

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(sets) + 16];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
						      .test_func = check_row,
						      .initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		tests[count++] = (struct CMUnitTest){ .name = sets[i].name,
						      .test_func = check_set,
						      .initial_state = (void *)&sets[i] };
	tests[count++] = PLAIN(compact_form_is_strict);
	tests[count++] = PLAIN(other_forms_are_no_tokens);
	tests[count++] = PLAIN(spare_bits_must_be_zero);
	tests[count++] = PLAIN(token_size_is_bounded);
	tests[count++] = PLAIN(nesting_is_bounded);
	tests[count++] = PLAIN(ecdsa_numbers_are_checked);
	tests[count++] = PLAIN(another_issuers_signature_fails);
	tests[count++] = PLAIN(every_algorithm_verifies);
	tests[count++] = PLAIN(keys_for_something_else_are_left_out);
	tests[count++] = PLAIN(a_keys_alg_is_the_only_one);
	tests[count++] = PLAIN(rsa_exponents_are_checked);
	tests[count++] = PLAIN(too_many_keys_are_refused);
	tests[count++] = PLAIN(claims_are_found);
	return _cmocka_run_group_tests("jwt", tests, count, make_issuers, drop_issuers);
}
