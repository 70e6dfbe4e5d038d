/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/need.h"

#include "rules/program.h"
#include "rules/ruleset_private.h"

static struct rule_need anything(void)
{
	return (struct rule_need){ .kind = NEED_ANYTHING };
}

/* evt.num counts from 1: what is written as "never" compares it with 0. */
static bool is_never(const struct subject *subject, const struct test *test)
{
	return subject->use.id == FIELD_EVT_NUM && test->op == OPERATOR_EQUAL && test->count == 1
	       && test->numbers[0] == 0;
}

static struct rule_need need_of_test(const struct program *program, const struct test *test,
				     bool negated)
{
	const struct subject *subject = &program->subjects[test->subject];

	if (subject->kind != SUBJECT_FIELD || test->other != NO_SUBJECT || test->every
	    || test->quantifier == QUANTIFIER_ALLOF || test->quantifier == QUANTIFIER_ONEOF)
		return anything();
	if (test->type == FIELD_NUMBER && is_never(subject, test))
		return negated ? anything() : (struct rule_need){ .kind = NEED_NEVER };
	if (test->texts == NULL && test->numbers == NULL)
		return anything();
	return (struct rule_need){
		.kind = NEED_TEST,
		.negated = negated,
		.field = &subject->use,
		.op = test->op,
		.texts = test->texts,
		.numbers = test->numbers,
		.count = test->count,
	};
}

static struct rule_need need_of_node(const struct program *program, uint32_t reference,
				     bool negated, struct arena *arena)
{
	const struct node *node = &program->nodes[reference & ~CHILD_NEGATED];
	struct rule_need need = { .count = node->count };
	struct rule_need *parts;

	negated ^= (reference & CHILD_NEGATED) != 0;
	switch (node->kind) {
	case NODE_FALSE:
	case NODE_TRUE:
		need.kind = (node->kind == NODE_TRUE) != negated ? NEED_ANYTHING : NEED_NEVER;
		return need;
	case NODE_TEST:
		return need_of_test(program, &program->tests[node->first], negated);
	case NODE_NOT:
		return need_of_node(program, program->children[node->first], !negated, arena);
	default: /* De Morgan */
		need.kind = (node->kind == NODE_AND) != negated ? NEED_ALL : NEED_ONE;
	}
	parts = ARENA_ARRAY(arena, node->count, struct rule_need);
	for (uint32_t i = 0; i < node->count; i++)
		parts[i] =
			need_of_node(program, program->children[node->first + i], negated, arena);
	need.parts = parts;
	return need;
}

struct rule_need ruleset_need(const struct ruleset *set, unsigned event_type, struct arena *arena)
{
	const struct program *program = &set->program;
	const struct bucket *bucket = &program->buckets[program->bucket_of_type[event_type]];
	struct rule_need *parts;

	if (bucket->count == 0)
		return (struct rule_need){ .kind = NEED_NEVER };
	parts = ARENA_ARRAY(arena, bucket->count, struct rule_need);
	for (size_t i = 0; i < bucket->count; i++)
		parts[i] = need_of_node(program, bucket->entries[i].node, false, arena);
	return (struct rule_need){ .kind = NEED_ONE, .parts = parts, .count = bucket->count };
}
