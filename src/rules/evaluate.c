/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c — an event through its bucket. Every subject, test and node is answered at most once
 * an event: answers carry the event's stamp, so that nothing has to be cleared between events. */
#include "rules/evaluator.h"

#include "rules/evaluate_test.h"
#include "rules/transform.h"

#include <stdlib.h>

static hs_scratch_t *new_scratch(const struct program *program)
{
	hs_scratch_t *scratch = NULL;

	for (size_t i = 0; i < program->database_count; i++)
		if (hs_alloc_scratch(program->databases[i], &scratch) != HS_SUCCESS)
			abort(); /* out of memory, the only way it fails */
	return scratch;
}

struct rules_evaluator *rules_evaluator_new(struct ruleset *set)
{
	struct rules_evaluator *evaluator = MEM_NEW(struct rules_evaluator);
	const struct program *program = &set->program;

	evaluator->set = ruleset_ref(set);
	evaluator->program = program;
	evaluator->answers = mem_alloc_array(program->node_count, sizeof(uint32_t));
	evaluator->subjects =
		mem_alloc_array((size_t)program->subject_count + 1, sizeof(*evaluator->subjects));
	evaluator->matches = mem_alloc_array(set->count + 1, sizeof(void *));
	evaluator->scratch = new_scratch(program);
	arena_init(&evaluator->storage, 4096);
	return evaluator;
}

void rules_evaluator_free(struct rules_evaluator *evaluator)
{
	if (evaluator == NULL)
		return;
	hs_free_scratch(evaluator->scratch);
	arena_done(&evaluator->storage);
	mem_free(evaluator->answers);
	mem_free(evaluator->subjects);
	mem_free(evaluator->matches);
	ruleset_unref(evaluator->set);
	mem_free(evaluator);
}

/* --- subjects ---------------------------------------------------------------------------- */

static void compute_transformed(struct rules_evaluator *evaluator, const struct subject *subject,
				struct field_value *out)
{
	const struct field_value **inputs =
		ARENA_ARRAY(&evaluator->storage, subject->input_count, const struct field_value *);

	for (uint32_t i = 0; i < subject->input_count; i++)
		inputs[i] = evaluator_value(evaluator, subject->inputs[i]);
	*out = transform(subject, inputs, &evaluator->storage);
}

const struct field_value *evaluator_compute(struct rules_evaluator *evaluator, uint32_t number)
{
	const struct subject *subject = &evaluator->program->subjects[number];
	struct subject_answer *answer = &evaluator->subjects[number];

	answer->stamp = evaluator->stamp;
	answer->value.kind = FIELD_VALUE_NONE;
	answer->value.count = 0;
	switch (subject->kind) {
	case SUBJECT_FIELD:
		evaluator->event->get(evaluator->event, &subject->use, &answer->value);
		break;
	case SUBJECT_CONSTANT:
		answer->value = subject->constant;
		break;
	case SUBJECT_TRANSFORMED:
		compute_transformed(evaluator, subject, &answer->value);
		break;
	}
	return &answer->value;
}

/* --- nodes ------------------------------------------------------------------------------- */

static bool compute_node(struct rules_evaluator *evaluator, uint32_t number);

/* Most nodes are asked for again and again: looking the answer up stays inline. */
static inline bool node_holds(struct rules_evaluator *evaluator, uint32_t number)
{
	const uint32_t answer = evaluator->answers[number];

	return answer >> 1 == evaluator->stamp ? answer & 1 : compute_node(evaluator, number);
}

static bool test_node_holds(struct rules_evaluator *evaluator, const struct test *test)
{
	const struct field_value *left = evaluator_value(evaluator, test->subject);

	if (test->quick != QUICK_NONE && left->kind == FIELD_VALUE_TEXT && left->count == 1)
		return test_holds_quickly(test, left->one.text);

	const struct field_value *right =
		test->other != NO_SUBJECT ? evaluator_value(evaluator, test->other) : NULL;

	return test_holds(test, left, right, evaluator->scratch);
}

/* Is there a child that answers `decisive`? */
static bool any_child_is(struct rules_evaluator *evaluator, const struct node *node, bool decisive)
{
	const uint32_t *children = evaluator->program->children + node->first;

	for (uint32_t i = 0; i < node->count; i++) {
		const bool negated = (children[i] & CHILD_NEGATED) != 0;

		if ((node_holds(evaluator, children[i] & ~CHILD_NEGATED) != negated) == decisive)
			return true;
	}
	return false;
}

static bool compute_node(struct rules_evaluator *evaluator, uint32_t number)
{
	const struct node *node = &evaluator->program->nodes[number];
	bool holds = node->kind == NODE_TRUE;

	switch (node->kind) {
	case NODE_TEST:
		holds = test_node_holds(evaluator, &evaluator->program->tests[node->first]);
		break;
	case NODE_NOT:
		holds = !node_holds(evaluator, evaluator->program->children[node->first]);
		break;
	case NODE_AND:
		holds = !any_child_is(evaluator, node, false);
		break;
	case NODE_OR:
		holds = any_child_is(evaluator, node, true);
		break;
	default:
		break;
	}
	evaluator->answers[number] = evaluator->stamp << 1 | holds;
	return holds;
}

/* --- events ------------------------------------------------------------------------------ */

#define STAMP_MAX (UINT32_MAX >> 1)

static void start_event(struct rules_evaluator *evaluator, const struct rule_event *event)
{
	const struct program *program = evaluator->program;

	evaluator->event = event;
	arena_reset(&evaluator->storage);
	if (++evaluator->stamp <= STAMP_MAX)
		return;
	evaluator->stamp = 1;
	memset(evaluator->answers, 0, program->node_count * sizeof(*evaluator->answers));
	memset(evaluator->subjects, 0, program->subject_count * sizeof(*evaluator->subjects));
}

const struct rule *const *rules_evaluate(struct rules_evaluator *evaluator,
					 const struct rule_event *event, size_t *count)
{
	const struct program *program = evaluator->program;
	const unsigned type = event->type < event_type_count() ? event->type : EVENT_TYPE_UNKNOWN;
	const struct bucket *bucket = &program->buckets[program->bucket_of_type[type]];
	size_t matched = 0;

	start_event(evaluator, event);
	for (size_t i = 0; i < bucket->count; i++) {
		if (!node_holds(evaluator, bucket->entries[i].gate)
		    || !node_holds(evaluator, bucket->entries[i].node))
			continue;
		evaluator->matches[matched++] = &evaluator->set->rules[bucket->entries[i].rule];
		if (evaluator->set->first_only)
			break;
	}
	*count = matched;
	return evaluator->matches;
}
