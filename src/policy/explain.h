/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h — why: what each stage said, and which rules came near. Allocates; never for a request
 * that is being served. */
#pragma once

#include "policy/evaluate.h"

#define NEAR_MISSES_MAX 3
#define MISMATCHES_MAX  8

enum stage_outcome {
	OUTCOME_NOTHING = 0, /* no policy there */
	OUTCOME_PASSED,
	OUTCOME_NOTED, /* it matched, and that is only told */
	OUTCOME_STOPPED,
	OUTCOME_NOT_REACHED,
};

struct explained_stage {
	const char *name; /* "peer authentication" */
	enum stage_outcome outcome;
	const char *text; /* a sentence part */
	const struct rule_origin *by;
	struct source_pos at; /* line 0: nowhere */
};

struct mismatch { /* a part of a rule that the request does not fit */
	struct source_pos at;
	const char *text;
};

struct near_miss {
	const struct rule_origin *rule;
	struct mismatch mismatches[MISMATCHES_MAX];
	size_t count, parts; /* of its parts that many do not fit */
};

#define EXPLAINED_STAGES 7

struct explanation {
	struct arena arena;
	struct evaluation evaluation;
	struct explained_stage stages[EXPLAINED_STAGES];
	size_t stage_count;
	struct near_miss misses[NEAR_MISSES_MAX]; /* nearest first; of the stage that denied */
	size_t miss_count;
};

void policy_explain(const struct workload_policy *workload, const struct evaluation_input *input,
		    struct explanation *out);
void explanation_done(struct explanation *explanation);
