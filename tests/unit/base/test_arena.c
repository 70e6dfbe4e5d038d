/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	for (size_t size = 1; size < 200; size += 7) {
		const unsigned char *taken = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)taken % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(taken[i], 0);
		memset(arena_alloc_bytes(&arena, 3), 0xff, 3); /* leaves the next one unaligned */
	}
}

static void what_was_taken_stays_where_it_is(void **state)
{
	AUTO_ARENA struct arena arena;
	const char *texts[1000];

	(void)state;
	arena_init(&arena, 32);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		texts[i] = arena_printf(&arena, "text number %zu", i);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "text number %zu", i);
		assert_string_equal(texts[i], expected);
	}
}

static void more_than_a_block_fits(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 16);
	memset(arena_alloc(&arena, 100000), 1, 100000);
	assert_true(arena_size(&arena) >= 100000);
}

static void nothing_is_a_size_too(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_non_null(arena_alloc(&arena, 0));
	assert_non_null(arena_alloc_bytes(&arena, 0));
	assert_string_equal(arena_strdup(&arena, ""), "");
}

static void a_piece_of_text_is_copied_with_an_end(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_string_equal(arena_strndup(&arena, "identity", 2), "id");
}

static void used_again_it_takes_no_heap(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	arena_alloc(&arena, 1000);

	const uint64_t before = mem_thread_allocations();

	for (int round = 0; round < 100; round++) {
		arena_reset(&arena);
		for (int i = 0; i < 4; i++)
			arena_alloc(&arena, 1000);
	}
	assert_int_equal(mem_thread_allocations(), before);
}

static void reset_keeps_the_first_block_only(void **state)
{
	AUTO_ARENA struct arena arena;

	(void)state;
	arena_init(&arena, 128);
	arena_alloc(&arena, 64);

	const size_t first = arena_size(&arena);

	arena_alloc(&arena, 10000);
	assert_true(arena_size(&arena) > first);
	arena_reset(&arena);
	assert_int_equal(arena_size(&arena), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(what_was_taken_stays_where_it_is),
		cmocka_unit_test(more_than_a_block_fits),
		cmocka_unit_test(nothing_is_a_size_too),
		cmocka_unit_test(a_piece_of_text_is_copied_with_an_end),
		cmocka_unit_test(used_again_it_takes_no_heap),
		cmocka_unit_test(reset_keeps_the_first_block_only),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
