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

/* Three bytes are four digits; what is left at the end makes two or three. */
void base64_encode(struct buffer *out, struct text bytes, enum base64_alphabet alphabet)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digits = alphabet == BASE64_STANDARD ? standard : url;

	for (size_t i = 0; i < bytes.len; i += 3) {
		const size_t count = MIN_OF(bytes.len - i, (size_t)3);
		uint32_t group = 0;

		for (size_t n = 0; n < 3; n++)
			group = group << 8 | (n < count ? (unsigned char)bytes.ptr[i + n] : 0);
		for (size_t n = 0; n <= count; n++)
			buffer_add_char(out, digits[group >> (18 - 6 * n) & 63]);
		for (size_t n = count; n < 3 && alphabet == BASE64_STANDARD; n++)
			buffer_add_char(out, '=');
	}
}
