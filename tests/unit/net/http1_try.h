/* SPDX-License-Identifier: Apache-2.0 */
/* http1_try.h — reads one HTTP/1 message in every way it can arrive: whole, cut at each offset,
 * byte by byte, in a buffer that moves; aborts unless all agree. */
#pragma once

#include "net/http_show.h"

/* Appends what was understood (http_show), "STATUS reason", or "more". `method` NULL: a request;
 * otherwise the answer to one. `limits` NULL: the defaults. */
void http1_try(struct buffer *out, struct text message, const char *method,
	       const struct http_limits *limits);
