/* SPDX-License-Identifier: Apache-2.0 */
/* Where a connection goes, by the name it asks for and the address it was made to. */
#include "proxy/tcp_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct text one[] = { { "one.example", 11 } };
static const struct text wild[] = { { "other.example", 13 }, { "*.two.example", 13 } };
static const struct text any_name[] = { { "*", 1 } };
static struct ip_range inside[1];

static const struct tcp_route routes[] = {
	{ .names = one, .name_count = 1, .route.name = { "one", 3 } },
	{ .names = wild, .name_count = 2, .route.name = { "two", 3 } },
	{ .subnets = inside, .subnet_count = 1, .route.name = { "inside", 6 } },
	{ .names = any_name, .name_count = 1, .route.name = { "tls", 3 } },
};
static const struct tcp_table table = { .routes = routes, .count = COUNT_OF(routes) };

static const struct find_case {
	const char *name, *destination,
		*want; /* name NULL: none is asked for; want NULL: no route */
} rows[] = {
	{ "one.example", "192.0.2.1", "one" },   { "ONE.EXAMPLE", "10.0.0.1", "one" },
	{ "a.two.example", "192.0.2.1", "two" }, { "a.b.Two.example", "192.0.2.1", "two" },
	{ "other.example", "192.0.2.1", "two" }, { "two.example", "192.0.2.1", "tls" },
	{ "xone.example", "192.0.2.1", "tls" },  { "three.example", "10.1.2.3", "inside" },
	{ NULL, "10.1.2.3", "inside" },          { NULL, "192.0.2.1", NULL },
	{ NULL, "2001:db8::1", NULL },
};

static void test_rows(void **state)
{
	(void)state;
	assert_true(ip_range_parse(TEXT("10.0.0.0/8"), &inside[0]));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ip_address destination;
		const struct route *found;

		assert_true(ip_parse(text_of(rows[i].destination), &destination));
		found = tcp_table_find(&table, text_of(rows[i].name), destination, 443);
		if (rows[i].want == NULL)
			assert_null(found);
		else
			assert_true(found != NULL && text_is(found->name, rows[i].want));
	}
}

/* A subnet that could not be read is zeroed, and contains nothing. */
static void test_an_unreadable_subnet_matches_nothing(void **state)
{
	static const struct ip_range zeroed[1];
	static const struct tcp_route route = { .subnets = zeroed, .subnet_count = 1 };
	const struct tcp_table alone = { .routes = &route, .count = 1 };
	struct ip_address address;

	(void)state;
	ip_parse(TEXT("192.0.2.1"), &address);
	assert_null(tcp_table_find(&alone, TEXT(""), address, 443));
}

static void test_a_port_is_asked_for(void **state)
{
	static const struct tcp_route route = { .port = 5432 };
	const struct tcp_table alone = { .routes = &route, .count = 1 };
	struct ip_address address;

	(void)state;
	ip_parse(TEXT("192.0.2.1"), &address);
	assert_non_null(tcp_table_find(&alone, TEXT(""), address, 5432));
	assert_null(tcp_table_find(&alone, TEXT(""), address, 5433));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_a_port_is_asked_for),
		cmocka_unit_test(test_an_unreadable_subnet_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
