/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a request when a RequestAuthentication has looked at it: the answer, the headers
 * that are added and removed, the token that rules may ask. */
#include "policy/jwt_maker.h"
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_NS (INT64_C(1700000000) * (int64_t)NS_PER_SEC)

static struct jwt_maker issuer;

struct bench { /* a workload with one jwtRule, and a good token for it */
	struct resource_set *set;
	struct policy *policy;
	struct workload_policy *workload;
	struct buffer token;
	const char *headers[6][2]; /* of the request at hand */
	struct request_facts facts;
};

static bool find_header(const void *context, struct text name, struct text *value)
{
	const struct bench *bench = context;

	for (size_t i = 0; i < COUNT_OF(bench->headers); i++)
		if (bench->headers[i][0] != NULL && text_is(name, bench->headers[i][0])) {
			*value = text_of(bench->headers[i][1]);
			return true;
		}
	return false;
}

/* `rest` are further fields of the rule, in flow style. */
static void set_up(struct bench *bench, const char *keys, const char *rest, const char *claims)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO_BUFFER struct buffer yaml = { 0 };
	const struct policy_target target = { .namespace = TEXT("app") };
	struct error err = { 0 };

	*bench = (struct bench){ 0 };
	diagnostics_init(&found);
	buffer_printf(&yaml,
		      "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n"
		      "metadata: {name: j, namespace: app}\n"
		      "spec: {jwtRules: [{issuer: me, %s%s}]}\n",
		      keys, rest);
	if (resource_set_parse("test.yaml", buffer_text(&yaml), NULL, &found, &bench->set, &err)
		    != 0
	    || policy_compile(bench->set, &bench->policy, &found, &err) != 0)
		fail_msg("%s", err.text);
	bench->workload = policy_select(bench->policy, &target);
	jwt_maker_token(&issuer, "{\"alg\":\"ES256\",\"kid\":\"k1\"}", claims, &bench->token);
	bench->facts = (struct request_facts){ .method = TEXT("GET"),
					       .host = TEXT("shop.org"),
					       .path = TEXT("/cart"),
					       .time_ns = NOW_NS,
					       .header = find_header,
					       .header_context = bench };
}

static void set_up_inline(struct bench *bench, const char *rest, const char *claims)
{
	AUTO_BUFFER struct buffer keys = { 0 };

	buffer_add_text(&keys, "jwks: '");
	jwt_maker_jwk(&issuer, "", &keys);
	buffer_add_text(&keys, "'");
	set_up(bench, keys.data, rest, claims);
}

static void tear_down(struct bench *bench)
{
	workload_policy_unref(bench->workload);
	policy_unref(bench->policy);
	resource_set_unref(bench->set);
	buffer_done(&bench->token);
}

static void carry_token(struct bench *bench, char value[1024])
{
	bench->headers[0][0] = "authorization";
	bench->headers[0][1] = value;
	snprintf(value, 1024, "Bearer %s", bench->token.data);
}

static void authenticate(const struct bench *bench, const char *query, struct authentication *out)
{
	const struct authentication_input input = { .facts = &bench->facts,
						    .query = text_of(query),
						    .scheme = TEXT("https") };

	request_authenticate(bench->workload, &input, out);
}

static const struct header_change *change_of(const struct authentication *out, const char *name)
{
	for (size_t i = 0; i < out->change_count; i++)
		if (strcmp(out->changes[i].name, name) == 0)
			return &out->changes[i];
	return NULL;
}

#define CLAIMS "{\"iss\":\"me\",\"sub\":\"you\",\"o\":{\"n\":7}}"

static void spent_token_is_removed(void **state)
{
	struct bench bench;
	struct authentication out;
	char value[1024];

	(void)state;
	set_up_inline(&bench, "", CLAIMS);
	carry_token(&bench, value);
	authenticate(&bench, NULL, &out);
	assert_true(out.passed);
	assert_int_equal(out.status, JWT_FINE);
	assert_non_null(change_of(&out, "authorization"));
	assert_null(change_of(&out, "authorization")->value.ptr);
	assert_true(text_is(jwt_subject(out.token), "you"));
	authentication_done(&out);
	tear_down(&bench);
}

static void token_of_the_query_is_removed_there(void **state)
{
	AUTO_BUFFER struct buffer query = { 0 };
	struct bench bench;
	struct authentication out;

	(void)state;
	set_up_inline(&bench, "", CLAIMS);
	buffer_printf(&query, "a=b&access_token=%s", bench.token.data);
	authenticate(&bench, query.data, &out);
	assert_true(out.passed);
	assert_int_equal(out.query_removal_count, 1);
	assert_string_equal(out.query_removals[0], "access_token");
	assert_int_equal(out.change_count, 0);
	authentication_done(&out);
	tear_down(&bench);
}

static void forwarded_token_stays(void **state)
{
	struct bench bench;
	struct authentication out;
	char value[1024];

	(void)state;
	set_up_inline(&bench, ", forwardOriginalToken: true", CLAIMS);
	carry_token(&bench, value);
	authenticate(&bench, NULL, &out);
	assert_true(out.passed);
	assert_int_equal(out.change_count, 0);
	authentication_done(&out);
	tear_down(&bench);
}

static void claims_travel_in_headers(void **state)
{
	struct bench bench;
	struct authentication out;
	char value[1024];
	size_t count;

	(void)state;
	set_up_inline(&bench,
		      ", outputPayloadToHeader: X-Payload, outputClaimToHeaders: [{header: X-Sub, "
		      "claim: sub}, {header: x-n, claim: o.n}, {header: x-none, claim: none}]",
		      CLAIMS);
	carry_token(&bench, value);
	authenticate(&bench, NULL, &out);
	assert_true(text_is(change_of(&out, "x-sub")->value, "you"));
	assert_true(text_is(change_of(&out, "x-n")->value, "7"));
	assert_null(change_of(&out, "x-none"));
	assert_true(
		text_equal(change_of(&out, "x-payload")->value, jwt_payload_encoded(out.token)));
	assert_string_equal(workload_spoofable_headers(bench.workload, &count)[0], "x-payload");
	assert_int_equal(count, 4);
	authentication_done(&out);
	tear_down(&bench);
}

/* A claim that would be a second header is not set at all. */
static void line_ends_in_claims_do_not_travel(void **state)
{
	struct bench bench;
	struct authentication out;
	char value[1024];

	(void)state;
	set_up_inline(&bench, ", outputClaimToHeaders: [{header: x-sub, claim: sub}]",
		      "{\"iss\":\"me\",\"sub\":\"a\\r\\nx-admin: 1\"}");
	carry_token(&bench, value);
	authenticate(&bench, NULL, &out);
	assert_true(out.passed);
	assert_null(change_of(&out, "x-sub"));
	authentication_done(&out);
	tear_down(&bench);
}

static void refusal_names_realm_and_error(void **state)
{
	struct bench bench;
	struct authentication out;

	(void)state;
	set_up_inline(&bench, "", CLAIMS);
	bench.headers[0][0] = "authorization";
	bench.headers[0][1] = "Bearer x";
	bench.facts.path = TEXT("/c\"art");
	authenticate(&bench, NULL, &out);
	assert_false(out.passed);
	assert_int_equal(out.http_status, 401);
	assert_string_equal(out.www_authenticate,
			    "Bearer realm=\"https://shop.org/c_art\", error=\"invalid_token\"");
	assert_null(out.token);
	authentication_done(&out);
	tear_down(&bench);
}

static void wrong_audience_is_forbidden(void **state)
{
	struct bench bench;
	struct authentication out;
	char value[1024];

	(void)state;
	set_up_inline(&bench, ", audiences: [shop]", CLAIMS);
	carry_token(&bench, value);
	authenticate(&bench, NULL, &out);
	assert_int_equal(out.http_status, 403);
	assert_string_equal(out.body, "Audiences in Jwt are not allowed");
	authentication_done(&out);
	tear_down(&bench);
}

static const struct jwks *handed_keys(const void *context, const struct key_source *source)
{
	assert_string_equal(source->uri, "https://keys.org/jwks");
	return context;
}

static void remote_keys_are_handed_in(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = NULL;
	AUTO_BUFFER struct buffer jwk = { 0 };
	struct bench bench;
	struct authentication out;
	struct authentication_input input = { .scheme = TEXT("https"), .keys = handed_keys };
	char value[1024];
	size_t count;

	(void)state;
	set_up(&bench, "jwksUri: \"https://keys.org/jwks\"", ", timeout: 2s", CLAIMS);
	assert_int_equal(workload_key_sources(bench.workload, &count)[0]->timeout_ns,
			 2 * NS_PER_SEC);
	assert_int_equal(count, 1);
	jwt_maker_jwk(&issuer, "", &jwk);
	assert_int_equal(jwks_parse(buffer_text(&jwk), &keys, NULL), 0);
	carry_token(&bench, value);
	input.facts = &bench.facts;
	request_authenticate(bench.workload, &input, &out);
	assert_int_equal(out.status, JWT_KEYS_UNAVAILABLE);
	authentication_done(&out);
	input.keys_context = keys;
	request_authenticate(bench.workload, &input, &out);
	assert_true(out.passed);
	authentication_done(&out);
	tear_down(&bench);
}

/* ---- verified a moment ago ---- */

static enum jwt_status judge(const struct bench *bench, struct token_cache *cache,
			     const struct jwks *keys)
{
	const struct authentication_input input = { .facts = &bench->facts,
						    .scheme = TEXT("https"),
						    .keys = handed_keys,
						    .keys_context = keys,
						    .cache = cache };
	struct authentication out;

	request_authenticate(bench->workload, &input, &out);

	const enum jwt_status status = out.status;

	assert_int_equal(out.passed, status == JWT_FINE);
	authentication_done(&out);
	return status;
}

static struct jwks *keys_of_maker(const struct jwt_maker *maker)
{
	AUTO_BUFFER struct buffer jwk = { 0 };
	struct jwks *keys = NULL;

	jwt_maker_jwk(maker, "", &jwk);
	assert_int_equal(jwks_parse(buffer_text(&jwk), &keys, NULL), 0);
	return keys;
}

#define EXPIRING "{\"iss\":\"me\",\"exp\":1700000100}"

static void a_token_that_is_known_expires_all_the_same(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of_maker(&issuer);
	AUTO(token_cache_free) struct token_cache *cache = token_cache_new();
	struct bench bench;
	char value[1024];

	(void)state;
	set_up(&bench, "jwksUri: \"https://keys.org/jwks\"", "", EXPIRING);
	carry_token(&bench, value);
	assert_int_equal(judge(&bench, cache, keys), JWT_FINE);
	assert_int_equal(judge(&bench, cache, keys), JWT_FINE);
	bench.facts.time_ns = (INT64_C(1700000100) + JWT_LEEWAY_S + 1) * (int64_t)NS_PER_SEC;
	assert_int_equal(judge(&bench, cache, keys), JWT_EXPIRED);
	tear_down(&bench);
}

static void other_keys_do_not_vouch_for_it(void **state)
{
	struct jwt_maker other;
	AUTO(token_cache_free) struct token_cache *cache = token_cache_new();
	struct bench bench;
	char value[1024];

	(void)state;
	jwt_maker_init(&other, "ES256");
	AUTO(jwks_unref) struct jwks *keys = keys_of_maker(&issuer);
	AUTO(jwks_unref) struct jwks *others = keys_of_maker(&other);

	set_up(&bench, "jwksUri: \"https://keys.org/jwks\"", "", CLAIMS);
	carry_token(&bench, value);
	assert_int_equal(judge(&bench, cache, keys), JWT_FINE);
	assert_int_equal(judge(&bench, cache, others), JWT_VERIFICATION_FAILS);
	assert_int_equal(judge(&bench, cache, NULL), JWT_KEYS_UNAVAILABLE);
	assert_int_equal(judge(&bench, cache, keys), JWT_FINE);
	tear_down(&bench);
	jwt_maker_done(&other);
}

static void another_rule_judges_for_itself(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of_maker(&issuer);
	AUTO(token_cache_free) struct token_cache *cache = token_cache_new();
	struct bench one, other;
	char value[1024];

	(void)state;
	set_up(&one, "jwksUri: \"https://keys.org/jwks\"", "", CLAIMS);
	set_up(&other, "jwksUri: \"https://keys.org/jwks\"", ", audiences: [shop]", CLAIMS);
	carry_token(&one, value);
	assert_int_equal(judge(&one, cache, keys), JWT_FINE);
	other.headers[0][0] = "authorization";
	other.headers[0][1] = value;
	assert_int_equal(judge(&other, cache, keys), JWT_AUDIENCE_NOT_ALLOWED);
	tear_down(&other);
	tear_down(&one);
}

static void one_changed_byte_is_another_token(void **state)
{
	AUTO(jwks_unref) struct jwks *keys = keys_of_maker(&issuer);
	AUTO(token_cache_free) struct token_cache *cache = token_cache_new();
	struct bench bench;
	char value[1024];

	(void)state;
	set_up(&bench, "jwksUri: \"https://keys.org/jwks\"", "", CLAIMS);
	carry_token(&bench, value);
	assert_int_equal(judge(&bench, cache, keys), JWT_FINE);

	char *byte = strrchr(value, '.') + 5;

	*byte = *byte == 'A' ? 'B' : 'A';
	assert_int_equal(judge(&bench, cache, keys), JWT_VERIFICATION_FAILS);
	assert_int_equal(judge(&bench, cache, keys), JWT_VERIFICATION_FAILS);
	tear_down(&bench);
}

static void many_tokens_take_each_other_s_places(void **state)
{
	AUTO(token_cache_free) struct token_cache *cache = token_cache_new();
	uint64_t keys;

	(void)state;
	for (int i = 0; i < 4 * TOKEN_CACHE_ENTRIES; i++) {
		AUTO_BUFFER struct buffer token = { 0 };
		AUTO(jwt_free) struct jwt *jwt = NULL;
		char claims[64];

		snprintf(claims, sizeof(claims), "{\"iss\":\"me\",\"n\":%d}", i);
		jwt_maker_token(&issuer, "{\"alg\":\"ES256\",\"kid\":\"k1\"}", claims, &token);
		assert_int_equal(jwt_parse(buffer_text(&token), &jwt), JWT_FINE);
		token_cache_keep(cache, 1, jwt, 7);
		assert_ptr_equal(token_cache_find(cache, 1, buffer_text(&token), &keys), jwt);
		assert_int_equal(keys, 7);
		assert_null(token_cache_find(cache, 2, buffer_text(&token), &keys));
	}
}

static void request_without_token_costs_nothing(void **state)
{
	struct bench bench;
	struct authentication out;
	uint64_t before;

	(void)state;
	set_up_inline(&bench, "", CLAIMS);
	before = mem_thread_allocations();
	authenticate(&bench, "a=b", &out);
	assert_true(out.passed);
	assert_int_equal(out.status, JWT_MISSING);
	assert_int_equal(mem_thread_allocations(), before);
	authentication_done(&out);
	tear_down(&bench);
}

static int make_issuer(void **state)
{
	(void)state;
	jwt_maker_init(&issuer, "ES256");
	return 0;
}

static int drop_issuer(void **state)
{
	(void)state;
	jwt_maker_done(&issuer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spent_token_is_removed),
		cmocka_unit_test(token_of_the_query_is_removed_there),
		cmocka_unit_test(forwarded_token_stays),
		cmocka_unit_test(claims_travel_in_headers),
		cmocka_unit_test(line_ends_in_claims_do_not_travel),
		cmocka_unit_test(refusal_names_realm_and_error),
		cmocka_unit_test(wrong_audience_is_forbidden),
		cmocka_unit_test(remote_keys_are_handed_in),
		cmocka_unit_test(a_token_that_is_known_expires_all_the_same),
		cmocka_unit_test(other_keys_do_not_vouch_for_it),
		cmocka_unit_test(another_rule_judges_for_itself),
		cmocka_unit_test(one_changed_byte_is_another_token),
		cmocka_unit_test(many_tokens_take_each_other_s_places),
		cmocka_unit_test(request_without_token_costs_nothing),
	};

	return cmocka_run_group_tests_name("authenticate", tests, make_issuer, drop_issuer);
}
