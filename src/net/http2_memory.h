/* SPDX-License-Identifier: Apache-2.0 */
/* http2_memory.h — what a worker's HTTP/2 connections take again and again, kept for the next time.
 *
 * nghttp2 allocates for every stream and frame; its blocks come from free lists by size, so that
 * the steady path takes nothing from the heap. Streams, with their arenas and field arrays, are
 * kept likewise, both up to a limit. Not shared between threads. */
#pragma once

#include "net/http2.h"

#include <nghttp2/nghttp2.h>

#define HTTP2_BLOCK_CLASSES 8 /* 64, 128, ... 8192 bytes; larger ones come from the heap */

struct http2_block;

struct http2_memory {
	nghttp2_mem for_nghttp2; /* its functions, with this as their argument */
	struct http2_block *free_blocks[HTTP2_BLOCK_CLASSES];
	size_t free_bytes;        /* in these blocks */
	struct list free_streams; /* struct http2_stream, linked by their `link` */
	size_t free_stream_count;
	nghttp2_nv *fields; /* scratch for the head being sent; owned */
	size_t field_capacity;
	char digits[2][TEXT_NUMBER_MAX]; /* scratch: the status and the length in it */
};

struct http2_stream;

struct http2_stream *http2_memory_take_stream(struct http2_memory *memory);
void http2_memory_give_stream(struct http2_memory *memory, struct http2_stream *stream);
nghttp2_nv *http2_memory_fields(struct http2_memory *memory, size_t count);
