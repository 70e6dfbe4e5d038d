/* SPDX-License-Identifier: Apache-2.0 */
/* text_match.h — the text comparisons that are more than comparing bytes. Private to the room. */
#pragma once

#include "base/base.h"

/* As fnmatch(3) with flags 0: `*` and `?` match '/' and a leading dot too; [sets], [!sets] and
 * [:classes:]; a backslash takes the next character's meaning away. Time is at most
 * pattern times text. */
bool glob_match(struct text pattern, struct text text, bool ignore_case);

/* Is the pattern, read as a path whose components may be globs, a prefix of the path in whole
 * components? "/etc/ssh" is one of "/etc/ssh/x", not of "/etc/sshd". */
bool path_prefix_match(struct text pattern, struct text path);

bool text_contains_nocase(struct text text, struct text part);

/* "cafe01" -> the three bytes; false where it is no even number of hexadecimal digits. */
bool hex_decode(struct arena *arena, struct text hex, struct text *out);

/* A set of texts that never changes: one probe, most often. */
struct text_set {
	const struct text *slots; /* ptr NULL: empty */
	uint32_t mask;
};

void text_set_init(struct text_set *set, struct arena *arena, const struct text *items,
		   size_t count);
bool text_set_has(const struct text_set *set, struct text text);
