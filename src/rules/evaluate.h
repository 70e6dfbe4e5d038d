/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.h — which rules does an event match, and what do they say about it?
 *
 * An evaluator is one thread's working memory for one ruleset; it takes no heap memory once it has
 * found its size. */
#pragma once

#include "rules/ruleset.h"

struct rules_evaluator;

struct rules_evaluator *rules_evaluator_new(struct ruleset *set); /* takes a reference */
void rules_evaluator_free(struct rules_evaluator *evaluator);
DEFINE_AUTO(struct rules_evaluator, rules_evaluator_free)

/* The rules that match, in the order of definition, valid until the next call; with first_only at
 * most one. */
const struct rule *const *rules_evaluate(struct rules_evaluator *evaluator,
					 const struct rule_event *event, size_t *count);

enum alert_time { ALERT_TIME_LOCAL, ALERT_TIME_ISO8601 };

struct alert_options {
	enum alert_time time;
	const char *hostname; /* NULL: no such key */
	uint64_t repeated;    /* so often since the same was told; 0: it is the first */
	bool without_output, without_fields, without_tags; /* JSON: leave the key out */
	bool with_message;                                 /* JSON: the output without its prefix */
};

/* For the event last evaluated and a rule of its set. */
void alert_message(struct rules_evaluator *evaluator, const struct rule *rule, struct buffer *out);
void alert_text(struct rules_evaluator *evaluator, const struct rule *rule,
		const struct alert_options *options,
		struct buffer *out); /* no newline at the end */
void alert_json(struct rules_evaluator *evaluator, const struct rule *rule,
		const struct alert_options *options,
		struct buffer *out); /* no newline at the end */
