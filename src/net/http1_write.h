/* SPDX-License-Identifier: Apache-2.0 */
/* http1_write.h — HTTP/1 messages as bytes: heads, chunks, trailers.
 *
 * Every head says HTTP/1.1. Host, framing and persistence are written from what the head says of
 * them, never from fields (see http.h). Values are written as they are: what was parsed is safe,
 * what comes from a configuration must have passed http_value_is_valid. */
#pragma once

#include "net/http.h"
#include "net/slab.h"

/* Chooses what HTTP/1.1 can express: a body of unknown length becomes chunks. */
void http1_prepare_request(struct http_head *head);
/* The same for an answer to `request`: chunks for HTTP/1.1, until close for HTTP/1.0; none where
 * the request or the status allows none. Closes if the client asked to. */
void http1_prepare_response(struct http_head *head, const struct http_head *request);

size_t http1_head_size(const struct http_head *head);
char *http1_head_put(const struct http_head *head, char *out); /* returns the end */
void http1_write_head(struct byte_queue *out, struct slab_pool *pool, const struct http_head *head);

void http1_write_continue(struct byte_queue *out, struct slab_pool *pool); /* 100 */
void http1_write_chunk(struct byte_queue *out, struct slab_pool *pool, struct text data);
/* trailers may be NULL */
void http1_write_last_chunk(struct byte_queue *out, struct slab_pool *pool,
			    const struct http_fields *trailers);
