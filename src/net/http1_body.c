/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_body.h"

#include "net/http1_lines.h"
#include "net/http_chars.h"

#define SIZE_DIGITS_MAX 15 /* below 2^60: sums of such sizes cannot wrap */

void http1_body_init(struct http1_body *body, const struct http_head *head,
		     const struct http_limits *limits, struct http_fields *trailers,
		     struct arena *arena)
{
	static const enum http1_body_state first[] = {
		[HTTP_BODY_NONE] = HTTP1_BODY_AT_END,
		[HTTP_BODY_LENGTH] = HTTP1_BODY_IN_LENGTH,
		[HTTP_BODY_CHUNKED] = HTTP1_CHUNK_SIZE,
		[HTTP_BODY_TO_END] = HTTP1_BODY_TO_CLOSE,
	};

	*body = (struct http1_body){ .state = first[head->framing],
				     .limits = limits,
				     .trailers = trailers,
				     .arena = arena };
	if (head->framing == HTTP_BODY_LENGTH)
		body->left = head->content_length;
}

static void take(struct text *input, size_t len)
{
	*input = text_from(*input, len);
}

/* The next piece of `left` bytes; *after follows when they are complete. */
static enum http1_body_result take_data(struct http1_body *body, struct text *input,
					struct text *data, enum http1_body_state after)
{
	*data = text_until(*input, MIN_OF(body->left, (uint64_t)input->len));
	take(input, data->len);
	body->left -= data->len;
	if (body->left == 0)
		body->state = after;
	return HTTP1_BODY_DATA;
}

static int hex_digit(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_size(struct http1_body *body, char c)
{
	const int digit = hex_digit(c);

	if (digit >= 0) {
		if (++body->digits > SIZE_DIGITS_MAX)
			return http_refuse(&body->problem, 400, "a chunk size is too long");
		body->left = body->left * 16 + (uint64_t)digit;
		return true;
	}
	if (body->digits == 0 || (c != ';' && c != '\r'))
		return http_refuse(&body->problem, 400, "a malformed chunk size");
	body->state = c == ';' ? HTTP1_CHUNK_EXTENSION : HTTP1_CHUNK_SIZE_LF;
	return true;
}

static bool read_extension(struct http1_body *body, char c)
{
	if (c == '\r') {
		body->state = HTTP1_CHUNK_SIZE_LF;
		return true;
	}
	if (!http_char_is(c, HTTP_CHAR_VALUE))
		return http_refuse(&body->problem, 400, "a control character in a chunk extension");
	if (++body->extension_bytes > body->limits->chunk_extension_bytes)
		return http_refuse(&body->problem, 400, "a chunk extension is too long");
	return true;
}

static bool read_size_end(struct http1_body *body, char c)
{
	if (c != '\n')
		return http_refuse(&body->problem, 400, "a chunk size ends without line feed");
	body->state = body->left > 0 ? HTTP1_CHUNK_DATA : HTTP1_TRAILERS;
	body->digits = body->extension_bytes = 0;
	return true;
}

static bool read_chunk_end(struct http1_body *body, char c)
{
	if (c != (body->state == HTTP1_CHUNK_CR ? '\r' : '\n'))
		return http_refuse(&body->problem, 400, "a chunk is longer than its size");
	body->state = body->state == HTTP1_CHUNK_CR ? HTTP1_CHUNK_LF : HTTP1_CHUNK_SIZE;
	return true;
}

/* One byte of what surrounds the data. */
static bool read_byte(struct http1_body *body, char c)
{
	switch (body->state) {
	case HTTP1_CHUNK_SIZE:
		return read_size(body, c);
	case HTTP1_CHUNK_EXTENSION:
		return read_extension(body, c);
	case HTTP1_CHUNK_SIZE_LF:
		return read_size_end(body, c);
	default:
		return read_chunk_end(body, c);
	}
}

static bool read_trailer(struct http1_body *body, struct text line)
{
	char *const copy = arena_strndup(body->arena, line.ptr, line.len);
	const size_t before = body->trailers->count;

	if (!http1_read_field(body->trailers, copy, line.len, &body->problem))
		return false;
	if (!http_trailer_is_harmless(&body->trailers->items[before]))
		return http_refuse(&body->problem, 400, "a trailer that belongs into the head");
	if (!http_trailer_is_allowed(&body->trailers->items[before]))
		http_fields_remove_last(body->trailers);
	if (body->trailers->count > body->limits->field_count)
		return http_refuse(&body->problem, 431, "there are too many trailers");
	return true;
}

/* One line; an incomplete one is left in the input. */
static enum http1_body_result read_trailer_line(struct http1_body *body, struct text *input)
{
	const size_t end = text_find_char(*input, '\n');
	const size_t len = end == TEXT_NONE ? input->len : end + 1;

	if (body->trailer_bytes + len > body->limits->trailer_bytes) {
		http_refuse(&body->problem, 431, "the trailers are too large");
		return HTTP1_BODY_REFUSED;
	}
	if (end == TEXT_NONE)
		return HTTP1_BODY_MORE;
	if (end == 0 || input->ptr[end - 1] != '\r') {
		http_refuse(&body->problem, 400, "a line ends without carriage return");
		return HTTP1_BODY_REFUSED;
	}
	if (end == 1)
		body->state = HTTP1_BODY_AT_END;
	else if (!read_trailer(body, text_until(*input, end - 1)))
		return HTTP1_BODY_REFUSED;
	body->trailer_bytes += len;
	take(input, len);
	return HTTP1_BODY_DATA; /* go on */
}

enum http1_body_result http1_body_read(struct http1_body *body, struct text *input,
				       struct text *data)
{
	while (body->state != HTTP1_BODY_AT_END) {
		if (input->len == 0)
			return HTTP1_BODY_MORE;
		switch (body->state) {
		case HTTP1_BODY_IN_LENGTH:
			return take_data(body, input, data, HTTP1_BODY_AT_END);
		case HTTP1_CHUNK_DATA:
			return take_data(body, input, data, HTTP1_CHUNK_CR);
		case HTTP1_BODY_TO_CLOSE:
			*data = *input;
			take(input, input->len);
			return HTTP1_BODY_DATA;
		case HTTP1_TRAILERS: {
			const enum http1_body_result result = read_trailer_line(body, input);

			if (result != HTTP1_BODY_DATA)
				return result;
			break;
		}
		default:
			if (!read_byte(body, input->ptr[0]))
				return HTTP1_BODY_REFUSED;
			take(input, 1);
		}
	}
	return HTTP1_BODY_END;
}

bool http1_body_close(struct http1_body *body)
{
	if (body->state == HTTP1_BODY_TO_CLOSE)
		body->state = HTTP1_BODY_AT_END;
	return body->state == HTTP1_BODY_AT_END;
}
