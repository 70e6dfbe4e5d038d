/* SPDX-License-Identifier: Apache-2.0 */
/* http1_parse.h — reads the head of an HTTP/1 message, strictly, from bytes as they arrive.
 *
 * What RFC 9112 and 9110 leave to a recipient's tolerance is refused here: whatever two
 * implementations could read differently must not travel through a proxy that decides by it. The
 * table in tests/unit/net/test_http1_parse.c names every shape.
 *
 * Lines are read once, as they complete; a message cut anywhere gives the same result. Field names
 * and hosts are lower-cased in place, so the bytes must be the caller's own. The bytes may move
 * between calls (their owner grew the buffer), but those before the end given must not change. */
#pragma once

#include "net/http.h"

enum http1_result {
	HTTP1_REFUSED = 0, /* see parser->problem; the connection can carry no further message */
	HTTP1_MORE,        /* give the same bytes again with more behind them */
	HTTP1_DONE,        /* the head is complete; the body begins at bytes + parser->next */
};

struct http1_parser {
	const struct http_limits *limits; /* borrowed */
	size_t next;                      /* where the first line not yet read begins */
	size_t scanned;                   /* no line ends between next and here */
	uintptr_t bytes;                  /* where the message lay when last seen */
	unsigned empty_lines;             /* before the first line */
	bool has_start_line;
	struct http_problem problem;
};

/* Before each message. */
void http1_parser_init(struct http1_parser *parser, const struct http_limits *limits);

/* `head` is cleared at the first call for a message and filled from call to call. */
enum http1_result http1_parse_request(struct http1_parser *parser, struct http_head *head,
				      char *bytes, size_t len);

/* `request` is the one that this answers: it decides whether a body follows and whether the
 * protocol may change. Each interim answer (http_status_is_interim) is a message of its own. */
enum http1_result http1_parse_response(struct http1_parser *parser, struct http_head *head,
				       const struct http_head *request, char *bytes, size_t len);
