/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void results_stay_below_the_limit(void **state)
{
	unsigned seen[10] = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		seen[random_below(10)]++;
	for (size_t i = 0; i < COUNT_OF(seen); i++) /* 1,000 each; 800 is six deviations away */
		assert_in_range(seen[i], 800, 1200);
	assert_int_equal(random_below(1), 0);
}

static void bytes_differ_each_time(void **state)
{
	unsigned char first[32], second[32];

	(void)state;
	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	assert_int_not_equal(random_cheap(), random_cheap());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_stay_below_the_limit),
		cmocka_unit_test(bytes_differ_each_time),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
