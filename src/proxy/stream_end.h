/* SPDX-License-Identifier: Apache-2.0 */
/* stream_end.h — one end of an exchange that is an HTTP/2 stream: what could not be sent yet, and
 * what was received but cannot be passed on yet.
 *
 * Both queues are bounded: the first by the exchange, which pauses its other end when it grows; the
 * second by the stream's window, which opens again only as bytes are passed on. */
#pragma once

#include "net/net.h"

#define STREAM_PENDING_HIGH (64 * 1024)

struct stream_end {
	struct http_stream *stream; /* NULL once it is closed */
	struct slab_pool *pool;
	struct byte_queue pending;   /* to be sent */
	struct byte_queue received;  /* to be passed on */
	struct http_fields trailers; /* to be sent behind `pending` */
	uint64_t left;               /* of a body of known length; HTTP_LENGTH_UNKNOWN */
	bool is_ending;              /* the end follows `pending` */
	bool is_ended;               /* it was sent */
	bool is_paused, is_full;
	bool all_received;
};

void stream_end_open(struct stream_end *end, struct http_stream *stream, struct slab_pool *pool);
void stream_end_done(struct stream_end *end); /* the queues; not the stream */

void stream_end_send_head(struct stream_end *end, struct http_head *head);
void stream_end_send(struct stream_end *end, struct text bytes);
void stream_end_finish(struct stream_end *end, const struct http_fields *trailers);
/* The stream can take more. True: it was full and is no longer. */
bool stream_end_writable(struct stream_end *end);

/* What arrived: true where the caller is to pass `bytes` on now; otherwise it is kept. */
bool stream_end_receive(struct stream_end *end, struct text bytes);
/* The next piece of what was kept, while not paused; the caller says stream_end_passed. */
bool stream_end_next(struct stream_end *end, struct text *bytes);
void stream_end_passed(struct stream_end *end, size_t len, bool was_kept);
