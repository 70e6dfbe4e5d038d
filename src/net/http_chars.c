/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_chars.h"

#define TOKEN  HTTP_CHAR_TOKEN
#define VALUE  HTTP_CHAR_VALUE
#define HOST   HTTP_CHAR_HOST
#define TARGET HTTP_CHAR_TARGET
#define UPPER  HTTP_CHAR_UPPER

/* Of the bytes RFC 3986 does not allow in a path or query, those that browsers send as they are
 * ([ ] | \ ^ ` { }) are let through: policy compares the normalized path, never the raw one.
 * Quotes, angle brackets, '#', blanks, controls and bytes above 0x7e must be percent-encoded. */
const uint8_t http_char_class[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['!'] = VALUE | TOKEN | TARGET,
	['"'] = VALUE,
	['#'] = VALUE | TOKEN,
	['$' ... '\''] = VALUE | TOKEN | TARGET,
	['('] = VALUE | TARGET,
	[')'] = VALUE | TARGET,
	['*'] = VALUE | TOKEN | TARGET,
	['+'] = VALUE | TOKEN | TARGET,
	[','] = VALUE | TARGET,
	['-'] = VALUE | TOKEN | TARGET | HOST,
	['.'] = VALUE | TOKEN | TARGET | HOST,
	['/'] = VALUE | TARGET,
	['0' ... '9'] = VALUE | TOKEN | TARGET | HOST,
	[':'] = VALUE | TARGET,
	[';'] = VALUE | TARGET,
	['<'] = VALUE,
	['='] = VALUE | TARGET,
	['>'] = VALUE,
	['?'] = VALUE | TARGET,
	['@'] = VALUE | TARGET,
	['A' ... 'Z'] = VALUE | TOKEN | TARGET | HOST | UPPER,
	['['] = VALUE | TARGET,
	['\\'] = VALUE | TARGET,
	[']'] = VALUE | TARGET,
	['^'] = VALUE | TOKEN | TARGET,
	['_'] = VALUE | TOKEN | TARGET | HOST,
	['`'] = VALUE | TOKEN | TARGET,
	['a' ... 'z'] = VALUE | TOKEN | TARGET | HOST,
	['{'] = VALUE | TARGET,
	['|'] = VALUE | TOKEN | TARGET,
	['}'] = VALUE | TARGET,
	['~'] = VALUE | TOKEN | TARGET,
	[0x80 ... 0xff] = VALUE,
};

bool http_text_is(struct text text, enum http_char class)
{
	for (size_t i = 0; i < text.len; i++)
		if (!http_char_is(text.ptr[i], class))
			return false;
	return true;
}

/* True only if none of the eight bytes is a control character; a tab counts as one. */
static inline bool word_is_printable(const char *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));

	const uint64_t below_blank = (word - ones * 0x20) & ~word;
	const uint64_t not_delete = word ^ (ones * 0x7f);

	return ((below_blank | ((not_delete - ones) & ~not_delete)) & high) == 0;
}

bool http_value_is_valid(struct text value)
{
	size_t at = 0;

	for (; at + 8 <= value.len; at += 8)
		if (!word_is_printable(value.ptr + at)
		    && !http_text_is((struct text){ value.ptr + at, 8 }, HTTP_CHAR_VALUE))
			return false;
	return http_text_is(text_from(value, at), HTTP_CHAR_VALUE);
}

bool http_token_is_valid(struct text token)
{
	return token.len > 0 && http_text_is(token, HTTP_CHAR_TOKEN);
}

bool http_path_is_valid(struct text path)
{
	return path.len > 0 && path.ptr[0] == '/' && http_text_is(path, HTTP_CHAR_TARGET);
}

void http_lower(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = http_char_lower(bytes[i]);
}
