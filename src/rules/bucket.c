/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c — what is left of each condition once the event's type is known.
 *
 * Tests of evt.type are answered at load time for each type; a rule whose condition becomes false
 * is not in that type's bucket. Types that answer all such tests alike share a bucket. Events of a
 * type that no rule can name go to bucket 0, where conditions stand as written. */
#include "rules/evaluate_test.h"
#include "rules/program.h"

#include "rules/event_type.h"

bool test_asks_type(const struct program_builder *builder, const struct test *test)
{
	const struct subject *subject = builder_subject(builder, test->subject);

	return test->other == NO_SUBJECT && test->op != OPERATOR_REGEX
	       && subject->kind == SUBJECT_FIELD
	       && (subject->use.id == FIELD_EVT_TYPE || subject->use.id == FIELD_SYSCALL_TYPE);
}

static bool answer_for_type(const struct test *test, unsigned type)
{
	const struct field_value value = field_value_text(text_of(event_type_name(type)));

	return test_holds(test, &value, NULL, NULL);
}

struct specialiser {
	struct program_builder *builder;
	unsigned type;
	uint32_t *done;  /* node -> its number for this type + 1 */
	size_t capacity; /* of done: nodes that were there at the start */
};

static uint32_t specialise(struct specialiser *in, uint32_t number);

static uint32_t specialise_child(struct specialiser *in, const struct node *parent, uint32_t i)
{
	const uint32_t *all = (const uint32_t *)(const void *)in->builder->children.data;

	return specialise(in, all[parent->first + i]); /* the array may move meanwhile */
}

static uint32_t specialise_join(struct specialiser *in, const struct node *node)
{
	AUTO_BUFFER struct buffer children = { 0 };

	for (uint32_t i = 0; i < node->count; i++) {
		const uint32_t child = specialise_child(in, node, i);

		buffer_add(&children, &child, sizeof(child));
	}
	return builder_join(in->builder, node->kind, (const uint32_t *)(const void *)children.data,
			    node->count);
}

static uint32_t specialise(struct specialiser *in, uint32_t number)
{
	const struct node node =
		((const struct node *)(const void *)in->builder->nodes.data)[number];
	uint32_t result;

	if (!node.asks_type)
		return number;
	if (number < in->capacity && in->done[number] != 0)
		return in->done[number] - 1;
	if (node.kind == NODE_TEST)
		result = answer_for_type(builder_test(in->builder, node.first), in->type)
				 ? NODE_TRUE
				 : NODE_FALSE;
	else if (node.kind == NODE_NOT)
		result = builder_not(in->builder, specialise_child(in, &node, 0));
	else
		result = specialise_join(in, &node);
	if (number < in->capacity)
		in->done[number] = result + 1;
	return result;
}

static void specialiser_start(struct specialiser *in, struct program_builder *builder)
{
	*in = (struct specialiser){ .builder = builder,
				    .capacity = builder->nodes.len / sizeof(struct node) };
	in->done = mem_alloc_array(in->capacity, sizeof(uint32_t));
}

static void specialiser_set_type(struct specialiser *in, unsigned type)
{
	memset(in->done, 0, in->capacity * sizeof(uint32_t));
	in->type = type;
}

/* The tests that ask for the type, so that types can be told apart by their answers. */
static size_t list_type_tests(const struct program_builder *builder, const struct test **out)
{
	const size_t count = builder->tests.len / sizeof(struct test);
	size_t found = 0;

	for (uint32_t i = 0; i < count; i++)
		if (test_asks_type(builder, builder_test(builder, i)))
			out[found++] = builder_test(builder, i);
	return found;
}

void builder_classify_types(struct program_builder *builder)
{
	unsigned *alike = ARENA_ARRAY(builder->arena, event_type_count(), unsigned);
	const size_t test_count = builder->tests.len / sizeof(struct test);
	const struct test **tests = mem_alloc_array(test_count + 1, sizeof(void *));
	const size_t count = list_type_tests(builder, tests);
	char *answers = mem_alloc_array(event_type_count(), count + 1);

	for (unsigned type = 1; type < event_type_count(); type++) {
		char *own = answers + type * (count + 1);

		for (size_t i = 0; i < count; i++)
			own[i] = answer_for_type(tests[i], type) ? 1 : 0;
		alike[type] = type;
		for (unsigned other = 1; other < type && alike[type] == type; other++)
			if (alike[other] == other
			    && memcmp(own, answers + other * (count + 1), count) == 0)
				alike[type] = other;
	}
	mem_free(answers);
	mem_free(tests);
	builder->alike = alike;
}

/* What has to hold first: the cheapest part of a conjunction, most often one for many rules. */
static uint32_t gate_of(const struct program_builder *builder, uint32_t number)
{
	const struct node *node = &((const struct node *)(const void *)builder->nodes.data)[number];

	if (node->kind != NODE_AND)
		return number;
	return ((const uint32_t *)(const void *)builder->children.data)[node->first];
}

static struct bucket fill_bucket(struct specialiser *in, const uint32_t *rules,
				 const uint32_t *conditions, size_t count)
{
	struct bucket_entry *entries =
		ARENA_ARRAY(in->builder->arena, count + 1, struct bucket_entry);
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const uint32_t node = in->type != EVENT_TYPE_UNKNOWN ? specialise(in, conditions[i])
								     : conditions[i];

		if (node != NODE_FALSE)
			entries[used++] =
				(struct bucket_entry){ rules[i], node, gate_of(in->builder, node) };
	}
	return (struct bucket){ entries, used };
}

void program_fill_buckets(struct program_builder *builder, const uint32_t *rules,
			  const uint32_t *conditions, size_t count)
{
	struct program *program = builder->program;
	const unsigned types = event_type_count();
	const unsigned *alike = builder->alike;
	struct specialiser in;
	uint16_t buckets = 1;

	specialiser_start(&in, builder);
	program->buckets = ARENA_ARRAY(builder->arena, types, struct bucket);
	program->bucket_of_type = ARENA_ARRAY(builder->arena, types, uint16_t);
	program->buckets[0] = fill_bucket(&in, rules, conditions, count);
	for (unsigned type = 1; type < types; type++) {
		if (alike[type] != type) {
			program->bucket_of_type[type] = program->bucket_of_type[alike[type]];
			continue;
		}
		specialiser_set_type(&in, type);
		program->buckets[buckets] = fill_bucket(&in, rules, conditions, count);
		program->bucket_of_type[type] = buckets++;
	}
	mem_free(in.done);
}

size_t program_event_types(struct program_builder *builder, uint32_t node, bool *flags)
{
	struct specialiser in;
	size_t count = 0;

	specialiser_start(&in, builder);
	for (unsigned type = 1; type < event_type_count(); type++) {
		const unsigned first = builder->alike[type];

		if (first == type) {
			specialiser_set_type(&in, type);
			flags[type] = specialise(&in, node) != NODE_FALSE;
		} else {
			flags[type] = flags[first];
		}
		count += flags[type];
	}
	mem_free(in.done);
	return count;
}
