/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/line.h"

#define VALUE_MAX    1024 /* of one value; six bytes a character at worst */
#define LITERALS_MAX 2048 /* all the rest of a line takes less */

struct line line_at(char out[LINE_MAX_BYTES])
{
	char *end = out + LINE_MAX_BYTES;

	return (struct line){ out, end - LITERALS_MAX, end };
}

void line_put(struct line *line, struct text text)
{
	const size_t len = MIN_OF(text.len, (size_t)(line->end - line->next));

	if (len == 0)
		return;
	memcpy(line->next, text.ptr, len);
	line->next += len;
}

void line_put_number(struct line *line, uint64_t number)
{
	char digits[TEXT_NUMBER_MAX];

	line_put(line, (struct text){ digits, text_format_number(digits, number) });
}

static struct text cut_to_room(const struct line *line, struct text text)
{
	if (line->next >= line->value_end)
		return (struct text){ text.ptr, 0 };
	text.len = MIN_OF(text.len, (size_t)VALUE_MAX);
	text.len = MIN_OF(text.len, (size_t)(line->value_end - line->next));
	return text;
}

/* Plain ASCII, which is nearly all, is copied. */
void line_put_escaped(struct line *line, struct text text)
{
	size_t plain = 0;

	text = cut_to_room(line, text);
	while (plain < text.len && (unsigned char)text.ptr[plain] >= 0x20
	       && (unsigned char)text.ptr[plain] < 0x7f && text.ptr[plain] != '"'
	       && text.ptr[plain] != '\\')
		plain++;
	line_put(line, text_until(text, plain));
	if (plain == text.len)
		return;

	AUTO_BUFFER struct buffer escaped = { 0 };

	json_escape(&escaped, text_from(text, plain));
	if (escaped.len <= (size_t)(line->value_end - line->next)) /* never cut inside an escape */
		line_put(line, buffer_text(&escaped));
}

void line_put_plain(struct line *line, struct text text)
{
	static const char digits[] = "0123456789ABCDEF";

	text = cut_to_room(line, text);
	for (size_t i = 0; i < text.len && line->next < line->value_end; i++) {
		const unsigned char byte = (unsigned char)text.ptr[i];

		if (byte >= 0x20 && byte != 0x7f) {
			line_put(line, text_until(text_from(text, i), 1));
			continue;
		}

		const char escape[] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };

		line_put(line, (struct text){ escape, sizeof(escape) });
	}
}
