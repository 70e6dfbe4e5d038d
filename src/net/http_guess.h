/* SPDX-License-Identifier: Apache-2.0 */
/* http_guess.h — whether a connection that said nothing of it speaks HTTP, by its first bytes. */
#pragma once

#include "base/base.h"

enum http_guess {
	HTTP_GUESS_MORE = 0, /* so far it could */
	HTTP_GUESS_OTHER,
	HTTP_GUESS_1, /* a request line of HTTP/1 */
	HTTP_GUESS_2, /* HTTP/2 with prior knowledge (RFC 9113, section 3.3) */
};

/* A request line too long to be waited for is one: its parser will say what is wrong with it. */
enum http_guess http_guess(struct text bytes);
