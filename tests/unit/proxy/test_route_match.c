/* SPDX-License-Identifier: Apache-2.0 */
/* One condition of a route, a row each: what it is asked of, and whether it holds. */
#include "proxy/route_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum part { PATH, METHOD, AUTHORITY, HEADER, NO_HEADER, QUERY };

static const struct condition_case {
	const char *name;
	enum part part;
	struct text_match match;
	const char *subject; /* NULL: absent */
	bool want;
} rows[] = {
	{ "no condition", PATH, { .type = MATCH_ANY }, "/x", true },
	{ "the path", PATH, { .type = MATCH_EXACT, .value = { "/a", 2 } }, "/a", true },
	{ "a longer path", PATH, { .type = MATCH_EXACT, .value = { "/a", 2 } }, "/ab", false },
	{ "a prefix is one of letters, not of segments",
	  PATH,
	  { .type = MATCH_PREFIX, .value = { "/a", 2 } },
	  "/ab",
	  true },
	{ "another path", PATH, { .type = MATCH_PREFIX, .value = { "/a", 2 } }, "/b/a", false },
	{ "case counts", PATH, { .type = MATCH_EXACT, .value = { "/a", 2 } }, "/A", false },
	{ "unless it shall not",
	  PATH,
	  { .type = MATCH_EXACT, .value = { "/a", 2 }, .ignore_case = true },
	  "/A",
	  true },
	{ "the method", METHOD, { .type = MATCH_EXACT, .value = { "PUT", 3 } }, "PUT", true },
	{ "methods have a case",
	  METHOD,
	  { .type = MATCH_EXACT, .value = { "PUT", 3 } },
	  "put",
	  false },
	{ "the authority", AUTHORITY, { .type = MATCH_EXACT, .value = { "a", 1 } }, "a", true },
	{ "a port counts", AUTHORITY, { .type = MATCH_EXACT, .value = { "a", 1 } }, "a:80", false },
	{ "a header", HEADER, { .type = MATCH_EXACT, .value = { "1", 1 } }, "1", true },
	{ "another value", HEADER, { .type = MATCH_EXACT, .value = { "1", 1 } }, "2", false },
	{ "a header that is missing",
	  HEADER,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  NULL,
	  false },
	{ "a missing header is no empty one",
	  HEADER,
	  { .type = MATCH_EXACT, .value = { "", 0 } },
	  NULL,
	  false },
	{ "presence", HEADER, { .type = MATCH_PRESENT }, "", true },
	{ "absence", HEADER, { .type = MATCH_PRESENT }, NULL, false },
	{ "without, and it is not there", NO_HEADER, { .type = MATCH_PRESENT }, NULL, true },
	{ "without, and it is there", NO_HEADER, { .type = MATCH_PRESENT }, "1", false },
	{ "without this value",
	  NO_HEADER,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  "1",
	  false },
	{ "without this value, but another",
	  NO_HEADER,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  "2",
	  true },
	{ "without this value, and none",
	  NO_HEADER,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  NULL,
	  true },
	{ "a parameter", QUERY, { .type = MATCH_EXACT, .value = { "1", 1 } }, "x=1", true },
	{ "a parameter among others",
	  QUERY,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  "y=2&x=1",
	  true },
	{ "the first of two",
	  QUERY,
	  { .type = MATCH_EXACT, .value = { "1", 1 } },
	  "x=2&x=1",
	  false },
	{ "a parameter whose name ends alike", QUERY, { .type = MATCH_PRESENT }, "xx=1", false },
	{ "a parameter without a value",
	  QUERY,
	  { .type = MATCH_EXACT, .value = { "", 0 } },
	  "x",
	  true },
	{ "a value with an equals sign",
	  QUERY,
	  { .type = MATCH_EXACT, .value = { "a=b", 3 } },
	  "x=a=b",
	  true },
	{ "no query", QUERY, { .type = MATCH_PRESENT }, NULL, false },
};

static void check(void **state)
{
	const struct condition_case *row = *state;
	const struct text value = text_of(row->subject);
	struct named_match named = { .name = TEXT("x"),
				     .match = row->match,
				     .invert = row->part == NO_HEADER };
	struct http_head head = { .method = TEXT("GET"), .authority = TEXT("host") };
	struct route_subject subject = { .head = &head, .path = TEXT("/"), .scheme = TEXT("http") };
	struct route_match match = { 0 };

	switch (row->part) {
	case PATH:
		match.uri = row->match;
		subject.path = value;
		break;
	case METHOD:
		match.method = row->match;
		head.method = value;
		break;
	case AUTHORITY:
		match.authority = row->match;
		head.authority = value;
		break;
	case HEADER:
	case NO_HEADER:
		match.headers = &named;
		match.header_count = 1;
		if (row->subject != NULL)
			http_fields_add(&head.fields, TEXT("x"), value);
		break;
	case QUERY:
		match.query = &named;
		match.query_count = 1;
		subject.query = value;
		break;
	}
	assert_int_equal(route_match_holds(&match, &subject), row->want);
	http_head_done(&head);
}

/* What is not listed in `rows`: of several fields of one name any may match. */
static void any_field_of_a_name_may_match(void **state)
{
	struct named_match named = { .name = TEXT("x"),
				     .match = { .type = MATCH_EXACT, .value = TEXT("2") } };
	const struct route_match match = { .headers = &named, .header_count = 1 };
	struct http_head head = { .method = TEXT("GET") };
	const struct route_subject subject = { .head = &head, .path = TEXT("/") };

	(void)state;
	http_fields_add(&head.fields, TEXT("x"), TEXT("1"));
	assert_false(route_match_holds(&match, &subject));
	http_fields_add(&head.fields, TEXT("x"), TEXT("2"));
	assert_true(route_match_holds(&match, &subject));
	http_head_done(&head);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 1] = {
		cmocka_unit_test(any_field_of_a_name_may_match),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i + 1] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("route_match", tests, NULL, NULL);
}
