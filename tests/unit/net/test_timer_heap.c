/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of timers beside a model that looks at all of them each time. */
#include "net/timer_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TIMERS 200
#define STEPS  50000

static uint64_t earliest(const struct timer *timers)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < TIMERS; i++)
		if (timer_is_set(&timers[i]) && timers[i].due_ns < due)
			due = timers[i].due_ns;
	return due;
}

static void the_first_is_the_earliest_whatever_is_done(void **state)
{
	static struct timer timers[TIMERS];
	struct timer_heap heap = { 0 };

	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		struct timer *timer = &timers[random_below(TIMERS)];

		if (random_below(3) == 0 && timer_is_set(timer))
			timer_heap_remove(&heap, timer);
		else
			timer_heap_set(&heap, timer, random_below(1000)); /* again: moves it */

		const struct timer *first = timer_heap_first(&heap);

		assert_int_equal(first != NULL ? first->due_ns : UINT64_MAX, earliest(timers));
	}
	timer_heap_done(&heap);
}

static void all_come_out_in_order(void **state)
{
	static struct timer timers[TIMERS];
	struct timer_heap heap = { 0 };
	uint64_t last = 0;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < TIMERS; i++)
		timer_heap_set(&heap, &timers[i], random_below(50));
	for (struct timer *first; (first = timer_heap_first(&heap)) != NULL; count++) {
		assert_true(first->due_ns >= last);
		last = first->due_ns;
		timer_heap_remove(&heap, first);
		assert_false(timer_is_set(first));
	}
	assert_int_equal(count, TIMERS);
	timer_heap_done(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_the_earliest_whatever_is_done),
		cmocka_unit_test(all_come_out_in_order),
	};

	return cmocka_run_group_tests_name("timer_heap", tests, NULL, NULL);
}
