/* SPDX-License-Identifier: Apache-2.0 */
/* automaton.h — many patterns for paths as one table that is walked a byte at a time.
 *
 * The kernel walks it (bpf/filter.h) over a path as a program gives it; what comes out is a set of
 * up to 64 marks: those whose patterns may fit the path once it is made plain. It may say so in
 * vain, never the other way: relative paths may begin anywhere, and a path that is not plain ("//",
 * "/./", "/../") may be any.
 *
 *	patterns -> positions in them (tokens) -> sets of positions (states) -> table */
#pragma once

#include "base/base.h"
#include "sensor/record.h"

enum path_pattern_kind {
	PATH_IS, /* the whole path */
	PATH_BEGINS,
	PATH_ENDS,
	PATH_CONTAINS,
	PATH_DIRECTLY_IN, /* its directory is this */
	PATH_NAMED,       /* what follows its last slash is this */
	PATH_GLOB,
};

struct path_pattern {
	enum path_pattern_kind kind;
	struct text text;
	uint64_t marks;
};

/* False where it would need more than PATH_STATES states or PATH_CLASSES classes of bytes: then
 * paths cannot be told apart. */
bool automaton_build(const struct path_pattern *patterns, size_t count, struct path_automaton *out);
/* What the kernel does, for tests. */
uint64_t automaton_walk(const struct path_automaton *automaton, struct text path);
