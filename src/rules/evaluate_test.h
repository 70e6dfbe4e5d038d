/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate_test.h — one test of one value. Private to the room. */
#pragma once

#include "rules/program.h"

/* right: the other subject's value, for tests that have one, else NULL. scratch: for regex.
 * A missing value passes no test. */
bool test_holds(const struct test *test, const struct field_value *left,
		const struct field_value *right, hs_scratch_t *scratch);
