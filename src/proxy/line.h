/* SPDX-License-Identifier: Apache-2.0 */
/* line.h — one line of a log, written into bounded room: what does not fit is cut, never the end.
 *
 * Values (line_put_escaped, line_put_plain) stop at value_end; names, numbers and brackets have the
 * rest, so that a line always closes. */
#pragma once

#include "base/base.h"

#define LINE_MAX_BYTES 16384

struct line {
	char *next;
	char *value_end, *end;
};

struct line line_at(char out[LINE_MAX_BYTES]);
void line_put(struct line *line, struct text text);
void line_put_number(struct line *line, uint64_t number);
/* JSON escapes; bytes that are no UTF-8 become U+FFFD. Long values are cut. */
void line_put_escaped(struct line *line, struct text text);
/* For a log of plain text: bytes that could end the line or move a terminal become \xNN. */
void line_put_plain(struct line *line, struct text text);

#define LINE_PUT(line, literal) line_put((line), TEXT(literal))
