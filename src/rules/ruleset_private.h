/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset_private.h — what a compiled set holds. Private to the room. */
#pragma once

#include "rules/definition.h"
#include "rules/output.h"
#include "rules/ruleset.h"

#include <stdatomic.h>

struct compiled_rule {
	const struct condition *tree; /* lists, exceptions and macros put in */
	uint32_t node;
	struct output output;
	const bool *event_types; /* by event type */
	size_t event_type_count;
};

struct ruleset {
	atomic_uint references;
	struct arena arena; /* owns all below but the program's databases */
	struct program program;
	struct rule *rules;
	struct compiled_rule *compiled; /* side by side with rules */
	size_t count;
	struct field_use *fields;
	size_t field_count;
	struct text *hosts;
	size_t host_count;
	struct texts macros, lists; /* names, for describing */
	bool first_only;
};
