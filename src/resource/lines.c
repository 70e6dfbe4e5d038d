/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/lines.h"

struct text line_find(struct line_finder *finder, unsigned line)
{
	if (finder->line == 0 || line < finder->line) {
		finder->line = 1;
		finder->start = 0;
	}
	while (finder->line < line) {
		const struct text rest = text_from(finder->source, finder->start);
		const size_t end = text_find_char(rest, '\n');

		if (end == TEXT_NONE)
			return (struct text){ NULL, 0 };
		finder->start += end + 1;
		finder->line++;
	}

	struct text rest = text_from(finder->source, finder->start);

	rest.len = MIN_OF(rest.len, (size_t)LINE_FIND_MAX);
	struct text found = text_split(&rest, '\n');

	if (found.len > 0 && found.ptr[found.len - 1] == '\r')
		found.len--;
	return found;
}
