/* SPDX-License-Identifier: Apache-2.0 */
/* http2_connection.h — what the files of the HTTP/2 codec share.
 *
 *	http2_new.c       a connection's beginning and end
 *	http2.c           receiving, flushing, opening streams
 *	http2_receive.c   nghttp2's callbacks: frames become events
 *	http2_stream.c    a stream's life, and what its owner sends
 *	http2_head.c      heads and trailers, from and to nghttp2's fields
 *	http2_memory.c    what is kept for the next stream
 *
 * nghttp2 must not be entered from its own callbacks. While `is_inside` heads, ends and resets are
 * only queued, bodies are not taken. Streams that ended wait on `closed` until it is over. */
#pragma once

#include "net/http2.h"
#include "net/http2_budget.h"
#include "net/http2_memory.h"

struct http2 {
	nghttp2_session *session; /* owned */
	enum http2_side side;
	const struct http2_config *config;
	const struct http2_events *events;
	void *owner;
	struct http2_memory *memory;
	struct byte_queue *out;
	struct slab_pool *pool;
	struct list streams; /* open ones */
	struct list closed;  /* ended; on_close is owed */
	struct list blocked; /* by blocked_link: on_writable is owed when something may be sent */
	size_t stream_count; /* on either list */
	struct http2_budget resets, controls;
	unsigned continuations; /* of the head being received */
	uint64_t now_ns;        /* of the bytes being received */
	const char *fault;      /* static; why the connection is over, where we decided it */
	bool is_inside;         /* nghttp2 is running */
	bool wants_flush;       /* on_output was called */
};

struct http2_stream {
	struct http_stream stream; /* what the owner sees */
	struct http2 *http2;
	struct list link;         /* of http2->streams or ->closed, or of the memory's free ones */
	struct list blocked_link; /* of http2->blocked */
	int32_t id;               /* 0: not yet sent */

	/* The message being received */
	struct http_problem problem; /* of its head */
	size_t head_bytes;           /* as HPACK counts */
	size_t unconsumed;           /* of its body; counts against the connection's window */
	bool is_accepted;            /* the owner knows of it */
	bool has_head;               /* final; what follows are trailers */
	bool has_ended;

	/* The message being sent */
	struct text pending;             /* the owner's bytes, during http_stream_send_body */
	bool pending_ends;               /* nothing follows them */
	bool end_is_due;                 /* http_stream_send_end was called */
	struct http_fields out_trailers; /* texts in the arena */
	bool has_sent_end;
	bool reset_when_sent; /* the rest of the peer's message is not wanted */

	bool is_reset; /* by us: no event but on_close */
	bool is_reset_by_peer;
	enum http_close why;
};

static inline struct http2_stream *http2_stream_of(struct http_stream *stream)
{
	return CONTAINER_OF(stream, struct http2_stream, stream);
}

/* http2.c */
void http2_want_flush(struct http2 *http2);
void http2_send_queued(struct http2 *http2); /* not while is_inside */
void http2_tell_closed(struct http2 *http2); /* likewise */
void http2_shut_down_now(struct http2 *http2);
extern const uint8_t http2_farewell[8]; /* what the PING of http2_shut_down says */

/* http2_receive.c */
void http2_set_callbacks(nghttp2_session_callbacks *callbacks);

/* http2_stream.c */
struct http2_stream *http2_stream_new(void);
void http2_stream_free(struct http2_stream *stream);
void http2_stream_reset_state(struct http2_stream *stream); /* to be used again */
struct http2_stream *http2_stream_open(struct http2 *http2, int32_t id);
void http2_stream_closed(struct http2_stream *stream, enum http_close why);
void http2_stream_answer(struct http2_stream *stream, unsigned status); /* and want no more */
void http2_stream_submit_reset(struct http2_stream *stream, uint32_t code);
ssize_t http2_stream_read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t len,
			       uint32_t *flags, nghttp2_data_source *source, void *user_data);
int http2_stream_send_data(nghttp2_session *session, nghttp2_frame *frame,
			   const uint8_t *frame_head, size_t len, nghttp2_data_source *source,
			   void *user_data);

/* http2_head.c */
void http2_head_add(struct http2_stream *stream, struct text name, struct text value);
/* All fields are there. False: the stream's problem says why it is refused. */
bool http2_head_finish(struct http2_stream *stream, bool ends);
size_t http2_head_fields(struct http2 *http2, const struct http_head *head, nghttp2_nv **out);
size_t http2_trailer_fields(struct http2 *http2, const struct http_fields *fields,
			    nghttp2_nv **out);
