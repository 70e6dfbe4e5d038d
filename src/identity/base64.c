/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Three bytes are four digits; what is left at the end makes two or three. */
static void add(struct buffer *out, struct text bytes, const char *digits)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		const size_t count = MIN_OF(bytes.len - i, (size_t)3);
		uint32_t group = 0;

		for (size_t n = 0; n < 3; n++)
			group = group << 8 | (n < count ? (unsigned char)bytes.ptr[i + n] : 0);
		for (size_t n = 0; n <= count; n++)
			buffer_add_char(out, digits[group >> (18 - 6 * n) & 63]);
	}
}

void base64_add(struct buffer *out, struct text bytes)
{
	add(out, bytes, standard);
	for (size_t left = bytes.len % 3; left > 0 && left < 3; left++)
		buffer_add_char(out, '=');
}

void base64url_add(struct buffer *out, struct text bytes)
{
	add(out, bytes, for_urls);
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (char_is_digit(c))
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

bool base64url_decode(struct buffer *out, struct text encoded)
{
	uint32_t bits = 0;
	unsigned count = 0;

	if (encoded.len % 4 == 1)
		return false;
	for (size_t i = 0; i < encoded.len; i++) {
		const int value = digit_value(encoded.ptr[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buffer_add_char(out, (char)(bits >> count & 0xff));
	}
	return (bits & ((1u << count) - 1)) == 0;
}
