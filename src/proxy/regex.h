/* SPDX-License-Identifier: Apache-2.0 */
/* regex.h — one compiled regular expression: PCRE2 restricted to what RE2 has, with limits.
 *
 * Immutable once compiled; any thread may match. Matching takes no heap memory and is bounded: a
 * subject that would take too long does not match, and the caller treats that as "no". */
#pragma once

#include "base/base.h"

struct regex;

/* -EINVAL with what is wrong: a syntax error, or something that RE2 does not have (back references,
 * look-around), so that a file means the same to every program that reads it. */
int regex_compile(struct text pattern, struct regex **out, struct error *err);
void regex_free(struct regex *regex);

bool regex_matches_all(const struct regex *regex, struct text subject);
/* Every match in subject replaced, \1 … \9 being groups, into `out`; false where nothing matched.
 */
bool regex_replace(const struct regex *regex, struct text subject, struct text replacement,
		   struct buffer *out);
