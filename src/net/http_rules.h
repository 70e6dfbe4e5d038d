/* SPDX-License-Identifier: Apache-2.0 */
/* http_rules.h — what the fields of a head must say whatever version of HTTP brought them.
 *
 * Each returns false and fills the problem where it refuses. */
#pragma once

#include "net/http.h"

static inline bool http_refuse(struct http_problem *problem, unsigned status, const char *reason)
{
	*problem = (struct http_problem){ status, reason };
	return false;
}

static inline bool http_is_repeated(const struct http_fields *fields,
				    const struct http_field *field)
{
	return http_fields_next(fields, field) != NULL;
}

/* Host, where there is one, names the authority or agrees with it. It is lower-cased in place. */
bool http_read_host(struct http_head *head, struct http_problem *problem);
/* Sets content_length; refuses repetition even where it agrees (RFC 9112 6.3). */
bool http_read_length(struct http_head *head, struct http_problem *problem);
bool http_read_expectation(struct http_head *head, struct http_problem *problem);
bool http_accepts_trailers(const struct http_fields *fields);
