/* SPDX-License-Identifier: Apache-2.0 */
/* http1_body.h — takes a body out of an HTTP/1 connection's bytes, piece by piece, without copying.
 *
 *	while ((result = http1_body_read(&body, &input, &data)) == HTTP1_BODY_DATA)
 *		use(data);
 *
 * RFC 9112 6 and 7. Chunk sizes and extensions are read as strictly as heads are; extensions are
 * thrown away. Trailers that would change framing or routing are refused, others that may not be
 * trailers (RFC 9110 6.5.1) are left out. */
#pragma once

#include "net/http.h"

enum http1_body_state {
	HTTP1_BODY_AT_END = 0,
	HTTP1_BODY_IN_LENGTH,
	HTTP1_BODY_TO_CLOSE,
	HTTP1_CHUNK_SIZE, /* its digits */
	HTTP1_CHUNK_EXTENSION,
	HTTP1_CHUNK_SIZE_LF,
	HTTP1_CHUNK_DATA,
	HTTP1_CHUNK_CR,
	HTTP1_CHUNK_LF,
	HTTP1_TRAILERS,
};

struct http1_body {
	enum http1_body_state state;
	uint64_t left;                    /* of the length or of the chunk */
	size_t digits;                    /* of this chunk's size */
	size_t extension_bytes;           /* of this chunk */
	size_t trailer_bytes;             /* so far */
	const struct http_limits *limits; /* borrowed */
	struct http_fields *trailers;     /* the caller's */
	struct arena *arena;              /* keeps what trailers say */
	struct http_problem problem;
};

enum http1_body_result {
	HTTP1_BODY_REFUSED = 0, /* see problem; the connection can carry no further message */
	HTTP1_BODY_MORE,        /* give what is left of the input again, with more behind it */
	HTTP1_BODY_DATA,        /* `data` is the next piece */
	HTTP1_BODY_END,         /* the input begins with the next message, if any */
};

/* Of the message whose head this is. trailers must be empty. */
void http1_body_init(struct http1_body *body, const struct http_head *head,
		     const struct http_limits *limits, struct http_fields *trailers,
		     struct arena *arena);

/* Takes from the front of *input. */
enum http1_body_result http1_body_read(struct http1_body *body, struct text *input,
				       struct text *data);

/* The peer closed: was that the end of the body (true), or is something missing? */
bool http1_body_close(struct http1_body *body);
