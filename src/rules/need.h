/* SPDX-License-Identifier: Apache-2.0 */
/* need.h — what an event must be like for any rule to match, as far as it can be told beforehand.
 *
 * A sensor that can answer some of these tests early (the path of an open, say) may drop the event
 * where the whole cannot become true. It must take what it cannot answer for true, negated or not.
 */
#pragma once

#include "rules/operator.h"
#include "rules/ruleset.h"

enum rule_need_kind {
	NEED_NEVER,    /* no rule can match */
	NEED_ANYTHING, /* nothing can be told */
	NEED_ALL,      /* each of the parts must hold */
	NEED_ONE,      /* one of them */
	NEED_TEST,     /* a field, compared with constants, of which one must fit */
};

struct rule_need {
	enum rule_need_kind kind;
	const struct rule_need *parts; /* ALL, ONE */
	size_t count;                  /* of parts, or constants */
	/* TEST. A missing value makes it false, and its negation true. */
	bool negated;
	const struct field_use *field;
	enum operator op;
	const struct text *texts; /* one of the two */
	const int64_t *numbers;
};

/* For events of that type and the enabled rules. Lives as long as the arena and the set. */
struct rule_need ruleset_need(const struct ruleset *set, unsigned event_type, struct arena *arena);
