/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/ownership.h"

bool text_equal_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.ptr[i] != b.ptr[i] && char_lower(a.ptr[i]) != char_lower(b.ptr[i]))
			return false;
	return true;
}

bool text_starts_with_nocase(struct text text, struct text prefix)
{
	return text.len >= prefix.len && text_equal_nocase(text_until(text, prefix.len), prefix);
}

bool text_ends_with_nocase(struct text text, struct text suffix)
{
	return text.len >= suffix.len
	       && text_equal_nocase(text_from(text, text.len - suffix.len), suffix);
}

bool text_contains(struct text text, struct text part)
{
	return part.len == 0 || (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len));
}

bool text_equal_secret(struct text a, struct text b)
{
	unsigned char difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
	return difference == 0;
}

size_t text_find_char(struct text text, char c)
{
	const char *found = text.len > 0 ? memchr(text.ptr, c, text.len) : NULL;

	return found != NULL ? (size_t)(found - text.ptr) : TEXT_NONE;
}

size_t text_find_last_char(struct text text, char c)
{
	const char *found = text.len > 0 ? memrchr(text.ptr, c, text.len) : NULL;

	return found != NULL ? (size_t)(found - text.ptr) : TEXT_NONE;
}

struct text text_trim(struct text text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = text_from(text, 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

struct text text_split(struct text *rest, char separator)
{
	const size_t at = text_find_char(*rest, separator);
	struct text first = *rest;

	if (at == TEXT_NONE) {
		*rest = (struct text){ NULL, 0 };
		return first;
	}
	*rest = text_from(*rest, at + 1);
	return text_until(first, at);
}

bool text_parse_number(struct text text, uint64_t max, uint64_t *out)
{
	uint64_t number = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!char_is_digit(text.ptr[i]) || __builtin_mul_overflow(number, 10u, &number)
		    || __builtin_add_overflow(number, (uint64_t)(text.ptr[i] - '0'), &number))
			return false;
	}
	if (number > max)
		return false;
	*out = number;
	return true;
}

size_t text_format_number(char out[TEXT_NUMBER_MAX], uint64_t number)
{
	char digits[TEXT_NUMBER_MAX];
	size_t count = 0;

	do {
		digits[TEXT_NUMBER_MAX - ++count] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	memcpy(out, digits + TEXT_NUMBER_MAX - count, count);
	return count;
}

#define WORD_MAX 48 /* longer words are not compared: no field or kind is that long */

/* Levenshtein distance, without regard to case. */
static size_t distance(struct text a, struct text b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			const size_t above = row[j];
			const bool same = char_lower(a.ptr[i - 1]) == char_lower(b.ptr[j - 1]);
			const size_t step = MIN_OF(above, row[j - 1]) + 1;

			row[j] = MIN_OF(step, diagonal + (same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[b.len];
}

const char *text_closest(struct text word, const char *const *candidates, size_t count)
{
	const char *closest = NULL;
	size_t best = word.len / 3 + 1; /* a third of the letters may be wrong */

	if (word.len == 0 || word.len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct text candidate = text_of(candidates[i]);

		if (candidate.len > WORD_MAX)
			continue;

		const size_t far = distance(word, candidate);

		if (far <= best && far < candidate.len) {
			closest = candidates[i];
			best = far == 0 ? 0 : far - 1;
			if (far == 0)
				break;
		}
	}
	return closest;
}

/* The number of continuation bytes after this lead byte; SIZE_MAX where it is no lead byte. */
static size_t utf8_more(unsigned char lead)
{
	if (lead < 0x80)
		return 0;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 3;
	return SIZE_MAX;
}

bool text_is_utf8(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char lead = (unsigned char)text.ptr[i];
		const size_t more = utf8_more(lead);

		if (more == SIZE_MAX || more > text.len - i - 1)
			return false;
		for (size_t k = 1; k <= more; k++) {
			const unsigned char next = (unsigned char)text.ptr[i + k];

			if ((next & 0xc0) != 0x80)
				return false;
			/* overlong forms, surrogates, above U+10FFFF (RFC 3629, section 4) */
			if (k == 1
			    && ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f)
				|| (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f)))
				return false;
		}
		i += more;
	}
	return true;
}
