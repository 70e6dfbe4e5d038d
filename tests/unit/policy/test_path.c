/* SPDX-License-Identifier: Apache-2.0 */
/* Path normalization: the expectations of istio:tests/integration/security/normalization_test.go,
 * and the corners that they leave out. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct path_case {
	const char *in;
	const char *out[4]; /* by enum path_mode: BASE, NONE, MERGE, DECODE; NULL: refused */
} rows[] = {
	{ "/", { "/", "/", "/", "/" } },
	{ "/app#foo", { "/app", "/app", "/app", "/app" } },
	{ "/app/", { "/app/", "/app/", "/app/", "/app/" } },
	{ "/app", { "/app", "/app", "/app", "/app" } },
	{ "/app/../admin", { "/admin", "/app/../admin", "/admin", "/admin" } },
	{ "/app//", { "/app//", "/app//", "/app/", "/app/" } },
	{ "/app/%2f", { "/app/%2f", "/app/%2f", "/app/%2f", "/app/" } },
	{ "/app%2f/", { "/app%2f/", "/app%2f/", "/app%2f/", "/app/" } },
	{ "/xyz%30..//abc", { "/xyz0..//abc", "/xyz%30..//abc", "/xyz0../abc", "/xyz0../abc" } },
	{ "/app/%2E./admin", { "/admin", "/app/%2E./admin", "/admin", "/admin" } },
	{ "/app\\admin", { "/app/admin", "/app\\admin", "/app/admin", "/app/admin" } },
	{ "/app/\\/\\/\\admin",
	  { "/app//////admin", "/app/\\/\\/\\admin", "/app/admin", "/app/admin" } },
	{ "/%2Fapp%5cadmin%5Cabc",
	  { "/%2Fapp%5cadmin%5Cabc", "/%2Fapp%5cadmin%5Cabc", "/%2Fapp%5cadmin%5Cabc",
	    "/app/admin/abc" } },
	{ "/%5Capp%2f%5c%2F%2e%2e%2fadmin%5c\\abc",
	  { "/%5Capp%2f%5c%2F..%2fadmin%5c/abc", "/%5Capp%2f%5c%2F%2e%2e%2fadmin%5c\\abc",
	    "/%5Capp%2f%5c%2F..%2fadmin%5c/abc", "/app/admin/abc" } },
	{ "/app//../admin", { "/app/admin", "/app//../admin", "/app/admin", "/app/admin" } },
	{ "/app//../../admin", { "/admin", "/app//../../admin", "/admin", "/admin" } },
	{ "/../../x", { "/x", "/../../x", "/x", "/x" } },
	{ "/a/b/..", { "/a/", "/a/b/..", "/a/", "/a/" } },
	{ "/a/./b/.", { "/a/b/", "/a/./b/.", "/a/b/", "/a/b/" } },
	{ "/..", { "/", "/..", "/", "/" } },
	{ "/a?q=//../%2f#f",
	  { "/a?q=//../%2f", "/a?q=//../%2f", "/a?q=//../%2f", "/a?q=//../%2f" } },
	{ "/a//b?x=//", { "/a//b?x=//", "/a//b?x=//", "/a/b?x=//", "/a/b?x=//" } },
	{ "/a%7euser%7E", { "/a~user~", "/a%7euser%7E", "/a~user~", "/a~user~" } },
	{ "/%c0%2e%c0%2e/admin",
	  { "/%c0.%c0./admin", "/%c0%2e%c0%2e/admin", "/%c0.%c0./admin", "/%c0.%c0./admin" } },
	{ "/%c0%2fadmin", { "/%c0%2fadmin", "/%c0%2fadmin", "/%c0%2fadmin", "/%c0/admin" } },
	{ "/%252e%252e/admin",
	  { "/%252e%252e/admin", "/%252e%252e/admin", "/%252e%252e/admin", "/%252e%252e/admin" } },
	{ "/%252e%252e%252fadmin",
	  { "/%252e%252e%252fadmin", "/%252e%252e%252fadmin", "/%252e%252e%252fadmin",
	    "/%252e%252e%252fadmin" } },
	{ "/%c0%ae%c0%ae/admin",
	  { "/%c0%ae%c0%ae/admin", "/%c0%ae%c0%ae/admin", "/%c0%ae%c0%ae/admin",
	    "/%c0%ae%c0%ae/admin" } },
	{ "/.../admin", { "/.../admin", "/.../admin", "/.../admin", "/.../admin" } },
	{ "/..../admin", { "/..../admin", "/..../admin", "/..../admin", "/..../admin" } },
	{ "/..;/admin", { "/..;/admin", "/..;/admin", "/..;/admin", "/..;/admin" } },
	{ "/;/admin", { "/;/admin", "/;/admin", "/;/admin", "/;/admin" } },
	{ "/admin;a=b", { "/admin;a=b", "/admin;a=b", "/admin;a=b", "/admin;a=b" } },
	{ "/Admin", { "/Admin", "/Admin", "/Admin", "/Admin" } },
	{ "/%25c0%25afadmin",
	  { "/%25c0%25afadmin", "/%25c0%25afadmin", "/%25c0%25afadmin", "/%25c0%25afadmin" } },
	{ "/%zz", { "/%zz", "/%zz", "/%zz", "/%zz" } },
	{ "/%4", { "/%4", "/%4", "/%4", "/%4" } },
	{ "/%", { "/%", "/%", "/%", "/%" } },
	{ "/a%20b", { "/a%20b", "/a%20b", "/a%20b", "/a%20b" } },
	{ "*", { "*", "*", "*", "*" } },
	{ "", { "", "", "", "" } },
	{ "/admin%00", { NULL, "/admin%00", NULL, NULL } },
	{ "admin", { NULL, "admin", NULL, NULL } },
	{ "/a/%2e%2e%2fb", { "/a/..%2fb", "/a/%2e%2e%2fb", "/a/..%2fb", "/b" } },
	{ "/%%32e%%32e/x", { "/%%32e%%32e/x", "/%%32e%%32e/x", "/%%32e%%32e/x", "/%%32e%%32e/x" } },
	{ "/%c%30/x", { "/%c%30/x", "/%c%30/x", "/%c%30/x", "/%c%30/x" } },
	{ "/a/b/%2e%2E", { "/a/", "/a/b/%2e%2E", "/a/", "/a/" } },
};

static void check_row(void **state)
{
	const struct path_case *row = *state;

	for (enum path_mode mode = PATH_BASE; mode <= PATH_DECODE_AND_MERGE_SLASHES; mode++) {
		char bytes[128];
		size_t len = strlen(row->in);

		memcpy(bytes, row->in, len);
		if (row->out[mode] == NULL) {
			assert_int_not_equal(path_normalize(mode, bytes, &len), 0);
			continue;
		}
		assert_int_equal(path_normalize(mode, bytes, &len), 0);
		bytes[len] = '\0';
		assert_string_equal(bytes, row->out[mode]);
	}
}

/* Every escape from %01 to %ff: unreserved characters are decoded, slashes only in DECODE. */
static void every_escape(void **state)
{
	(void)state;
	for (int c = 1; c <= 0xff; c++) {
		char bytes[16], want[16];
		size_t len = (size_t)snprintf(bytes, sizeof(bytes), "/admin%%%.2x", (unsigned)c);
		bool decoded = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
			       || (c >= 'a' && c <= 'z') || strchr("-._~/\\", c) != NULL;

		memcpy(want, bytes, len + 1);
		if (decoded)
			snprintf(want, sizeof(want), "/admin%c", c == '\\' ? '/' : c);
		assert_int_equal(path_normalize(PATH_DECODE_AND_MERGE_SLASHES, bytes, &len), 0);
		bytes[len] = '\0';
		assert_string_equal(bytes, want);
	}
}

static void query_is_cut(void **state)
{
	(void)state;
	assert_true(text_is(path_without_query(TEXT("/a?b#c")), "/a"));
	assert_true(text_is(path_without_query(TEXT("/a#b?c")), "/a"));
	assert_true(text_is(path_without_query(TEXT("/a")), "/a"));
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 2];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = rows[i].in,
						      .test_func = check_row,
						      .initial_state = (void *)&rows[i] };
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_escape);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(query_is_cut);
	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
