/* SPDX-License-Identifier: Apache-2.0 */
/* rule_index.h — of many rules, the first that matches, without looking at most of them.
 *
 * Every rule is filed under a necessary condition: the values of one term in each of its sources
 * (or operations, or of one condition), chosen so that few rules share a value. A request is looked
 * up by each field that rules were filed under; only rules found so, and those that could not be
 * filed, are examined. Lookups allocate nothing. */
#pragma once

#include "policy/rule.h"

struct rule_index;

/* Rules are borrowed and keep their order; everything else lies in the arena. */
const struct rule_index *rule_index_build(struct arena *arena, const struct rule *const *rules,
					  size_t count);
/* The first rule in order that matches, or NULL. */
const struct rule *rule_index_first(const struct rule_index *index,
				    const struct request_facts *facts);
