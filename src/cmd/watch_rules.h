/* SPDX-License-Identifier: Apache-2.0 */
/* watch_rules.h — the rule files of `watch` and `replay`: ours first, then those that are named. */
#pragma once

#include "rules/rules.h"

#define RULE_FILES_MAX 64

struct watch_rules {
	const char *paths[RULE_FILES_MAX];
	size_t count;
	bool without_ours; /* only those that are named */
	bool first_only;
};

/* Loads them and prints what is wrong with them; NULL where something is. The caller's reference.
 */
struct ruleset *watch_rules_load(const struct watch_rules *rules);
