/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lexical.h"

size_t lexical_identifier(struct text text)
{
	size_t len = 0;

	if (text.len == 0 || !lexical_is_letter(text.ptr[0]))
		return 0;
	while (len < text.len && lexical_is_word(text.ptr[len]))
		len++;
	return len;
}

size_t lexical_field_name(struct text text)
{
	size_t len = lexical_identifier(text);
	bool dotted = false;

	if (len == 0)
		return 0;
	while (len < text.len && text.ptr[len] == '.') {
		const size_t part = lexical_identifier(text_from(text, len + 1));

		if (part == 0)
			break;
		len += 1 + part;
		dotted = true;
	}
	return dotted ? len : 0;
}

static size_t count_digits(struct text text, size_t start)
{
	size_t end = start;

	while (end < text.len && char_is_digit(text.ptr[end]))
		end++;
	return end - start;
}

static size_t hexadecimal(struct text text)
{
	size_t len = 2;

	if (text.len < 3 || text.ptr[0] != '0' || char_lower(text.ptr[1]) != 'x')
		return 0;
	while (len < text.len && (lexical_is_letter(text.ptr[len]) || char_is_digit(text.ptr[len])))
		len++;
	return len > 2 ? len : 0;
}

size_t lexical_number(struct text text)
{
	const size_t hex = hexadecimal(text);
	size_t len = 0;

	if (hex > 0)
		return hex;
	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		len++;

	const size_t digits = count_digits(text, len);

	if (digits == 0)
		return 0;
	len += digits;
	if (len < text.len && text.ptr[len] == '.')
		len += 1 + count_digits(text, len + 1);
	if (len + 2 < text.len && char_lower(text.ptr[len]) == 'e'
	    && (text.ptr[len + 1] == '+' || text.ptr[len + 1] == '-')) {
		const size_t exponent = count_digits(text, len + 2);

		len += exponent > 0 ? 2 + exponent : 0;
	}
	return len;
}

static size_t until_any(struct text text, const char *stops)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != '\0' && !lexical_is_blank(text.ptr[len])
	       && strchr(stops, text.ptr[len]) == NULL)
		len++;
	return len;
}

size_t lexical_bare(struct text text)
{
	return until_any(text, "()\"'=,");
}

size_t lexical_bare_argument(struct text text)
{
	return until_any(text, "[]\"'");
}
