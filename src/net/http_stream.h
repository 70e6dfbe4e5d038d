/* SPDX-License-Identifier: Apache-2.0 */
/* http_stream.h — one request and its answer on a connection, whichever version of HTTP it speaks.
 *
 * Whoever accepted or opened the stream is its owner. What arrives comes as events:
 *
 *	on_head, then on_body (any number), then on_end; on_close is always the last.
 *
 * What is sent goes through the functions below: a head, the body piece by piece, the end. On the
 * side of a client the head received is an answer; interim answers (100, 103) come as an on_head of
 * their own before it. On the side of a server the owner may send interim heads before the answer.
 *
 * Back pressure. Receiving: the owner takes all of what on_body gives and says http_stream_consume
 * once it has passed it on; the peer may send only so much that is not consumed. Sending:
 * http_stream_send_body takes what fits now and says how much; if that was not all, on_writable
 * tells when to go on. Nothing of a body is stored here.
 *
 * Events come only while the connection receives or is flushed, never out of a call that sends. The
 * stream is the connection's; it is gone when on_close returns. Single-threaded, as the loop. */
#pragma once

#include "net/http.h"

enum http_close {                       /* how a stream ended */
		  HTTP_CLOSE_DONE = 0,  /* both messages are complete */
		  HTTP_CLOSE_CANCELED,  /* nobody wants the rest */
		  HTTP_CLOSE_REFUSED,   /* nothing of it was acted upon: a request may be sent
					   elsewhere */
		  HTTP_CLOSE_MALFORMED, /* the peer's message broke the rules */
		  HTTP_CLOSE_INTERNAL,  /* it could not be completed: the other side failed, or ours
					 */
		  HTTP_CLOSE_CONNECTION, /* the connection was lost */
};

struct http_stream;

struct http_stream_events {
	void (*on_head)(struct http_stream *stream); /* stream->head is complete */
	void (*on_body)(struct http_stream *stream, struct text data); /* borrowed for the call */
	void (*on_end)(struct http_stream *stream); /* the message is whole; stream->trailers */
	void (*on_writable)(struct http_stream *stream);
	void (*on_close)(struct http_stream *stream, enum http_close why);
};

struct http_stream_ops { /* of a version of HTTP */
	void (*send_head)(struct http_stream *stream, struct http_head *head, bool ends);
	size_t (*send_body)(struct http_stream *stream, struct text data, bool ends);
	void (*send_end)(struct http_stream *stream, const struct http_fields *trailers);
	void (*consume)(struct http_stream *stream, size_t len);
	void (*reset)(struct http_stream *stream, enum http_close why);
};

struct http_stream {
	const struct http_stream_ops *ops;
	const struct http_stream_events *events;
	void *owner;                 /* the owner's; never touched here */
	struct http_head head;       /* received; its texts stay until on_close */
	struct http_fields trailers; /* received; empty before on_end */
	struct arena arena;          /* lives as long as the stream; the owner may take from it */
};

/* `head` is read before the call returns. ends: no body follows. Framing that this version cannot
 * express is changed to what it can (a body of unknown length becomes chunks in HTTP/1.1). */
static inline void http_stream_send_head(struct http_stream *stream, struct http_head *head,
					 bool ends)
{
	stream->ops->send_head(stream, head, ends);
}

/* Returns how many bytes were taken. `ends` takes effect when all were. */
static inline size_t http_stream_send_body(struct http_stream *stream, struct text data, bool ends)
{
	return stream->ops->send_body(stream, data, ends);
}

/* Where the body did not end with its last bytes. trailers may be NULL. */
static inline void http_stream_send_end(struct http_stream *stream,
					const struct http_fields *trailers)
{
	stream->ops->send_end(stream, trailers);
}

static inline void http_stream_consume(struct http_stream *stream, size_t len)
{
	stream->ops->consume(stream, len);
}

/* The peer must see that the message is not complete. on_close follows; no other event does. */
static inline void http_stream_reset(struct http_stream *stream, enum http_close why)
{
	stream->ops->reset(stream, why);
}
