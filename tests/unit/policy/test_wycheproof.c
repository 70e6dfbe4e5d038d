/* SPDX-License-Identifier: Apache-2.0 */
/* Wycheproof's vectors for JSON Web Signatures and Keys, all that concern public keys. */
#include "policy/jwks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is not run, and why: beside all groups with a symmetric key, for a relying party has public
 * keys only and refuses HS*. */
static const struct skipped {
	int id;
	const char *reason;
} skipped[] = {
	{ 346, "its key says alg PS256, its token PS384; here a key's alg is binding" },
	{ 350, "the same" },
	{ 347, "its key says alg ES521, which does not exist; such a key is left out" },
	{ 351, "the same" },
};

static const char *reason_to_skip(const json_t *group, const json_t *test)
{
	const json_t *key = json_object_get(group, "private");
	const json_t *keys = json_object_get(key, "keys");

	if (text_is(json_text_of(json_object_get(key, "kty")), "oct"))
		return "symmetric";
	if (text_is(json_text_of(json_object_get(json_array_get(keys, 0), "kty")), "oct")
	    && text_is(json_text_of(json_object_get(json_array_get(keys, json_array_size(keys) - 1),
						    "kty")),
		       "oct"))
		return "symmetric";
	for (size_t i = 0; i < COUNT_OF(skipped); i++)
		if (json_object_get(group, "public") != NULL
		    && json_integer_value(json_object_get(test, "tcId")) == skipped[i].id)
			return skipped[i].reason;
	return NULL;
}

static bool accepts(const json_t *keys_json, const char *token)
{
	AUTO(jwks_unref) struct jwks *keys = NULL;
	char *text = json_dumps(keys_json, JSON_COMPACT);
	struct jws jws;
	bool accepted = false;

	if (jwks_parse(text_of(text), &keys, NULL) == 0) {
		accepted = jws_parse(text_of(token), &jws) == JWT_FINE
			   && jwks_verify(keys, &jws) == JWT_FINE;
		jws_done(&jws);
	}
	free(text);
	return accepted;
}

static const char *shared_data(void)
{
	const char *shared = getenv("MANGROVE_SHARED");

	return shared != NULL ? shared : MANGROVE_SOURCE "/../shared";
}

static void run_file(const char *name)
{
	char path[512];
	json_t *file, *group, *test;
	size_t i, j, run = 0, left_out = 0;

	snprintf(path, sizeof(path), "%s/data/jose/%s", shared_data(), name);
	file = json_load_file(path, 0, NULL);
	if (file == NULL) {
		print_message("skipped: %s is not there\n", path);
		skip();
	}
	json_array_foreach(json_object_get(file, "testGroups"), i, group)
	{
		const json_t *keys = json_object_get(group, "public");

		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			bool valid =
				strcmp(json_string_value(json_object_get(test, "result")), "valid")
				== 0;
			const json_t *jws = json_object_get(test, "jws");

			if (reason_to_skip(group, test) != NULL) {
				left_out++;
				continue;
			}

			char *text = json_is_string(jws) ? strdup(json_string_value(jws))
							 : json_dumps(jws, 0);

			if (accepts(keys != NULL ? keys : json_object_get(group, "private"), text)
			    != valid)
				fail_msg("%s: test %d (%s) should be %s", name,
					 (int)json_integer_value(json_object_get(test, "tcId")),
					 json_string_value(json_object_get(test, "comment")),
					 valid ? "accepted" : "refused");
			free(text);
			run++;
		}
	}
	json_decref(file);
	print_message("%s: %zu run, %zu left out\n", name, run, left_out);
	assert_true(run > 0);
}

static void json_web_signature(void **state)
{
	(void)state;
	run_file("json_web_signature_test.json");
}

static void json_web_key(void **state)
{
	(void)state;
	run_file("json_web_key_test.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(json_web_signature),
					    cmocka_unit_test(json_web_key) };

	return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
