/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct block_case {
	const char *name, *block, *ip;
	bool contained;
} rows[] = {
	{ "an address contains itself", "10.0.0.1", "10.0.0.1", true },
	{ "an address contains no neighbour", "10.0.0.1", "10.0.0.2", false },
	{ "first of a block", "10.0.0.0/8", "10.0.0.0", true },
	{ "last of a block", "10.0.0.0/8", "10.255.255.255", true },
	{ "behind a block", "10.0.0.0/8", "11.0.0.0", false },
	{ "bits within a byte", "192.168.4.0/22", "192.168.7.255", true },
	{ "bits beyond a byte", "192.168.4.0/22", "192.168.8.0", false },
	{ "host bits are cleared", "10.1.2.3/8", "10.200.0.1", true },
	{ "every IPv4 address", "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0 has no IPv6 address", "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0 has no IPv4 address", "::/0", "10.0.0.1", false },
	{ "::/0 has IPv6 addresses", "::/0", "2001:db8::1", true },
	{ "IPv6 block", "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "beyond an IPv6 block", "2001:db8::/33", "2001:db8:8000::1", false },
	{ "a mapped address is its IPv4 address", "10.0.0.0/8", "::ffff:10.1.1.1", true },
};

static void check_row(void **state)
{
	const struct block_case *row = *state;
	struct ip_range block;
	struct ip_address ip;

	assert_true(ip_range_parse(text_of(row->block), &block));
	assert_true(ip_parse(text_of(row->ip), &ip));
	assert_int_equal(ip_range_contains(&block, ip), row->contained);
}

static void malformed_is_refused(void **state)
{
	static const char *const blocks[] = { "",
					      "10",
					      "10.0.0",
					      "10.0.0.0/",
					      "10.0.0.0/33",
					      "10.0.0.0/-1",
					      "10.0.0.0/8/8",
					      "10.0.0.256",
					      "::/129",
					      "fe80::1%eth0",
					      " 10.0.0.1",
					      "10.0.0.1 ",
					      "[::1]",
					      "010.0.0.1x",
					      "1.2.3.4.5",
					      "/8" };
	struct ip_range block;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		assert_false(ip_range_parse(text_of(blocks[i]), &block));
	assert_false(ip_range_parse((struct text){ "10.0.0.1\0", 9 }, &block));
}

static void absent_is_in_no_block(void **state)
{
	struct ip_range block;
	struct ip_address none = { 0 };

	(void)state;
	assert_true(ip_range_parse(TEXT("::/0"), &block));
	assert_false(ip_range_contains(&block, none));
	assert_false(ip_equal(none, none));
}

static void text_round_trip(void **state)
{
	static const char *const texts[] = { "10.0.0.1", "2001:db8::1", "::", "255.255.255.255" };
	char out[IP_TEXT_MAX];
	struct ip_address ip;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_true(ip_parse(text_of(texts[i]), &ip));
		assert_string_equal(ip_format(out, ip), texts[i]);
	}
	assert_string_equal(ip_format(out, (struct ip_address){ 0 }), "");
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 3];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
						      .test_func = check_row,
						      .initial_state = (void *)&rows[i] };
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(malformed_is_refused);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(absent_is_in_no_block);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(text_round_trip);
	return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
