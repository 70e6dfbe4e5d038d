/* SPDX-License-Identifier: Apache-2.0 */
/* explain_rule.h — how far a rule is from matching. */
#pragma once

#include "policy/access.h"
#include "policy/explain.h"
#include "policy/rule.h"

struct near_miss rule_explain(struct arena *arena, const struct rule *rule,
			      const struct request_facts *facts);
struct near_miss access_rule_explain(struct arena *arena, const struct access_rule_compiled *rule,
				     const struct access_directory *directory,
				     const struct request_facts *facts);
