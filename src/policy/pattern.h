/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h — the string forms of Istio's policies: `v` exact, `v*` prefix, `*v` suffix, `*` there;
 * path templates with {*} and {**}. A '*' anywhere else is a character like any other. */
#pragma once

#include "base/base.h"

enum pattern_kind {
	PATTERN_EXACT = 0,
	PATTERN_PREFIX,
	PATTERN_SUFFIX,
	PATTERN_ANY,       /* whatever is there, even if empty */
	PATTERN_NON_EMPTY, /* whatever is there and not empty */
	PATTERN_GLOB,      /* each '*' stands for any run of bytes */
	PATTERN_TEMPLATE,  /* {*} a segment that is not empty, {**} the rest, possibly empty */
};

struct pattern {
	enum pattern_kind kind;
	bool ignore_case; /* EXACT, PREFIX and SUFFIX */
	struct text text; /* borrowed; without the '*' of a prefix or suffix */
};

/* `star` is what "*" alone means: PATTERN_ANY or PATTERN_NON_EMPTY. */
struct pattern pattern_of(struct text written, enum pattern_kind star);
bool pattern_matches(const struct pattern *pattern, struct text value); /* absent: never */

bool glob_matches(struct text glob, struct text value);

bool path_is_template(struct text path);
/* NULL, or what is wrong with a template. */
const char *path_template_problem(struct text path);
