/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_connection.h"

#include "net/http_authority.h"
#include "net/http_chars.h"
#include "net/http_rules.h"

/* nghttp2 has seen to RFC 9113 8.2 and 8.3 before anything comes here: names in lower case, pseudo
 * fields known, single, complete and first, no fields of a connection. What names and targets may
 * be is judged here as it is for HTTP/1. */

static const struct pseudo_row {
	const char *name;
	size_t member; /* of struct http_head, a struct text */
} pseudo_rows[] = {
	{ ":method", offsetof(struct http_head, method) },
	{ ":scheme", offsetof(struct http_head, scheme) },
	{ ":authority", offsetof(struct http_head, authority) },
	{ ":path", offsetof(struct http_head, path) },
	{ ":protocol", offsetof(struct http_head, upgrade) },
};

static struct text keep(struct http2_stream *stream, struct text text)
{
	return (struct text){ arena_strndup(&stream->stream.arena, text.ptr, text.len), text.len };
}

static void add_pseudo(struct http2_stream *stream, struct text name, struct text value)
{
	struct http_head *const head = &stream->stream.head;
	uint64_t status = 0;

	for (size_t i = 0; i < COUNT_OF(pseudo_rows); i++)
		if (text_is(name, pseudo_rows[i].name))
			*(struct text *)((char *)head + pseudo_rows[i].member) =
				keep(stream, value);
	if (text_equal(name, TEXT(":status")) && text_parse_number(value, 599, &status))
		head->status = (unsigned)status;
}

static void add_field(struct http2_stream *stream, struct http_fields *fields, struct text name,
		      struct text value)
{
	const enum http_name id = http_name_of(name);

	if (id != HTTP_OTHER)
		http_fields_add_known(fields, id, keep(stream, value));
	else
		http_fields_add(fields, keep(stream, name), keep(stream, value));
}

static void add_trailer(struct http2_stream *stream, struct text name, struct text value)
{
	struct http_fields *const trailers = &stream->stream.trailers;

	add_field(stream, trailers, name, value);

	const struct http_field *const added = &trailers->items[trailers->count - 1];

	if (!http_trailer_is_harmless(added))
		http_refuse(&stream->problem, 400, "a trailer that belongs into the head");
	if (!http_trailer_is_allowed(added))
		http_fields_remove_last(trailers);
}

/* RFC 9113 6.5.2 and 10.5.1: a field counts 32 bytes more than it has. */
static bool is_within_limits(struct http2_stream *stream, size_t len)
{
	const struct http_limits *const limits = &stream->http2->config->limits;
	const struct http_fields *const fields =
		stream->has_head ? &stream->stream.trailers : &stream->stream.head.fields;

	stream->head_bytes += len + 32;
	if (stream->head_bytes > (stream->has_head ? limits->trailer_bytes : limits->head_bytes))
		return http_refuse(&stream->problem, 431, "the head is too large");
	if (fields->count >= limits->field_count)
		return http_refuse(&stream->problem, 431, "there are too many fields");
	return true;
}

void http2_head_add(struct http2_stream *stream, struct text name, struct text value)
{
	if (stream->problem.status != 0 || !is_within_limits(stream, name.len + value.len))
		return;
	if (stream->has_head)
		add_trailer(stream, name, value);
	else if (name.len > 0 && name.ptr[0] == ':')
		add_pseudo(stream, name, value);
	else
		add_field(stream, &stream->stream.head.fields, name, value);
}

/* RFC 9113 8.2.3: crumbs are one field again before anybody else sees them. */
static void join_cookies(struct http2_stream *stream)
{
	struct http_fields *const fields = &stream->stream.head.fields;
	const struct http_field *const first = http_fields_find_known(fields, HTTP_COOKIE);
	size_t len = 0;

	if (first == NULL || http_fields_next(fields, first) == NULL)
		return;
	for (const struct http_field *field = first; field != NULL;
	     field = http_fields_next(fields, field))
		len += field->value.len + 2;

	char *const joined = arena_alloc_bytes(&stream->stream.arena, len), *next = joined;

	for (const struct http_field *field = first; field != NULL;
	     field = http_fields_next(fields, field)) {
		next = field != first ? mempcpy(next, "; ", 2) : next;
		next = mempcpy(next, field->value.ptr, field->value.len);
	}
	http_fields_set_known(fields, HTTP_COOKIE,
			      (struct text){ joined, (size_t)(next - joined) });
}

static bool finish_authority(struct http_head *head, struct http_problem *problem)
{
	struct http_authority parts;

	if (head->authority.ptr != NULL) {
		http_lower((char *)head->authority.ptr, head->authority.len); /* in our arena */
		if (!http_authority_parse(head->authority, &parts))
			return http_refuse(problem, 400, "the authority is malformed");
		if (http_head_is_connect(head) && text_is_empty(head->upgrade) && parts.port == 0)
			return http_refuse(problem, 400, "CONNECT needs host:port");
	}
	if (!http_read_host(head, problem))
		return false;
	if (head->authority.ptr == NULL)
		return http_refuse(problem, 400, "the authority is missing");
	return true;
}

static bool finish_target(const struct http_head *head, struct http_problem *problem)
{
	if (!http_token_is_valid(head->method))
		return http_refuse(problem, 400, "the method is malformed");
	if (http_head_is_connect(head) && text_is_empty(head->upgrade))
		return true; /* nghttp2 has seen that it has neither scheme nor path */
	if (http_scheme_port(head->scheme) == 0)
		return http_refuse(problem, 400, "the scheme is neither http nor https");
	if (text_equal(head->path, TEXT("*")) && http_head_is_options(head))
		return true;
	if (!http_path_is_valid(head->path))
		return http_refuse(problem, 400, "the path is malformed");
	return true;
}

static bool finish_request(struct http2_stream *stream)
{
	struct http_head *const head = &stream->stream.head;
	struct http_problem *const problem = &stream->problem;

	if (!finish_target(head, problem) || !finish_authority(head, problem)
	    || !http_read_length(head, problem) || !http_read_expectation(head, problem))
		return false;
	if (http_head_is_connect(head) && text_is_empty(head->upgrade)
	    && !stream->http2->config->limits.allow_connect)
		return http_refuse(problem, 501, "CONNECT is not offered");
	if (head->upgrade.len > 0 && !http_token_is_valid(head->upgrade))
		return http_refuse(problem, 400, "a malformed :protocol");
	head->accepts_trailers = http_accepts_trailers(&head->fields);
	join_cookies(stream);
	return true;
}

bool http2_head_finish(struct http2_stream *stream, bool ends)
{
	struct http_head *const head = &stream->stream.head;

	head->version = HTTP_VERSION_2;
	head->keep_alive = true;
	head->framing = ends ? HTTP_BODY_NONE : HTTP_BODY_TO_END;
	if (stream->problem.status != 0)
		return false;
	if (stream->http2->side == HTTP2_SERVER) {
		if (!finish_request(stream))
			return false;
	} else if (head->status < 100) {
		return http_refuse(&stream->problem, 502, "the status is malformed");
	} else if (!http_read_length(head, &stream->problem)) {
		return false;
	}
	if (!ends && head->content_length != HTTP_LENGTH_UNKNOWN)
		head->framing = HTTP_BODY_LENGTH;
	return true;
}

static void push(nghttp2_nv **next, struct text name, struct text value)
{
	*(*next)++ = (nghttp2_nv){ .name = (uint8_t *)name.ptr,
				   .namelen = name.len,
				   .value = (uint8_t *)(value.len > 0 ? value.ptr : ""),
				   .valuelen = value.len };
}

static void push_number(nghttp2_nv **next, struct text name, uint64_t number,
			char digits[TEXT_NUMBER_MAX])
{
	push(next, name, (struct text){ digits, text_format_number(digits, number) });
}

static void push_fields(nghttp2_nv **next, const struct http_fields *fields)
{
	HTTP_FIELD_FOR_EACH (fields, field)
		if (!http_name_is_of_connection(field->id))
			push(next, field->name, field->value);
}

/* RFC 9113 8.3.1, 8.5; RFC 8441 4. A scheme that is not known is that of plain HTTP/1. */
static void push_request(nghttp2_nv **next, const struct http_head *head)
{
	const bool is_extended = http_head_is_connect(head) && head->upgrade.len > 0;

	push(next, TEXT(":method"), head->method);
	if (!http_head_is_connect(head) || is_extended) {
		push(next, TEXT(":scheme"), head->scheme.len > 0 ? head->scheme : TEXT("http"));
		push(next, TEXT(":path"), head->path);
	}
	push(next, TEXT(":authority"), head->authority);
	if (is_extended)
		push(next, TEXT(":protocol"), head->upgrade);
}

#define FIELDS_OF_OUR_OWN 8 /* pseudo fields, the length, TE */

size_t http2_head_fields(struct http2 *http2, const struct http_head *head, nghttp2_nv **out)
{
	struct http2_memory *const memory = http2->memory;
	nghttp2_nv *next = http2_memory_fields(memory, head->fields.count + FIELDS_OF_OUR_OWN);

	*out = next;
	if (head->status != 0)
		push_number(&next, TEXT(":status"), head->status, memory->digits[0]);
	else
		push_request(&next, head);
	push_fields(&next, &head->fields);
	if (head->content_length != HTTP_LENGTH_UNKNOWN && head->framing != HTTP_BODY_CHUNKED)
		push_number(&next, TEXT("content-length"), head->content_length, memory->digits[1]);
	if (head->status == 0 && head->accepts_trailers)
		push(&next, TEXT("te"), TEXT("trailers"));
	return (size_t)(next - *out);
}

size_t http2_trailer_fields(struct http2 *http2, const struct http_fields *fields, nghttp2_nv **out)
{
	nghttp2_nv *next = http2_memory_fields(http2->memory, fields->count);

	*out = next;
	push_fields(&next, fields);
	return (size_t)(next - *out);
}
