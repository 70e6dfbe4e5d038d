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

struct rule {
	struct rule_origin origin;
	const struct clause *sources; /* any of them; none: anyone */
	size_t source_count;
	const struct clause *operations; /* any of them; none: anything */
	size_t operation_count;
	struct clause conditions;
};

/* For TCP, what only HTTP has narrows or widens, towards safety: an ALLOW rule that asks for it is
 * dropped (NULL), elsewhere only that term is. */
const struct rule *rule_compile(const struct term_context *context,
				const struct authorization_policy *policy, size_t index,
				enum request_protocol protocol);
bool rule_uses_http(const struct authorization_rule *rule);

bool clause_matches(const struct clause *clause, const struct request_facts *facts);
bool rule_matches(const struct rule *rule, const struct request_facts *facts);

/* "AuthorizationPolicy", and the texts by which logs name the rule. */
struct rule_origin rule_origin_make(struct arena *arena, const struct resource *meta, size_t index,
				    struct source_pos at);
/* The lists of a source and of an operation, in the order of `fields`. */
const struct text_list *source_list(const struct authorization_source *source, enum field field,
				    bool negative);
const struct text_list *operation_list(const struct authorization_operation *operation,
				       enum field field, bool negative);
