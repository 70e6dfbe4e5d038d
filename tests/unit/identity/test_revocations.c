/* SPDX-License-Identifier: Apache-2.0 */
/* What a Revocation denies, and what it leaves alone. */
#include "identity/identity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HASH(digit)                                                                                \
	digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit  \
		digit digit digit digit digit digit digit digit digit digit digit digit digit      \
			digit digit digit digit
#define SECOND (int64_t) NS_PER_SEC
#define WEB    "spiffe://d.test/ns/a/sa/web"

/* 1970-01-01T00:16:40Z is second 1000. */
static const struct denial_case {
	const char *name, *item, *times;
	int64_t now_s;
	bool denied;
} rows[] = {
	{ "its serial", "serial: 0A:bc", "", 1000, true },
	{ "a longer serial", "serial: abc0", "", 1000, false },
	{ "its key", "key: " HASH("11"), "", 1000, true },
	{ "another key", "key: " HASH("22"), "", 1000, false },
	{ "its authority's key as its own", "key: " HASH("aa"), "", 1000, false },
	{ "its issuer", "authority: " HASH("AA"), "", 1000, true },
	{ "its root", "authority: " HASH("bb"), "", 1000, true },
	{ "its own key as an authority's", "authority: " HASH("11"), "", 1000, false },
	{ "its ID", "spiffeID: " WEB, "", 1000, true },
	{ "an ID that starts like it", "spiffeID: " WEB "2", "", 1000, false },
	{ "an ID that it starts like", "spiffeID: spiffe://d.test/ns/a/sa/we", "", 1000, false },
	{ "a prefix", "spiffeID: spiffe://d.test/ns/a/*", "", 1000, true },
	{ "another prefix", "spiffeID: spiffe://d.test/ns/b/*", "", 1000, false },
	{ "everybody", "spiffeID: spiffe://*", "", 1000, true },
	{ "issued before", "{spiffeID: " WEB ", issuedBefore: 1970-01-01T00:16:41Z}", "", 2000,
	  true },
	{ "issued at that time", "{spiffeID: " WEB ", issuedBefore: 1970-01-01T00:16:40Z}", "",
	  2000, false },
	{ "not begun", "spiffeID: " WEB, "since: 1970-01-01T00:16:40Z", 999, false },
	{ "begun", "spiffeID: " WEB, "since: 1970-01-01T00:16:40Z", 1000, true },
	{ "not over", "spiffeID: " WEB, "until: 1970-01-01T00:16:40Z", 999, true },
	{ "over", "spiffeID: " WEB, "until: 1970-01-01T00:16:40Z", 1000, false },
};

static struct revocations *compile(const char *item, const char *times)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO(mem_free_text)
	char *yaml = mem_printf("apiVersion: mangrove.dev/v1\nkind: Revocation\n"
				"metadata: {name: test}\nspec:\n  reason: stolen\n  %s\n"
				"  deny:\n  - %s\n",
				times, item);
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err = { 0 };

	diagnostics_init(&found);
	if (resource_set_parse("r.yaml", text_of(yaml), NULL, &found, &set, &err) < 0)
		fail_msg("%s", err.text);
	return revocations_compile(set);
}

/* Issued at second 1000 by aa…, below bb…. */
static struct credential sample(void)
{
	struct credential credential = { .serial = "abc",
					 .issued_ns = 1000 * SECOND,
					 .authority_count = 2 };

	memset(credential.key.bytes, 0x11, KEY_HASH_SIZE);
	memset(credential.authorities[0].bytes, 0xaa, KEY_HASH_SIZE);
	memset(credential.authorities[1].bytes, 0xbb, KEY_HASH_SIZE);
	return credential;
}

static void check_denial(void **state)
{
	const struct denial_case *row = *state;
	AUTO(revocations_unref) struct revocations *revocations = compile(row->item, row->times);
	const struct credential credential = sample();
	const struct denial *denial =
		revocations_find(revocations, TEXT(WEB), &credential, row->now_s * SECOND);

	assert_int_equal(denial != NULL, row->denied);
}

static void the_reason_names_file_and_line(void **state)
{
	AUTO(revocations_unref) struct revocations *revocations = compile("serial: abc", "");
	const struct credential credential = sample();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		denial_refuse(revocations_find(revocations, (struct text){ 0 }, &credential, 0),
			      &err),
		-EACCES);
	assert_string_equal(err.text, "revoked by Revocation test (r.yaml:8): stolen");
}

static void it_says_when_to_look_again(void **state)
{
	AUTO(revocations_unref)
	struct revocations *revocations = compile(
		"serial: abc", "since: 1970-01-01T00:16:40Z\n  until: 1970-01-01T00:16:50Z");

	(void)state;
	assert_int_equal(revocations_next_change_ns(revocations, 0), 1000 * SECOND);
	assert_int_equal(revocations_next_change_ns(revocations, 1000 * SECOND), 1010 * SECOND);
	assert_int_equal(revocations_next_change_ns(revocations, 1010 * SECOND), INT64_MAX);
}

static void a_kept_credential_is_the_same(void **state)
{
	const struct credential credential = sample();
	AUTO(revocations_unref)
	struct revocations *revocations = compile("authority: " HASH("bb"), "");
	struct credential *kept = credential_keep(&credential);

	(void)state;
	assert_string_equal(kept->serial, "abc");
	assert_non_null(revocations_find(revocations, TEXT(WEB), kept, 0));
	mem_free(kept);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 3];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_denial,
						.initial_state = (void *)&rows[i] };
	tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(the_reason_names_file_and_line);
	tests[COUNT_OF(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(it_says_when_to_look_again);
	tests[COUNT_OF(rows) + 2] =
		(struct CMUnitTest)cmocka_unit_test(a_kept_credential_is_the_same);
	return cmocka_run_group_tests_name("revocations", tests, NULL, NULL);
}
