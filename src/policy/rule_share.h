/* SPDX-License-Identifier: Apache-2.0 */
/* rule_share.h — equal lists of clauses become one.
 *
 * Rules of one mesh repeat themselves: "GET, HEAD", the same hosts, the same few paths. With one
 * copy of each, what a decision reads of a rule is mostly in the cache already, however many there
 * are. */
#pragma once

#include "policy/rule.h"

/* Lives while a policy is compiled. */
struct rule_share {
	struct arena *arena; /* where lists and keys lie */
	struct map lists;    /* what a list says -> struct clause_list */
};

void rule_share_done(struct rule_share *share);
/* The list itself, or the equal one that came first. */
struct clause_list rule_share_list(struct rule_share *share, struct clause_list list);
