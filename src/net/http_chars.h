/* SPDX-License-Identifier: Apache-2.0 */
/* http_chars.h — which bytes may stand where in HTTP: tokens, field values, hosts, targets.
 *
 * The same functions judge HTTP/1 and HTTP/2, so that what one version refuses cannot enter by the
 * other. */
#pragma once

#include "base/base.h"

enum http_char {
	HTTP_CHAR_TOKEN = 0x01, /* RFC 9110 5.6.2: methods, field names */
	HTTP_CHAR_VALUE = 0x02, /* RFC 9110 5.5: blank, tab, visible, and any byte above 0x7f */
	HTTP_CHAR_HOST =
		0x04, /* of a DNS name or an IPv4 address, and '_' as service names have it */
	HTTP_CHAR_TARGET = 0x08, /* of path and query; see http_chars.c for what is let through */
	HTTP_CHAR_UPPER = 0x20,  /* the bit that makes the letter lower-case */
};

extern const uint8_t http_char_class[256];

static inline bool http_char_is(char c, enum http_char class)
{
	return (http_char_class[(unsigned char)c] & class) != 0;
}

static inline char http_char_lower(char c)
{
	return (char)(c | (http_char_class[(unsigned char)c] & HTTP_CHAR_UPPER));
}

/* Every byte is of the class; true for an empty text. */
bool http_text_is(struct text text, enum http_char class);

/* The same as http_text_is(value, HTTP_CHAR_VALUE), eight bytes at a time. */
bool http_value_is_valid(struct text value);

bool http_token_is_valid(struct text token); /* not empty */
bool http_path_is_valid(struct text path);   /* "/...", with query; no fragment */
void http_lower(char *bytes, size_t len);
