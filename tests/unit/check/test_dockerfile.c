/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dockerfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct parsed {
	struct arena arena;
	struct dockerfile file;
};

static int setup(void **state)
{
	struct parsed *parsed = MEM_NEW(struct parsed);

	arena_init(&parsed->arena, 4096);
	*state = parsed;
	return 0;
}

static int teardown(void **state)
{
	struct parsed *parsed = *state;

	arena_done(&parsed->arena);
	mem_free(parsed);
	return 0;
}

static const struct dockerfile *parse(void **state, const char *text)
{
	struct parsed *parsed = *state;

	dockerfile_parse(&parsed->file, text_of(text), &parsed->arena);
	return &parsed->file;
}

#define assert_text(expected, actual)                                                              \
	assert_memory_equal((expected), (actual).ptr, MAX_OF(strlen(expected), (actual).len))

static void stages_know_their_parents(void **state)
{
	const struct dockerfile *file = parse(state, "ARG V=12\nFROM debian:$V AS base\nRUN a\n"
						     "FROM base\nCOPY --from=0 /a /b\n");

	assert_int_equal(3, file->stage_count);
	assert_int_equal(1, file->stages[2].parent);
	assert_int_equal(1, docker_stage_find(file, TEXT("BASE"), 2));
	assert_int_equal(1, docker_stage_find(file, TEXT("0"), 2));
	assert_int_equal(0, docker_stage_find(file, TEXT("1"), 2));
	assert_text("debian:12",
		    docker_expand(file, &file->instructions[1], file->instructions[1].image.whole,
				  &((struct parsed *)*state)->arena));
}

static void words_know_their_place_across_lines(void **state)
{
	const char *text = "FROM a:1\nCOPY x \\\n  # no word\n  y /z/\n";
	const struct dockerfile *file = parse(state, text);
	const struct docker_instruction *copy = &file->instructions[1];

	assert_int_equal(3, copy->word_count);
	for (size_t i = 0; i < copy->word_count; i++)
		assert_memory_equal(text + copy->words[i].at.start, copy->words[i].raw.ptr,
				    copy->words[i].at.end - copy->words[i].at.start);
	assert_int_equal(2, copy->line);
}

static void pairs_lose_their_quotes(void **state)
{
	const struct dockerfile *file =
		parse(state, "FROM a:1\nENV A=\"b c\" D=e\\ f G='h'\nENV OLD the rest\nARG X\n");

	assert_int_equal(3, file->instructions[1].pair_count);
	assert_text("b c", file->instructions[1].pairs[0].value);
	assert_text("e f", file->instructions[1].pairs[1].value);
	assert_text("h", file->instructions[1].pairs[2].value);
	assert_text("the rest", file->instructions[2].pairs[0].value);
	assert_null(file->instructions[3].pairs[0].value.ptr);
}

static void images_fall_into_their_parts(void **state)
{
	const struct docker_image image =
		docker_image_parse(TEXT("localhost:5000/a/b:${TAG:-1}@sha256:00"));

	(void)state;
	assert_text("localhost:5000", image.registry);
	assert_text("a/b", image.name);
	assert_text("${TAG:-1}", image.tag);
	assert_text("sha256:00", image.digest);
	assert_null(docker_image_parse(TEXT("library/debian")).registry.ptr);
	assert_null(docker_image_parse(TEXT("library/debian")).tag.ptr);
}

static void heredocs_are_read_to_their_end(void **state)
{
	const struct dockerfile *file =
		parse(state, "FROM a:1\nRUN <<-'A' cat <<B\n\tone\n\tA\ntwo\nB\nUSER 1\n");

	assert_int_equal(3, file->count);
	assert_int_equal(2, file->instructions[1].heredoc_count);
	assert_text("\tone\n", file->instructions[1].heredocs[0].body);
	assert_false(file->instructions[1].heredocs[0].expands);
	assert_text("two\n", file->instructions[1].heredocs[1].body);
	assert_int_equal(0, file->fault_count);
}

static void parsing_goes_on_after_a_fault(void **state)
{
	const struct dockerfile *file =
		parse(state, "FROM a:1\nRUNN x\nRUN <<EOF\nnever ended\nUSER 1\n");

	assert_int_equal(3, file->fault_count);
	assert_string_equal("there is no instruction 'RUNN'", file->faults[0].message);
	assert_int_equal(DOCKER_USER, file->instructions[file->count - 1].op);
}

static void json_forms_are_arrays_of_strings_only(void **state)
{
	const struct dockerfile *file = parse(
		state, "FROM a:1\nCMD [ \"a\", \"b\\\"c\" ]\nCMD [a]\nCMD [\"a\",]\nCMD []\n");

	assert_true(file->instructions[1].is_json);
	assert_text("b\"c", file->instructions[1].words[1].raw);
	assert_false(file->instructions[2].is_json);
	assert_true(file->instructions[4].is_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stages_know_their_parents, setup, teardown),
		cmocka_unit_test_setup_teardown(words_know_their_place_across_lines, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pairs_lose_their_quotes, setup, teardown),
		cmocka_unit_test_setup_teardown(images_fall_into_their_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(heredocs_are_read_to_their_end, setup, teardown),
		cmocka_unit_test_setup_teardown(parsing_goes_on_after_a_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(json_forms_are_arrays_of_strings_only, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("dockerfile", tests, NULL, NULL);
}
