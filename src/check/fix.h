/* SPDX-License-Identifier: Apache-2.0 */
/* fix.h — mends in the text itself what findings know how to mend; all else stays byte for byte.
 *
 * In rounds: edits that do not touch each other are made, the result is examined again, until
 * nothing is left to mend. So one mending may be the ground for the next, and a second run changes
 * nothing. A round after which the text can no longer be read is taken back. */
#pragma once

#include "check/run.h"

int fix_text(const struct check_options *options, const char *file, struct text text,
	     enum artifact artifact, struct buffer *out, size_t *mended, struct error *err);

/* A unified diff, as patch(1) and git apply read it; nothing where both are the same. */
void diff_write(const char *file, struct text before, struct text after, struct buffer *out);
