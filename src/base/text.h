/* SPDX-License-Identifier: Apache-2.0 */
/* text.h — text as a view: a pointer and a length, owned by whoever owns the bytes.
 *
 * A view is not NUL-terminated. An absent text has ptr NULL; an empty one has ptr set and len 0.
 * Case folding is ASCII only, as every protocol here wants it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *ptr;
	size_t len;
};

#define TEXT(literal)   ((struct text){ "" literal, sizeof(literal) - 1 })
#define TEXT_NUMBER_MAX 20 /* digits of the largest uint64_t */
/* For printf: "%.*s". */
#define TEXT_ARGS(text) (int)(text).len, (text).ptr != NULL ? (text).ptr : ""

static inline struct text text_of(const char *string) /* NULL becomes an absent text */
{
	return (struct text){ string, string != NULL ? strlen(string) : 0 };
}

static inline bool text_is_empty(struct text text)
{
	return text.len == 0;
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool text_is(struct text a, const char *b)
{
	return text_equal(a, text_of(b));
}

static inline bool text_starts_with(struct text text, struct text prefix)
{
	return text.len >= prefix.len
	       && (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool text_ends_with(struct text text, struct text suffix)
{
	return text.len >= suffix.len
	       && (suffix.len == 0
		   || memcmp(text.ptr + text.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

static inline struct text text_from(struct text text, size_t start) /* start <= len */
{
	return (struct text){ text.ptr + start, text.len - start };
}

static inline struct text text_until(struct text text, size_t end) /* end <= len */
{
	return (struct text){ text.ptr, end };
}

static inline char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool char_is_space(char c) /* blank, tab, line ends */
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool text_equal_nocase(struct text a, struct text b);
bool text_starts_with_nocase(struct text text, struct text prefix);
bool text_ends_with_nocase(struct text text, struct text suffix);
bool text_contains(struct text text, struct text part);
bool text_equal_secret(struct text a, struct text b); /* time depends on the lengths alone */

#define TEXT_NONE SIZE_MAX
size_t text_find_char(struct text text, char c);      /* TEXT_NONE where absent */
size_t text_find_last_char(struct text text, char c); /* TEXT_NONE where absent */
struct text text_trim(struct text text);              /* without blanks and tabs at both ends */

/* Cuts at the first `separator`: returns what is before it and moves *rest behind it (absent at the
 * end). `while (rest.ptr != NULL) { item = text_split(&rest, ','); ... }` sees every item. */
struct text text_split(struct text *rest, char separator);

/* Decimal digits only; no sign, no blanks. False if empty, malformed or above max. */
bool text_parse_number(struct text text, uint64_t max, uint64_t *out);
size_t text_format_number(char out[TEXT_NUMBER_MAX], uint64_t number); /* digits written, no NUL */

/* The candidate nearest to a misspelt word, or NULL where none is near ("did you mean"). */
const char *text_closest(struct text word, const char *const *candidates, size_t count);

bool text_is_utf8(struct text text);
