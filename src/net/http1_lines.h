/* SPDX-License-Identifier: Apache-2.0 */
/* http1_lines.h — the parts of the HTTP/1 parser: the first line, the fields, what they mean
 * together.
 *
 * Each returns false and fills the problem where it refuses. Lines come without their CRLF; their
 * bytes may be changed. */
#pragma once

#include "net/http_rules.h"

bool http1_read_request_line(struct http_head *head, char *line, size_t len,
			     struct http_problem *problem);
bool http1_read_status_line(struct http_head *head, char *line, size_t len,
			    struct http_problem *problem);
bool http1_read_field(struct http_fields *fields, char *line, size_t len,
		      struct http_problem *problem);

/* Once all fields are read: authority, framing, persistence, expectations. */
bool http1_finish_request(struct http_head *head, struct http_problem *problem);
bool http1_finish_response(struct http_head *head, const struct http_head *request,
			   struct http_problem *problem);
