/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_end.h"

#include "net/http2_wire.h"

static const char *const why_names[] = { "done",      "canceled", "refused",
					 "malformed", "internal", "connection" };

static struct http2_end_owner *owner_of(struct http_stream *stream)
{
	return stream->owner;
}

static struct http2_end *note(struct http_stream *stream, const char *what)
{
	struct http2_end_owner *owner = owner_of(stream);

	if (owner->end->body_of != 0)
		buffer_add_text(&owner->end->diary, "; ");
	owner->end->body_of = 0;
	buffer_printf(&owner->end->diary, "%d %s", owner->number, what);
	return owner->end;
}

static void show_trailers(struct http2_end *end, const struct http_stream *stream)
{
	HTTP_FIELD_FOR_EACH (&stream->trailers, field)
		buffer_printf(&end->diary, " | %.*s: %.*s", TEXT_ARGS(field->name),
			      TEXT_ARGS(field->value));
}

static void on_head(struct http_stream *stream)
{
	struct http2_end *end = note(stream, "head ");

	http_show(&end->diary, &stream->head);
	buffer_add_text(&end->diary, "; ");
	if (end->on_head != NULL)
		end->on_head(end, stream);
}

static void note_body(struct http_stream *stream, struct text data)
{
	struct http2_end_owner *owner = owner_of(stream);
	struct http2_end *end = owner->end;

	if (end->body_of != owner->number)
		note(stream, "body ");
	end->body_of = owner->number;
	if (data.len > 64)
		buffer_printf(&end->diary, "[%zu]", data.len);
	else
		buffer_add(&end->diary, data.ptr, data.len);
}

static void on_body(struct http_stream *stream, struct text data)
{
	struct http2_end *end = owner_of(stream)->end;

	if (!end->omits_bodies)
		note_body(stream, data);
	if (!end->holds_bodies)
		http_stream_consume(stream, data.len);
}

static void on_end(struct http_stream *stream)
{
	struct http2_end *end = note(stream, "end");

	show_trailers(end, stream);
	buffer_add_text(&end->diary, "; ");
	if (end->on_end != NULL)
		end->on_end(end, stream);
}

static void on_writable(struct http_stream *stream)
{
	struct http2_end *end = owner_of(stream)->end;

	if (end->on_writable != NULL)
		end->on_writable(end, stream);
}

static void on_close(struct http_stream *stream, enum http_close why)
{
	struct http2_end *end = note(stream, "close ");

	buffer_printf(&end->diary, "%s; ", why_names[why]);
	if (end->stream == stream)
		end->stream = NULL;
}

static const struct http_stream_events stream_events = { .on_head = on_head,
							 .on_body = on_body,
							 .on_end = on_end,
							 .on_writable = on_writable,
							 .on_close = on_close };

static struct http2_end_owner *new_owner(struct http2_end *end)
{
	const int number = ++end->stream_count;
	struct http2_end_owner *owner = &end->owners[(size_t)number % COUNT_OF(end->owners)];

	*owner = (struct http2_end_owner){ end, number };
	return owner;
}

static void on_stream(struct http2 *http2, struct http_stream *stream)
{
	struct http2_end *end = http2_owner(http2);

	stream->events = &stream_events;
	stream->owner = new_owner(end);
	end->stream = stream;
}

static void on_output(struct http2 *http2)
{
	(void)http2;
}

static void on_refused(struct http2 *http2, struct http_problem problem)
{
	struct http2_end *end = http2_owner(http2);

	buffer_printf(&end->diary, "refused %u %s; ", problem.status, problem.reason);
}

static const struct http2_events events = { .on_stream = on_stream,
					    .on_output = on_output,
					    .on_refused = on_refused };

void http2_end_init(struct http2_end *end, enum http2_side side, const struct http2_config *config)
{
	*end = (struct http2_end){ .config = *config };
	end->memory = http2_memory_new();
	end->http2 =
		http2_new(side, &end->config, &events, end, end->memory, &end->out, &end->pool);
}

void http2_end_done(struct http2_end *end)
{
	http2_free(end->http2);
	http2_memory_free(end->memory);
	byte_queue_clear(&end->out, &end->pool);
	slab_pool_done(&end->pool);
	buffer_done(&end->diary);
	buffer_done(&end->wire);
}

int http2_end_receive(struct http2_end *end, const void *bytes, size_t len)
{
	struct error err = { 0 };
	const int code = http2_receive(end->http2, bytes, len, end->now_ns, &err);

	if (code < 0)
		end->err = err;
	return code;
}

struct http_stream *http2_end_open(struct http2_end *end)
{
	struct http2_end_owner *owner = new_owner(end);
	struct http_stream *stream = http2_open(end->http2, &stream_events, owner);

	if (stream == NULL)
		end->stream_count--;
	end->stream = stream;
	return stream;
}

void http2_end_take_output(struct http2_end *end, struct buffer *out)
{
	http2_flush(end->http2);
	while (end->out.len > 0) {
		const struct slab *slab = end->out.first;
		const size_t len = slab->end - slab->start;

		buffer_add(out, slab->data + slab->start, len);
		byte_queue_consume(&end->out, &end->pool, len);
	}
}

static bool carry(struct http2_end *from, struct http2_end *to)
{
	struct buffer *wire = &from->wire;

	buffer_clear(wire);
	http2_end_take_output(from, wire);
	if (wire->len > 0)
		http2_end_receive(to, wire->data, wire->len);
	return wire->len > 0;
}

void http2_end_talk(struct http2_end *a, struct http2_end *b)
{
	for (bool is_busy = true; is_busy;) {
		is_busy = carry(a, b);
		is_busy = carry(b, a) || is_busy;
	}
}

void http2_end_converse(struct http2_end *end, const struct buffer *bytes, struct buffer *seen)
{
	AUTO_BUFFER struct buffer sent = { 0 };

	http2_end_receive(end, bytes->data, bytes->len);
	http2_end_take_output(end, &sent);
	buffer_add(seen, end->diary.data, end->diary.len);
	buffer_add_text(seen, "-> ");
	wire_show(seen, buffer_text(&sent));
	buffer_clear(&end->diary);
}
