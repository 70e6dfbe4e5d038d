/* SPDX-License-Identifier: Apache-2.0 */
/* http2.h — one HTTP/2 connection, a server's or a client's, as bytes in and bytes out.
 *
 * Framing, HPACK and the state of streams are nghttp2's. Here are the limits, the rules for heads
 * (the same functions that judge HTTP/1), flow control tied to what the owner consumed, and streams
 * that look like those of HTTP/1 (http_stream.h).
 *
 * What is to be sent is appended to the owner's queue. on_output asks for http2_flush at the end of
 * the round, so that all frames of a round leave in one write. When the queue is full
 * (http2_config) nothing is added until http2_flush finds it below again.
 *
 * What floods cost the peer: streams that it resets, or that are reset for its faults, and frames
 * that carry nothing (PING, SETTINGS, PRIORITY, empty DATA) are paid from budgets that refill with
 * time; who overdraws gets GOAWAY ENHANCE_YOUR_CALM. A head may have so many CONTINUATION frames,
 * and decoded be so large (http_limits); queued acknowledgements are limited by nghttp2.
 *
 * RFC 9113; RFC 8441 (extended CONNECT). */
#pragma once

#include "net/http_stream.h"
#include "net/slab.h"

struct http2;
struct http2_memory;

/* What the connections of one worker share: nghttp2's blocks and streams to be used again. */
struct http2_memory *http2_memory_new(void);
void http2_memory_free(struct http2_memory *memory); /* after all its connections; accepts NULL */

struct http2_config {
	uint32_t max_streams;       /* that the peer may have open at a time */
	uint32_t stream_window;     /* bytes of a body not yet consumed */
	uint32_t connection_window; /* the same, of all streams together */
	/* Bytes in the queue at which bodies must wait. A link's queue tells that it has drained
	 * only after LINK_HIGH. */
	size_t queue_high;
	uint32_t reset_burst, resets_per_second; /* streams reset by the peer or for its faults */
	uint32_t control_burst, controls_per_second; /* frames that carry nothing */
	bool allow_extended_connect;
	struct http_limits limits;
};

/* The members of http2_config_default, for one that differs in others. Many slow streams together
 * do not fill the connection's window, and so do not hold a quick one. */
#define HTTP2_CONFIG_DEFAULT                                                                       \
	.max_streams = 100, .stream_window = 256 * 1024, .connection_window = 8 * 1024 * 1024,     \
	.queue_high = 128 * 1024, .reset_burst = 1000, .resets_per_second = 100,                   \
	.control_burst = 10000, .controls_per_second = 1000, .limits = HTTP_LIMITS_DEFAULT
extern const struct http2_config http2_config_default;

struct http2_events {
	/* Server: a request begins. Sets stream->events and stream->owner; its on_head follows. */
	void (*on_stream)(struct http2 *http2, struct http_stream *stream);
	/* Something is to be sent: http2_flush at the end of the round. */
	void (*on_output)(struct http2 *http2);
	/* A stream of the peer was refused before its owner heard of it; for the log and counters.
	 */
	void (*on_refused)(struct http2 *http2, struct http_problem problem);
};

enum http2_side { HTTP2_SERVER = 1, HTTP2_CLIENT };

/* All pointers are borrowed until http2_free. on_output is called before this returns. */
struct http2 *http2_new(enum http2_side side, const struct http2_config *config,
			const struct http2_events *events, void *owner, struct http2_memory *memory,
			struct byte_queue *out, struct slab_pool *pool);
/* Streams still open get on_close (HTTP_CLOSE_CONNECTION). Not from inside an event. */
void http2_free(struct http2 *http2); /* accepts NULL */
void *http2_owner(const struct http2 *http2);

/* All bytes are taken. An error is final: flush what is queued (GOAWAY among it), then close. After
 * a lesser fault of the peer nghttp2 ends the connection by itself: http2_is_finished after a
 * flush. */
int http2_receive(struct http2 *http2, const char *bytes, size_t len, uint64_t now_ns,
		  struct error *err);
void http2_flush(struct http2 *http2); /* at the end of a round, and when the queue has drained */

/* Client: opens a stream. Only where http2_can_open; NULL otherwise. */
struct http_stream *http2_open(struct http2 *http2, const struct http_stream_events *events,
			       void *owner);
bool http2_can_open(const struct http2 *http2);
bool http2_may_tunnel(const struct http2 *http2); /* client: the server takes extended CONNECT */
size_t http2_stream_count(const struct http2 *http2);

void http2_ping(struct http2 *http2);              /* to see whether the peer still lives */
void http2_shut_down(struct http2 *http2);         /* GOAWAY; what the peer has sent is served */
bool http2_is_finished(const struct http2 *http2); /* nothing is left to read or to write */

const char *http2_fault(const struct http2 *http2); /* why we ended it, for the log; or NULL */

enum http2_preface { HTTP2_PREFACE_NO = 0, HTTP2_PREFACE_PARTIAL, HTTP2_PREFACE_YES };

/* Whether a connection without ALPN begins as HTTP/2 with prior knowledge does. */
enum http2_preface http2_preface_check(const char *bytes, size_t len);
