/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/stream_end.h"

void stream_end_open(struct stream_end *end, struct http_stream *stream, struct slab_pool *pool)
{
	struct http_fields trailers = end->trailers; /* its array is used again */

	http_fields_clear(&trailers);
	*end = (struct stream_end){
		.stream = stream, .pool = pool, .trailers = trailers, .left = HTTP_LENGTH_UNKNOWN
	};
}

void stream_end_done(struct stream_end *end)
{
	byte_queue_clear(&end->pending, end->pool);
	byte_queue_clear(&end->received, end->pool);
	end->stream = NULL;
}

/* ---- sending ---- */

void stream_end_send_head(struct stream_end *end, struct http_head *head)
{
	const bool no_body = head->framing == HTTP_BODY_NONE
			     || (head->framing == HTTP_BODY_LENGTH && head->content_length == 0);

	if (head->framing == HTTP_BODY_LENGTH)
		end->left = head->content_length;
	end->is_ended = no_body;
	http_stream_send_head(end->stream, head, no_body);
}

/* Sends what the stream takes of `bytes` and returns how much that was. */
static size_t send_now(struct stream_end *end, struct text bytes)
{
	const bool is_last = end->left == bytes.len; /* its length was announced: this is the end */
	const size_t taken = http_stream_send_body(end->stream, bytes, is_last);

	if (end->left != HTTP_LENGTH_UNKNOWN)
		end->left -= MIN_OF((uint64_t)taken, end->left);
	if (is_last && taken == bytes.len)
		end->is_ended = true;
	return taken;
}

void stream_end_send(struct stream_end *end, struct text bytes)
{
	size_t taken = 0;

	if (end->stream == NULL || end->is_ended || bytes.len == 0)
		return;
	if (end->pending.len == 0)
		taken = send_now(end, bytes);
	if (taken < bytes.len)
		byte_queue_add(&end->pending, end->pool, bytes.ptr + taken, bytes.len - taken);
	if (end->pending.len >= STREAM_PENDING_HIGH)
		end->is_full = true;
}

static void send_end(struct stream_end *end, const struct http_fields *trailers)
{
	if (end->is_ended)
		return;
	end->is_ended = true;
	http_stream_send_end(end->stream, trailers);
}

void stream_end_finish(struct stream_end *end, const struct http_fields *trailers)
{
	if (end->stream == NULL || end->is_ended)
		return;
	if (end->pending.len == 0) {
		send_end(end, trailers);
		return;
	}
	end->is_ending = true; /* the trailers' owner may be gone by then */
	if (trailers != NULL)
		http_fields_copy(&end->trailers, trailers, &end->stream->arena);
}

bool stream_end_writable(struct stream_end *end)
{
	while (end->pending.len > 0) {
		const struct slab *slab = end->pending.first;
		const struct text bytes = { slab->data + slab->start, slab->end - slab->start };
		const size_t taken = send_now(end, bytes);

		byte_queue_consume(&end->pending, end->pool, taken);
		if (taken < bytes.len)
			return false;
	}
	if (end->is_ending)
		send_end(end, &end->trailers);
	if (!end->is_full)
		return false;
	end->is_full = false;
	return true;
}

/* ---- receiving ---- */

bool stream_end_receive(struct stream_end *end, struct text bytes)
{
	if (!end->is_paused && end->received.len == 0)
		return true;
	byte_queue_add(&end->received, end->pool, bytes.ptr, bytes.len);
	return false;
}

bool stream_end_next(struct stream_end *end, struct text *bytes)
{
	const struct slab *slab = end->received.first;

	if (end->is_paused || slab == NULL)
		return false;
	*bytes = (struct text){ slab->data + slab->start, slab->end - slab->start };
	return true;
}

void stream_end_passed(struct stream_end *end, size_t len, bool was_kept)
{
	if (was_kept)
		byte_queue_consume(&end->received, end->pool, len);
	if (end->stream != NULL)
		http_stream_consume(end->stream, len);
}
