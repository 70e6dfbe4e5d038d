/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_try.h"

#include <stdio.h>
#include <stdlib.h>

struct attempt {
	struct http1_parser parser;
	struct http_head head;
	const char *method;
	struct http_head request; /* what is answered */
	char *bytes; /* a block of exactly the bytes that have arrived: a sanitizer sees one more */
	size_t len;
};

static enum http1_result step(struct attempt *attempt, struct text message, size_t arrived)
{
	char *moved = malloc(arrived);

	if (moved == NULL && arrived > 0)
		abort();
	if (attempt->len > 0)
		memcpy(moved, attempt->bytes, attempt->len);
	if (arrived > attempt->len)
		memcpy(moved + attempt->len, message.ptr + attempt->len, arrived - attempt->len);
	free(attempt->bytes);
	attempt->bytes = moved;
	attempt->len = arrived;
	if (attempt->method == NULL)
		return http1_parse_request(&attempt->parser, &attempt->head, moved, arrived);
	return http1_parse_response(&attempt->parser, &attempt->head, &attempt->request, moved,
				    arrived);
}

static void show_result(struct buffer *out, const struct attempt *attempt, enum http1_result result)
{
	if (result == HTTP1_MORE)
		buffer_add_text(out, "more");
	else if (result == HTTP1_REFUSED)
		buffer_printf(out, "%u %s", attempt->parser.problem.status,
			      attempt->parser.problem.reason);
	else
		http_show(out, &attempt->head);
}

/* The message arrives up to `first`, then `piece` bytes at a time. */
static void try_cut(struct buffer *out, struct text message, const char *method,
		    const struct http_limits *limits, size_t first, size_t piece)
{
	struct attempt attempt = { .method = method,
				   .request = { .method = text_of(method),
						.upgrade = TEXT("websocket") } };
	size_t arrived = first;

	http1_parser_init(&attempt.parser, limits);

	enum http1_result result = step(&attempt, message, arrived);

	while (result == HTTP1_MORE && arrived < message.len) {
		arrived = MIN_OF(arrived + piece, message.len);
		result = step(&attempt, message, arrived);
	}
	show_result(out, &attempt, result);
	free(attempt.bytes);
	http_head_done(&attempt.head);
}

static void require_same(struct buffer *seen, struct text want, const char *how, size_t at)
{
	if (!text_equal(buffer_text(seen), want)) {
		fprintf(stderr, "%s %zu gives\n  %.*s\ninstead of\n  %.*s\n", how, at,
			TEXT_ARGS(buffer_text(seen)), TEXT_ARGS(want));
		abort();
	}
	buffer_clear(seen);
}

void http1_try(struct buffer *out, struct text message, const char *method,
	       const struct http_limits *limits)
{
	AUTO_BUFFER struct buffer seen = { 0 };
	const size_t start = out->len;

	limits = limits != NULL ? limits : &http_limits_default;
	try_cut(out, message, method, limits, message.len, 1);

	const struct text want = text_from(buffer_text(out), start);
	const size_t stride = message.len / 512 + 1; /* long messages: not every offset */

	for (size_t at = 0; at < message.len; at += stride) {
		try_cut(&seen, message, method, limits, at, message.len);
		require_same(&seen, want, "cut at", at);
	}
	try_cut(&seen, message, method, limits, 0, stride);
	require_same(&seen, want, "in pieces of", stride);
}
