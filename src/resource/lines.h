/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h — finds lines of a text by number, cheaply where they are asked for in order. Inside the
 * room. */
#pragma once

#include "base/base.h"

struct line_finder {
	struct text source;
	unsigned line; /* where the last search ended; 0: nowhere yet */
	size_t start;  /* its first byte */
};

#define LINE_FIND_MAX 65536 /* bytes; the rest of a longer line is left out */

/* The line without its end; absent beyond the last one. */
struct text line_find(struct line_finder *finder, unsigned line);
