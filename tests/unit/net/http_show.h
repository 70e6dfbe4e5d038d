/* SPDX-License-Identifier: Apache-2.0 */
/* http_show.h — a head as one line of text, so that tests can say and compare what was understood:
 *
 *	GET example.com /a HTTP/1.1 length 5, keep | host: example.com | content-length: 5
 *	200 "OK" HTTP/1.1 to end, close */
#pragma once

#include "net/net.h"

void http_show(struct buffer *out, const struct http_head *head);
