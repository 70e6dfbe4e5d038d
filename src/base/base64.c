/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

static int digit_value(char c, enum base64_alphabet alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (char_is_digit(c))
		return c - '0' + 52;
	if (c == (alphabet == BASE64_URL ? '-' : '+'))
		return 62;
	if (c == (alphabet == BASE64_URL ? '_' : '/'))
		return 63;
	return -1;
}

/* Takes the padding away; false where it is not what the alphabet wants. */
static bool strip_padding(struct text *text, enum base64_alphabet alphabet)
{
	if (alphabet == BASE64_URL)
		return text->len % 4 != 1;
	if (text->len % 4 != 0)
		return false;
	for (int i = 0; i < 2 && text->len > 0 && text->ptr[text->len - 1] == '='; i++)
		text->len--;
	return true;
}

bool base64_decode(struct text text, enum base64_alphabet alphabet, void *out, size_t *out_len)
{
	unsigned char *bytes = out;
	uint32_t bits = 0;
	unsigned held = 0; /* bits that are not written yet */
	size_t len = 0;

	if (!strip_padding(&text, alphabet))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const int value = digit_value(text.ptr[i], alphabet);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes[len++] = (unsigned char)(bits >> held);
			bits &= (1u << held) - 1;
		}
	}
	*out_len = len;
	return bits == 0; /* what is left over must be zeroes (section 3.5) */
}
