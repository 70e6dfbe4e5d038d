/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies and requests: src/policy and the reference say the same. */
#include "policy/policy_agree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CASES      1500
#define CASE_BYTES 700

/* The same cases in every run. */
static uint8_t next_byte(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint8_t)(*state >> 56);
}

static void reference_agrees(void **state)
{
	uint64_t random = 1;
	uint8_t bytes[CASE_BYTES];

	(void)state;
	for (int i = 0; i < CASES; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = next_byte(&random);
		policy_agree(bytes, sizeof(bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reference_agrees) };

	return cmocka_run_group_tests_name("agree", tests, NULL, NULL);
}
