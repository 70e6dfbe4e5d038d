/* SPDX-License-Identifier: Apache-2.0 */
/* SPIFFE-ID.md, section 2, a row each. */
#include "identity/identity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct id_case {
	const char *name, *id;
	const char *trust_domain, *path; /* what it consists of, or */
	const char *problem;             /* what is said about it */
} rows[] = {
	{ "a service account", "spiffe://cluster.local/ns/default/sa/web", "cluster.local",
	  "/ns/default/sa/web", NULL },
	{ "a trust domain alone", "spiffe://example.org", "example.org", "", NULL },
	{ "every byte a trust domain may have", "spiffe://abcxyz.0189-_/p", "abcxyz.0189-_", "/p",
	  NULL },
	{ "every byte a path may have", "spiffe://d/AZaz09.-_/x", "d", "/AZaz09.-_/x", NULL },
	{ "an IPv4 trust domain is a name like any other", "spiffe://127.0.0.1/x", "127.0.0.1",
	  "/x", NULL },
	{ "three dots are a segment", "spiffe://d/...", "d", "/...", NULL },
	{ "a leading dot is allowed", "spiffe://d/.x/..x", "d", "/.x/..x", NULL },
	{ "a path keeps its case", "spiffe://d/Web", "d", "/Web", NULL },

	{ "empty text", "", NULL, NULL, "begins with 'spiffe://'" },
	{ "scheme alone", "spiffe://", NULL, NULL, "the trust domain is empty" },
	{ "scheme without slashes", "spiffe:d/x", NULL, NULL, "begins with 'spiffe://'" },
	{ "another scheme", "https://d/x", NULL, NULL, "begins with 'spiffe://'" },
	{ "upper-case scheme", "SPIFFE://d/x", NULL, NULL, "in lower case" },
	{ "blank before it", " spiffe://d/x", NULL, NULL, "begins with 'spiffe://'" },
	{ "no trust domain", "spiffe:///x", NULL, NULL, "the trust domain is empty" },
	{ "upper-case trust domain", "spiffe://Example.org/x", NULL, NULL,
	  "byte 1 of the trust domain (0x45)" },
	{ "a port", "spiffe://d:443/x", NULL, NULL, "byte 2 of the trust domain (0x3a)" },
	{ "user information", "spiffe://user@d/x", NULL, NULL, "(0x40)" },
	{ "an IPv6 address", "spiffe://[::1]/x", NULL, NULL, "(0x5b)" },
	{ "percent-encoding in the trust domain", "spiffe://d%41/x", NULL, NULL, "(0x25)" },
	{ "a letter beyond ASCII in the trust domain", "spiffe://d\xc3\xa9/x", NULL, NULL,
	  "(0xc3)" },
	{ "trailing slash after the trust domain", "spiffe://d/", NULL, NULL, "ends with '/'" },
	{ "trailing slash after a path", "spiffe://d/x/", NULL, NULL, "ends with '/'" },
	{ "an empty segment", "spiffe://d//x", NULL, NULL, "an empty segment" },
	{ "a segment of one dot", "spiffe://d/./x", NULL, NULL, "the segment '.'" },
	{ "a segment of two dots", "spiffe://d/x/..", NULL, NULL, "the segment '..'" },
	{ "percent-encoding in the path", "spiffe://d/%41", NULL, NULL, "the byte 0x25" },
	{ "a query", "spiffe://d/x?y", NULL, NULL, "the byte 0x3f" },
	{ "a query after the trust domain", "spiffe://d?y", NULL, NULL, "(0x3f)" },
	{ "a fragment", "spiffe://d/x#y", NULL, NULL, "the byte 0x23" },
	{ "a blank in the path", "spiffe://d/a b", NULL, NULL, "the byte 0x20" },
	{ "a letter beyond ASCII in the path", "spiffe://d/\xc3\xa9", NULL, NULL, "the byte 0xc3" },
	{ "a line end", "spiffe://d/x\n", NULL, NULL, "the byte 0x0a" },
};

static void check_row(void **state)
{
	const struct id_case *row = *state;
	struct spiffe_id id;
	struct error err = { 0 };
	const int result = spiffe_id_parse(text_of(row->id), &id, &err);

	if (row->problem != NULL) {
		assert_int_equal(result, -EINVAL);
		assert_non_null(strstr(err.text, row->problem));
		return;
	}
	assert_int_equal(result, 0);
	assert_true(text_is(id.trust_domain, row->trust_domain));
	assert_true(text_is(id.path, row->path));

	char again[SPIFFE_ID_MAX + 1];

	assert_int_equal(spiffe_id_format(again, &id), strlen(row->id));
	assert_string_equal(again, row->id);
}

static void a_nul_byte_is_refused(void **state)
{
	static const char id[] = "spiffe://d/x\0y";
	struct spiffe_id parsed;

	(void)state;
	assert_int_equal(spiffe_id_parse((struct text){ id, sizeof(id) - 1 }, &parsed, NULL),
			 -EINVAL);
}

/* "spiffe://" + trust_domain_len letters + "/" + letters up to `total` bytes */
static int parse_of_length(size_t trust_domain_len, size_t total)
{
	AUTO_BUFFER struct buffer id = { 0 };
	struct spiffe_id parsed;

	buffer_add_text(&id, "spiffe://");
	for (size_t i = 0; i < trust_domain_len; i++)
		buffer_add_char(&id, 'd');
	if (id.len < total)
		buffer_add_char(&id, '/');
	while (id.len < total)
		buffer_add_char(&id, 'p');
	return spiffe_id_parse(buffer_text(&id), &parsed, NULL);
}

static void lengths_have_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_of_length(255, 0), 0);
	assert_int_equal(parse_of_length(256, 0), -EINVAL);
	assert_int_equal(parse_of_length(10, SPIFFE_ID_MAX), 0);
	assert_int_equal(parse_of_length(10, SPIFFE_ID_MAX + 1), -EINVAL);
}

static void the_service_account_is_found_in_the_path(void **state)
{
	static const struct {
		const char *id, *namespace, *account;
	} accounts[] = {
		{ "spiffe://d/ns/prod/sa/web", "prod", "web" },
		{ "spiffe://d/ns/prod/sa/web/x", NULL, NULL },
		{ "spiffe://d/ns/prod/sa", NULL, NULL },
		{ "spiffe://d/NS/prod/sa/web", NULL, NULL },
		{ "spiffe://d", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(accounts); i++) {
		struct text namespace, account;
		struct spiffe_id id;

		assert_int_equal(spiffe_id_parse(text_of(accounts[i].id), &id, NULL), 0);
		assert_int_equal(spiffe_id_service_account(&id, &namespace, &account),
				 accounts[i].account != NULL);
		if (accounts[i].account != NULL) {
			assert_true(text_is(namespace, accounts[i].namespace));
			assert_true(text_is(account, accounts[i].account));
		}
	}
}

static void an_id_is_made_of_a_service_account(void **state)
{
	char id[SPIFFE_ID_MAX + 1];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(spiffe_id_of_service_account(id, TEXT("cluster.local"), TEXT("prod"),
						      TEXT("web"), NULL),
			 0);
	assert_string_equal(id, "spiffe://cluster.local/ns/prod/sa/web");
	assert_int_equal(spiffe_id_of_service_account(id, TEXT("d"), TEXT("prod/sa/root"),
						      TEXT("web"), &err),
			 -EINVAL);
	assert_string_equal(err.text, "'prod/sa/root/web' names no service account");
	assert_int_equal(spiffe_id_of_service_account(id, TEXT("d"), TEXT("prod"), TEXT(""), NULL),
			 -EINVAL);
}

static void a_trust_domain_may_be_written_as_an_id(void **state)
{
	struct text name;

	(void)state;
	assert_int_equal(trust_domain_parse(TEXT("example.org"), &name, NULL), 0);
	assert_true(text_is(name, "example.org"));
	assert_int_equal(trust_domain_parse(TEXT("spiffe://example.org"), &name, NULL), 0);
	assert_true(text_is(name, "example.org"));
	assert_int_equal(trust_domain_parse(TEXT("spiffe://example.org/x"), &name, NULL), -EINVAL);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 5] = {
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(lengths_have_limits),
		cmocka_unit_test(the_service_account_is_found_in_the_path),
		cmocka_unit_test(an_id_is_made_of_a_service_account),
		cmocka_unit_test(a_trust_domain_may_be_written_as_an_id),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[5 + i] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_row,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("spiffe_id", tests, NULL, NULL);
}
