/* SPDX-License-Identifier: Apache-2.0 */
/* JWT-SVID.md, sections 2 to 5: tokens that are right, and wrong in one point each. */
#include "identity/jwt_svid.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)
#define PAYLOAD                                                                                    \
	"{\"aud\":[\"api\",\"db\"],\"exp\":1800000300,\"iat\":1800000000,\"sub\":\"spiffe://"      \
	"d.test/web\"}"
#define HEADER   "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define CLAIM(x) "{\"aud\":\"api\",\"exp\":1800000300,\"sub\":\"spiffe://d.test/web\"," x "}"

static struct {
	EVP_PKEY *key, *other_key;
	struct bundles *bundles;
} fixture;

static int set_up(void **state)
{
	(void)state;
	fixture.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	fixture.other_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	fixture.bundles = bundles_new();
	bundles_add_jwt_authority(fixture.bundles, TEXT("d.test"), TEXT("k1"), fixture.key);
	bundles_add_jwt_authority(fixture.bundles, TEXT("e.test"), TEXT("k2"), fixture.other_key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bundles_unref(fixture.bundles);
	EVP_PKEY_free(fixture.key);
	EVP_PKEY_free(fixture.other_key);
	return 0;
}

/* Signs whatever header and payload are, with jwt_svid_sign's own signature routine out of reach:
 * the signature of a good token would not fit them. */
static void sign_raw(struct buffer *out, const char *header, const char *payload, EVP_PKEY *key)
{
	unsigned char der[128], raw[64];
	const unsigned char *next = der;
	size_t len = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	base64_encode(out, text_of(header), BASE64_URL);
	buffer_add_char(out, '.');
	base64_encode(out, text_of(payload), BASE64_URL);
	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
		EVP_DigestSign(context, der, &len, (const unsigned char *)out->data, out->len), 1);

	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &next, (long)len);

	BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
	buffer_add_char(out, '.');
	base64_encode(out, (struct text){ (const char *)raw, sizeof(raw) }, BASE64_URL);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
}

static const struct token_case {
	const char *name, *header, *payload;
	const char *problem; /* NULL: accepted */
} rows[] = {
	{ "all is well", HEADER, PAYLOAD, NULL },
	{ "typ may be absent", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", PAYLOAD, NULL },
	{ "typ may be JOSE", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JOSE\"}", PAYLOAD, NULL },
	{ "aud may be a string", HEADER, CLAIM("\"x\":1"), NULL },
	{ "exp may be a fraction", HEADER,
	  "{\"aud\":\"api\",\"exp\":1800000000.5,\"sub\":\"spiffe://d.test/web\"}", NULL },

	{ "alg none", "{\"alg\":\"none\",\"kid\":\"k1\"}", PAYLOAD, "'alg' is not ES256" },
	{ "alg None", "{\"alg\":\"None\",\"kid\":\"k1\"}", PAYLOAD, "'alg' is not ES256" },
	{ "alg HS256", "{\"alg\":\"HS256\",\"kid\":\"k1\"}", PAYLOAD, "'alg' is not ES256" },
	{ "alg EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", PAYLOAD, "'alg' is not ES256" },
	{ "alg is no string", "{\"alg\":1,\"kid\":\"k1\"}", PAYLOAD, "'alg' is no string" },
	{ "no alg", "{\"kid\":\"k1\"}", PAYLOAD, "'alg' is not ES256" },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"k1\"}", PAYLOAD,
	  "is no JSON object" },
	{ "alg twice, once escaped", "{\"\\u0061lg\":\"none\",\"alg\":\"ES256\",\"kid\":\"k1\"}",
	  PAYLOAD, "is no JSON object" },
	{ "no kid", "{\"alg\":\"ES256\"}", PAYLOAD, "has no 'kid'" },
	{ "empty kid", "{\"alg\":\"ES256\",\"kid\":\"\"}", PAYLOAD, "has no 'kid'" },
	{ "unknown kid", "{\"alg\":\"ES256\",\"kid\":\"k3\"}", PAYLOAD, "no key" },
	{ "kid as a path", "{\"alg\":\"ES256\",\"kid\":\"../k1\"}", PAYLOAD, "no key" },
	{ "another trust domain's kid", "{\"alg\":\"ES256\",\"kid\":\"k2\"}", PAYLOAD, "no key" },
	{ "typ of another kind", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}", PAYLOAD,
	  "'typ' is neither" },
	{ "crit", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}", PAYLOAD, "'crit'" },
	{ "b64", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"b64\":false}", PAYLOAD, "'b64'" },
	{ "jku", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"jku\":\"https://x\"}", PAYLOAD, "'jku'" },
	{ "jwk", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"jwk\":{}}", PAYLOAD, "'jwk'" },
	{ "x5c", "{\"alg\":\"ES256\",\"kid\":\"k1\",\"x5c\":[]}", PAYLOAD, "'x5c'" },
	{ "the header is a list", "[]", PAYLOAD, "is no JSON object" },
	{ "the payload is a number", HEADER, "7", "is no JSON object" },
	{ "bytes behind the payload's object", HEADER, PAYLOAD "{}", "is no JSON object" },
	{ "invalid UTF-8", HEADER, CLAIM("\"x\":\"\xff\""), "is no JSON object" },

	{ "sub is no SPIFFE ID", HEADER, "{\"aud\":\"api\",\"exp\":1800000300,\"sub\":\"web\"}",
	  "no key" },
	{ "sub has no path", HEADER,
	  "{\"aud\":\"api\",\"exp\":1800000300,\"sub\":\"spiffe://d.test\"}", "no key" },
	{ "sub of another trust domain", HEADER,
	  "{\"aud\":\"api\",\"exp\":1800000300,\"sub\":\"spiffe://e.test/web\"}", "no key" },
	{ "no sub", HEADER, "{\"aud\":\"api\",\"exp\":1800000300}", "no key" },
	{ "no aud", HEADER, "{\"exp\":1800000300,\"sub\":\"spiffe://d.test/web\"}",
	  "another audience" },
	{ "empty aud", HEADER, "{\"aud\":[],\"exp\":1800000300,\"sub\":\"spiffe://d.test/web\"}",
	  "another audience" },
	{ "aud only begins like ours", HEADER,
	  "{\"aud\":\"api2\",\"exp\":1800000300,\"sub\":\"spiffe://d.test/web\"}",
	  "another audience" },
	{ "aud is an object", HEADER,
	  "{\"aud\":{\"api\":1},\"exp\":1800000300,\"sub\":\"spiffe://d.test/web\"}",
	  "another audience" },
	{ "no exp", HEADER, "{\"aud\":\"api\",\"sub\":\"spiffe://d.test/web\"}", "no 'exp'" },
	{ "exp is a string", HEADER,
	  "{\"aud\":\"api\",\"exp\":\"1800000300\",\"sub\":\"spiffe://d.test/web\"}",
	  "is no time" },
	{ "exp is negative", HEADER, "{\"aud\":\"api\",\"exp\":-1,\"sub\":\"spiffe://d.test/web\"}",
	  "is no time" },
	{ "exp beyond exact numbers", HEADER,
	  "{\"aud\":\"api\",\"exp\":1e300,\"sub\":\"spiffe://d.test/web\"}", "is no time" },
	{ "expired beyond the leeway", HEADER,
	  "{\"aud\":\"api\",\"exp\":1799999970,\"sub\":\"spiffe://d.test/web\"}", "has expired" },
	{ "nbf in the future", HEADER, CLAIM("\"nbf\":1800000100"), "not valid yet" },
	{ "iat in the future", HEADER, CLAIM("\"iat\":1800000100"), "not valid yet" },
};

static int validate(struct text token, struct error *err)
{
	json_t *claims = NULL;
	const int result = jwt_svid_validate(fixture.bundles, token, TEXT("api"),
					     NOW * (int64_t)NS_PER_SEC, &claims, err);

	json_decref(claims);
	return result;
}

static void check_row(void **state)
{
	const struct token_case *row = *state;
	AUTO_BUFFER struct buffer token = { 0 };
	struct error err = { 0 };

	sign_raw(&token, row->header, row->payload, fixture.key);
	if (row->problem == NULL) {
		assert_int_equal(validate(buffer_text(&token), &err), 0);
		return;
	}
	assert_int_equal(validate(buffer_text(&token), &err), -EACCES);
	if (strstr(err.text, row->problem) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, row->problem);
}

static void what_we_sign_is_valid(void **state)
{
	const struct text audiences[] = { TEXT("api"), TEXT("db") };
	const struct jwt_svid_claims claims = { .subject = TEXT("spiffe://d.test/web"),
						.audiences = audiences,
						.audience_count = 2,
						.issued_ns = NOW * (int64_t)NS_PER_SEC,
						.expires_ns = (NOW + 300) * (int64_t)NS_PER_SEC };
	AUTO_BUFFER struct buffer token = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) { /* short r and s come up too */
		buffer_clear(&token);
		assert_int_equal(jwt_svid_sign(&claims, "k1", fixture.key, &token, NULL), 0);
		assert_int_equal(validate(buffer_text(&token), NULL), 0);
	}
}

static void any_changed_character_is_noticed(void **state)
{
	AUTO_BUFFER struct buffer token = { 0 };

	(void)state;
	sign_raw(&token, HEADER, PAYLOAD, fixture.key);
	for (size_t i = 0; i < token.len; i++) {
		const char was = token.data[i];

		token.data[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(validate(buffer_text(&token), NULL), -EACCES);
		token.data[i] = was;
	}
	assert_int_equal(validate(buffer_text(&token), NULL), 0);
}

static void other_forms_are_refused(void **state)
{
	AUTO_BUFFER struct buffer token = { 0 };
	AUTO(mem_free_text) char *long_token = mem_alloc(JWT_SVID_MAX + 1);

	(void)state;
	sign_raw(&token, HEADER, PAYLOAD, fixture.key);

	const struct text good = buffer_text(&token);
	const size_t last_dot = text_find_last_char(good, '.');

	memset(long_token, 'A', JWT_SVID_MAX + 1);
	assert_int_equal(validate(text_until(good, last_dot), NULL), -EACCES);
	assert_int_equal(validate(text_until(good, last_dot + 1), NULL),
			 -EACCES); /* no signature */
	assert_int_equal(validate(text_until(good, good.len - 1), NULL), -EACCES);
	assert_int_equal(validate((struct text){ long_token, JWT_SVID_MAX + 1 }, NULL), -EACCES);
	assert_int_equal(validate(TEXT(""), NULL), -EACCES);
	assert_int_equal(validate(TEXT("{\"payload\":\"e30\",\"signatures\":[]}"), NULL), -EACCES);
	buffer_add_text(&token, ".AAAA.AAAA"); /* five parts: encrypted */
	assert_int_equal(validate(buffer_text(&token), NULL), -EACCES);
}

/* r or s of zero once made every message valid in some libraries. */
static void a_signature_of_zeroes_is_wrong(void **state)
{
	AUTO_BUFFER struct buffer token = { 0 };
	const char zeroes[64] = { 0 };
	struct error err = { 0 };

	(void)state;
	sign_raw(&token, HEADER, PAYLOAD, fixture.key);
	token.len = text_find_last_char(buffer_text(&token), '.') + 1;
	base64_encode(&token, (struct text){ zeroes, sizeof(zeroes) }, BASE64_URL);
	assert_int_equal(validate(buffer_text(&token), &err), -EACCES);
	assert_string_equal(err.text, "the signature is wrong");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 4] = {
		cmocka_unit_test(what_we_sign_is_valid),
		cmocka_unit_test(any_changed_character_is_noticed),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(a_signature_of_zeroes_is_wrong),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[4 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("jwt_svid", tests, set_up, tear_down);
}
