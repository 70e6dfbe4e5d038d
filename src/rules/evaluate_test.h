/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate_test.h — one test of one value. Private to the room. */
#pragma once

#include "rules/program.h"

/* What one text asks of one constant, or of a set: most tests are this. */
static inline bool test_holds_quickly(const struct test *test, struct text value)
{
	const struct text constant = test->constant;

	switch (test->quick) {
	case QUICK_EQUAL:
		return value.len == constant.len
		       && memcmp(value.ptr, constant.ptr, constant.len) == 0;
	case QUICK_STARTSWITH:
		return value.len >= constant.len
		       && memcmp(value.ptr, constant.ptr, constant.len) == 0;
	case QUICK_ENDSWITH:
		return value.len >= constant.len
		       && memcmp(value.ptr + value.len - constant.len, constant.ptr, constant.len)
				  == 0;
	default: /* QUICK_SET */
		return text_set_has(&test->set, value);
	}
}

/* right: the other subject's value, for tests that have one, else NULL. scratch: for regex.
 * A missing value passes no test. */
bool test_holds(const struct test *test, const struct field_value *left,
		const struct field_value *right, hs_scratch_t *scratch);
