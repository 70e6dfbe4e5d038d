/* SPDX-License-Identifier: Apache-2.0 */
/* rule.h — a rule of an AuthorizationPolicy, compiled: any source, any operation, all conditions.
 */
#pragma once

#include "policy/decision.h"
#include "policy/term.h"

struct clause { /* matches when all its terms do; without terms always */
	const struct term *terms;
	size_t count;
	struct source_pos at;
};

struct clause_list {
	const struct clause *items;
	size_t count;
};

/* In the order in which they are judged. */
enum rule_part { PART_OPERATIONS = 0, PART_SOURCES, PART_CONDITIONS, RULE_PARTS };

struct rule {
	/* What requests are judged by. Equal lists of all rules are one (rule_share.h), so the
	 * positions in them may be another rule's. An empty list holds. */
	struct clause_list judged[RULE_PARTS];
	struct rule_origin origin;
	/* The same with the rule's own positions, to explain by. */
	const struct clause *sources; /* any of them; none: anyone */
	size_t source_count;
	const struct clause *operations; /* any of them; none: anything */
	size_t operation_count;
	struct clause conditions;
};

/* For TCP, what only HTTP has narrows or widens, towards safety: an ALLOW rule that asks for it is
 * dropped (NULL), elsewhere only that term is. */
struct rule_share;
const struct rule *rule_compile(const struct term_context *context, struct rule_share *share,
				const struct authorization_policy *policy, size_t index,
				enum request_protocol protocol);
bool rule_uses_http(const struct authorization_rule *rule);

bool clause_matches(const struct clause *clause, const struct request_facts *facts);
bool rule_matches(const struct rule *rule, const struct request_facts *facts);
/* The same where one part is known to hold; RULE_PARTS: none is. */
bool rule_rest_matches(const struct rule *rule, enum rule_part known,
		       const struct request_facts *facts);

/* "AuthorizationPolicy", and the texts by which logs name the rule. */
struct rule_origin rule_origin_make(struct arena *arena, const struct resource *meta, size_t index,
				    struct source_pos at);
/* The lists of a source and of an operation, in the order of `fields`. */
const struct text_list *source_list(const struct authorization_source *source, enum field field,
				    bool negative);
const struct text_list *operation_list(const struct authorization_operation *operation,
				       enum field field, bool negative);
