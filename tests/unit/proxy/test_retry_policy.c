/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of retryOn mean, and how long is waited. Answers are in test_retries.py. */
#include "proxy/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct failure_case {
	const char *name, *on;
	enum upstream_failure why;
	bool want;
} rows[] = {
	{ "a refused connection", "connect-failure", UPSTREAM_CONNECT_FAILED, true },
	{ "one that takes too long", "connect-failure", UPSTREAM_CONNECT_TIMEOUT, true },
	{ "a reset is no connect-failure", "connect-failure", UPSTREAM_RESET, false },
	{ "nothing was sent", "reset-before-request", UPSTREAM_CONNECT_FAILED, true },
	{ "something was sent", "reset-before-request", UPSTREAM_RESET, false },
	{ "a refused stream", "refused-stream", UPSTREAM_REFUSED, true },
	{ "reset covers a refused stream", "reset", UPSTREAM_REFUSED, true },
	{ "reset covers a refused connection", "reset", UPSTREAM_CONNECT_FAILED, true },
	{ "reset covers a try that takes too long", "reset", UPSTREAM_TRY_TIMEOUT, true },
	{ "5xx covers no answer", "5xx", UPSTREAM_RESET, true },
	{ "gateway-error covers no answer", "gateway-error", UPSTREAM_RESET, true },
	{ "a status code covers answers alone", "503", UPSTREAM_RESET, false },
	{ "gRPC's words cover answers alone", "unavailable,cancelled", UPSTREAM_RESET, false },
	{ "an answer that broke off was seen", "5xx,reset", UPSTREAM_TRUNCATED, false },
};

static void check_failure(void **state)
{
	const struct failure_case *row = *state;
	struct retry_policy policy = { .retries = 1 };

	assert_null(retry_on_add_list(&policy.on, text_of(row->on)).ptr);
	assert_int_equal(retry_wants_failure(&policy, row->why), row->want);
}

static void words(void **state)
{
	struct retry_on on = { 0 };

	(void)state;
	assert_true(text_is(retry_on_add_list(&on, TEXT("5xx, , 599 ,600,nonsense")), "600"));
	assert_true(retry_on_has_status(&on, 599));
	assert_false(retry_on_has_status(&on, 598));
	assert_false(retry_on_has_status(&on, 99));
	assert_int_equal(on.conditions, RETRY_ON_5XX | RETRY_ON_STATUS_CODES);
	assert_string_equal(retry_on_closest(TEXT("refused-streams")), "refused-stream");
}

static void waits_double_up_to_ten_times_the_first(void **state)
{
	const struct retry_policy policy = { .backoff_ns = 25 };
	static const uint64_t longest[] = { 25, 50, 100, 200, 250, 250 };

	(void)state;
	for (unsigned nth = 1; nth <= COUNT_OF(longest); nth++) {
		assert_int_equal(retry_backoff_ns(&policy, nth, longest[nth - 1] - 1),
				 longest[nth - 1] - 1);
		assert_int_equal(retry_backoff_ns(&policy, nth, longest[nth - 1]), 0);
	}
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + 2] = {
		cmocka_unit_test(words),
		cmocka_unit_test(waits_double_up_to_ten_times_the_first),
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i + 2] = (struct CMUnitTest){ .name = rows[i].name,
						    .test_func = check_failure,
						    .initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
