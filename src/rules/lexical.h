/* SPDX-License-Identifier: Apache-2.0 */
/* lexical.h — the smallest pieces of the condition language: which characters make which token.
 *
 * Each lexical_NOUN returns the bytes of the token that `text` begins with, 0 where it does not.
 * Falco's tokens: identifier [a-zA-Z]+[a-zA-Z0-9_]*, field = identifiers joined by dots, number,
 * bare string = anything but blanks ( ) " ' = and comma. */
#pragma once

#include "base/base.h"

static inline bool lexical_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool lexical_is_word(char c)
{
	return lexical_is_letter(c) || char_is_digit(c) || c == '_';
}

static inline bool lexical_is_blank(char c)
{
	return char_is_space(c) || c == '\b' || c == '\f' || c == '\v';
}

size_t lexical_identifier(struct text text);
size_t lexical_field_name(struct text text); /* at least two identifiers joined by dots */
size_t lexical_number(struct text text);     /* decimal with fraction and exponent, or 0x... */
size_t lexical_bare(struct text text);
size_t lexical_bare_argument(struct text text); /* what may stand unquoted between [ and ] */
