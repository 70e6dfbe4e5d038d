/* SPDX-License-Identifier: Apache-2.0 */
/* client_raw.c — an upstream's connection whose bytes are passed on unread. */
#include "proxy/codec.h"
#include "proxy/upstream_connection.h"

#include "proxy/exchange.h"
#include "proxy/worker.h"

#include <errno.h>

static struct upstream_connection *connection_of(const struct exchange *exchange)
{
	return exchange->upstream;
}

/* ---- writing ---- */

static bool is_ready(const struct exchange *exchange)
{
	return link_is_open(&connection_of(exchange)->link);
}

static void send_head(struct exchange *exchange, struct http_head *head)
{
	(void)exchange;
	(void)head;
}

static void send_body(struct exchange *exchange, struct text bytes)
{
	struct link *link = &connection_of(exchange)->link;

	byte_queue_add(&link->out, link->pool, bytes.ptr, bytes.len);
	link_flush_later(link);
}

static void send_end(struct exchange *exchange, const struct http_fields *trailers)
{
	(void)trailers;
	link_send_end(&connection_of(exchange)->link);
}

static void release(struct exchange *exchange)
{
	upstream_finish(connection_of(exchange));
}

/* What the client began to say was cut short, and the upstream should see that. */
static void cancel(struct exchange *exchange)
{
	struct upstream_connection *connection = connection_of(exchange);

	link_reset(&connection->link);
	upstream_close(connection);
}

const struct client_codec client_raw = {
	.is_ready = is_ready,
	.send_head = send_head,
	.send_body = send_body,
	.send_end = send_end,
	.pause = upstream_pause,
	.is_full = upstream_is_full,
	.release = release,
	.cancel = cancel,
};

/* ---- reading ---- */

static bool may_read(const struct upstream_connection *connection)
{
	return connection->exchange != NULL && !connection->is_paused
	       && !connection->exchange->answer_is_over;
}

/* What was read together with the head that made the connection raw. */
static void pass_input(struct upstream_connection *connection)
{
	struct input input = connection->input;
	const struct text bytes = { input_bytes(&input), input_length(&input) };

	if (!may_read(connection))
		return;
	connection->input = (struct input){ 0 };
	if (bytes.len > 0)
		exchange_response_body(connection->exchange, bytes);
	input_release(&input, connection->link.pool);
}

void client_raw_on_input(struct upstream_connection *connection)
{
	struct slab_pool *pool = connection->link.pool;
	struct slab *slab = slab_take(pool);
	ssize_t got = -EAGAIN;

	if (connection->input.bytes != NULL)
		pass_input(connection);
	while (may_read(connection)
	       && (got = link_read(&connection->link, slab->data, SLAB_ROOM)) > 0)
		exchange_response_body(connection->exchange,
				       (struct text){ slab->data, (size_t)got });
	slab_give(pool, slab);
	if (connection->exchange == NULL || got > 0 || got == -EAGAIN)
		return;
	if (got == 0) {
		exchange_response_end(connection->exchange, NULL);
		return;
	}

	struct exchange *exchange = connection->exchange;

	upstream_close(connection);
	exchange_upstream_failed(exchange, UPSTREAM_RESET, "connection_termination");
}
