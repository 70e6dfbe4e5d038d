/* SPDX-License-Identifier: Apache-2.0 */
/* http2_end.h — one end of an HTTP/2 connection for tests: keeps a diary of what happened.
 *
 * The diary has a word for each event, with the stream's number in the order of appearance:
 *	"1 head GET http://a / HTTP/2 no body, keep; 1 body hello; 1 end; 1 close done; "
 * Consecutive pieces of a body are one entry. */
#pragma once

#include "net/http_show.h"

struct http2_end;

struct http2_end_owner { /* of a stream */
	struct http2_end *end;
	int number;
};

/* Takes no memory of its own once its buffers have grown, so that tests can count the codec's. */
struct http2_end {
	struct http2 *http2;
	struct http2_config config;
	struct http2_memory *memory;
	struct slab_pool pool;
	struct byte_queue out;
	struct buffer diary, wire;
	struct http2_end_owner owners[512]; /* by the stream's number, again and again */
	uint64_t now_ns;
	struct error err;           /* of the last http2_receive that failed; code 0: none */
	struct http_stream *stream; /* the latest */
	int stream_count;           /* that have appeared */
	int body_of;                /* the stream whose body the diary ends in; 0: none */
	bool omits_bodies;          /* from the diary */
	bool holds_bodies;          /* does not consume what arrives */
	/* What the owner does beyond writing; NULL: nothing. */
	void (*on_head)(struct http2_end *end, struct http_stream *stream);
	void (*on_end)(struct http2_end *end, struct http_stream *stream);
	void (*on_writable)(struct http2_end *end, struct http_stream *stream);
};

void http2_end_init(struct http2_end *end, enum http2_side side, const struct http2_config *config);
void http2_end_done(struct http2_end *end);
int http2_end_receive(struct http2_end *end, const void *bytes, size_t len);
/* Client: a stream whose request is to be sent by the caller. */
struct http_stream *http2_end_open(struct http2_end *end);
/* Carries bytes back and forth until both are quiet. */
void http2_end_talk(struct http2_end *a, struct http2_end *b);
/* What is queued, taken out. */
void http2_end_take_output(struct http2_end *end, struct buffer *out);
/* Gives the bytes at once; appends what was seen, then "-> " and what was sent (wire_show). */
void http2_end_converse(struct http2_end *end, const struct buffer *bytes, struct buffer *seen);
