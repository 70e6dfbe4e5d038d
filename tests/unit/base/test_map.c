/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void absent_keys_are_absent(void **state)
{
	AUTO_MAP struct map map = { 0 };

	(void)state;
	assert_null(map_get(&map, TEXT("a")));
	assert_null(map_remove(&map, TEXT("a")));
	map_put(&map, TEXT("b"), "value");
	assert_null(map_get(&map, TEXT("a")));
	assert_null(map_remove(&map, TEXT("a")));
	assert_int_equal(map.count, 1);
}

static void putting_again_replaces(void **state)
{
	AUTO_MAP struct map map = { 0 };

	(void)state;
	assert_null(map_put(&map, TEXT("key"), "first"));
	assert_string_equal(map_put(&map, TEXT("key"), "second"), "first");
	assert_string_equal(map_get(&map, TEXT("key")), "second");
	assert_int_equal(map.count, 1);
}

static void the_empty_key_is_a_key(void **state)
{
	AUTO_MAP struct map map = { 0 };

	(void)state;
	map_put(&map, (struct text){ 0 }, "nothing");
	assert_string_equal(map_get(&map, TEXT("")), "nothing");
	assert_string_equal(map_remove(&map, TEXT("")), "nothing");
	assert_int_equal(map.count, 0);
}

static void keys_differ_by_every_byte(void **state)
{
	AUTO_MAP struct map map = { 0 };

	(void)state;
	map_put(&map, TEXT("a\0b"), "with");
	map_put(&map, TEXT("a"), "short");
	assert_string_equal(map_get(&map, TEXT("a\0b")), "with");
	assert_string_equal(map_get(&map, TEXT("a")), "short");
	assert_null(map_get(&map, TEXT("A")));
}

/* A map of every key to whether it is there, which cannot be wrong. */
#define KEYS 200

static void check_against_model(const struct map *map, char keys[KEYS][8], void *const *model)
{
	size_t count = 0, seen = 0;

	for (size_t i = 0; i < KEYS; i++) {
		assert_ptr_equal(map_get(map, text_of(keys[i])), model[i]);
		count += model[i] != NULL;
	}
	MAP_FOR_EACH (map, entry)
		seen++;
	assert_int_equal(map->count, count);
	assert_int_equal(seen, count);
}

/* Few slots and many removals: gaps close across the end of the table again and again. */
static void it_does_what_a_naive_map_does(void **state)
{
	AUTO_MAP struct map map = { 0 };
	void *model[KEYS] = { 0 };
	char keys[KEYS][8];

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
	for (int round = 0; round < 20000; round++) {
		const size_t range = round < 10000 ? 11 : KEYS; /* a table of 16, then growing */
		const size_t i = (size_t)random_below(range);
		const struct text key = text_of(keys[i]);

		if (random_below(2) == 0) {
			assert_ptr_equal(map_put(&map, key, keys[i]), model[i]);
			model[i] = keys[i];
		} else {
			assert_ptr_equal(map_remove(&map, key), model[i]);
			model[i] = NULL;
		}
		if (round % 50 == 0)
			check_against_model(&map, keys, model);
	}
	check_against_model(&map, keys, model);
}

static void hashes_depend_on_every_byte(void **state)
{
	char bytes[40] = { 0 };
	const uint64_t before = hash_bytes(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(hash_bytes(bytes, sizeof(bytes)), before);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 1;
		assert_int_not_equal(hash_bytes(bytes, sizeof(bytes)), before);
		bytes[i] = 0;
	}
	assert_int_not_equal(hash_bytes(bytes, sizeof(bytes) - 1), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_keys_are_absent),
		cmocka_unit_test(putting_again_replaces),
		cmocka_unit_test(the_empty_key_is_a_key),
		cmocka_unit_test(keys_differ_by_every_byte),
		cmocka_unit_test(it_does_what_a_naive_map_does),
		cmocka_unit_test(hashes_depend_on_every_byte),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
