/* SPDX-License-Identifier: Apache-2.0 */
/* access_index.h — of many AccessPolicy rules, those that a caller can match at all: filed by their
 * sources, "NAMESPACE/NAME" and prefixes of it. Rules for anybody, or for a suffix, are always
 * looked at. Lookups allocate nothing. */
#pragma once

#include "policy/access.h"

/* All that a stage knows a caller by. */
struct access_caller {
	struct text peer, namespace, account;   /* absent without an identity */
	const struct access_identity *identity; /* NULL: no Workload has it */
};

struct access_caller access_caller_of(const struct access_directory *directory, struct text peer);

/* rules: of the stage, in order. Everything lies in the arena. */
const struct access_index *access_index_build(struct arena *arena,
					      const struct access_rule_compiled *const *rules,
					      size_t count);

/* Calls `visit` with the numbers of rules, rising within one source, until it says that no later
 * one of it matters (false). */
typedef bool access_visit_fn(void *context, uint32_t number);
void access_index_visit(const struct access_index *index, const struct access_caller *caller,
			access_visit_fn *visit, void *context);
