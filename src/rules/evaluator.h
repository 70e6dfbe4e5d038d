/* SPDX-License-Identifier: Apache-2.0 */
/* evaluator.h — an evaluator's memory. Private to the room. */
#pragma once

#include "rules/evaluate.h"
#include "rules/ruleset_private.h"

struct subject_answer {
	uint32_t stamp; /* of the event the value belongs to */
	struct field_value value;
};

struct rules_evaluator {
	struct ruleset *set; /* a reference */
	const struct program *program;
	const struct rule_event *event; /* the one being evaluated, or the last */
	uint32_t stamp;
	uint32_t *answers; /* by node: stamp << 1 | answer */
	struct subject_answer *subjects;
	const struct rule **matches;
	struct arena storage; /* of transformed values; reset at each event */
	hs_scratch_t *scratch;
};

const struct field_value *evaluator_compute(struct rules_evaluator *evaluator, uint32_t subject);

/* The subject's value for the event: asked for once, then looked up. */
static inline const struct field_value *evaluator_value(struct rules_evaluator *evaluator,
							uint32_t subject)
{
	const struct subject_answer *answer = &evaluator->subjects[subject];

	return answer->stamp == evaluator->stamp ? &answer->value
						 : evaluator_compute(evaluator, subject);
}
