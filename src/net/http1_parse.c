/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_parse.h"

#include "net/http1_lines.h"
#include "net/http_chars.h"

/* RFC 9112 2.2 asks for one at least: some clients send one after a body. */
#define EMPTY_LINES_MAX 4

typedef bool read_start_line_fn(struct http_head *head, char *line, size_t len,
				struct http_problem *problem);

void http1_parser_init(struct http1_parser *parser, const struct http_limits *limits)
{
	*parser = (struct http1_parser){ .limits = limits };
}

static void move_text(struct text *text, uintptr_t from, size_t len, const char *to)
{
	const uintptr_t at = (uintptr_t)text->ptr;

	if (at >= from && at < from + len)
		text->ptr = to + (at - from);
}

/* The buffer grew and its bytes lie elsewhere now: so do the texts read so far. */
static void follow_bytes(struct http1_parser *parser, struct http_head *head, const char *bytes)
{
	const uintptr_t from = parser->bytes;

	parser->bytes = (uintptr_t)bytes;
	if (from == parser->bytes || parser->next == 0)
		return;
	move_text(&head->method, from, parser->next, bytes);
	move_text(&head->scheme, from, parser->next, bytes);
	move_text(&head->authority, from, parser->next, bytes);
	move_text(&head->path, from, parser->next, bytes);
	move_text(&head->reason, from, parser->next, bytes);
	HTTP_FIELD_FOR_EACH (&head->fields, field) {
		move_text(&field->name, from, parser->next, bytes);
		move_text(&field->value, from, parser->next, bytes);
	}
}

enum line_result { LINE_REFUSED = 0, LINE_MISSING, LINE_FOUND };

/* The next line without its CRLF; parser->next moves behind it. */
static enum line_result take_line(struct http1_parser *parser, char *bytes, size_t len, char **line,
				  size_t *line_len)
{
	char *const end = memchr(bytes + parser->scanned, '\n', len - parser->scanned);

	if (end == NULL) {
		parser->scanned = len;
		return LINE_MISSING;
	}
	*line = bytes + parser->next;
	if (end == *line || end[-1] != '\r') {
		http_refuse(&parser->problem, 400, "a line ends without carriage return");
		return LINE_REFUSED;
	}
	*line_len = (size_t)(end - 1 - *line);
	parser->next = parser->scanned = (size_t)(end + 1 - bytes);
	return LINE_FOUND;
}

static bool is_within_limits(struct http1_parser *parser, const struct http_head *head, size_t len)
{
	const struct http_limits *const limits = parser->limits;

	if (!parser->has_start_line && len > limits->start_line_bytes)
		return http_refuse(&parser->problem, 414, "the request line is too long");
	if (len > limits->head_bytes)
		return http_refuse(&parser->problem, 431, "the head is too large");
	if (head->fields.count > limits->field_count)
		return http_refuse(&parser->problem, 431, "there are too many fields");
	return true;
}

/* What never could become a request, such as a TLS handshake on a plain port, need not be waited
 * for. */
static bool may_begin_a_message(struct http1_parser *parser, const char *bytes, size_t len)
{
	if (parser->has_start_line || parser->next == len || bytes[parser->next] == '\r'
	    || http_char_is(bytes[parser->next], HTTP_CHAR_TOKEN))
		return true;
	return http_refuse(&parser->problem, 400, "this is not HTTP");
}

/* One complete line. *is_last is set at the empty line that ends the head. */
static bool read_line(struct http1_parser *parser, struct http_head *head, char *line, size_t len,
		      read_start_line_fn *read_start_line, bool *is_last)
{
	if (parser->has_start_line) {
		*is_last = len == 0;
		return *is_last || http1_read_field(&head->fields, line, len, &parser->problem);
	}
	if (len == 0) {
		if (++parser->empty_lines > EMPTY_LINES_MAX)
			return http_refuse(&parser->problem, 400, "empty lines before a message");
		return true;
	}
	if (!read_start_line(head, line, len, &parser->problem))
		return false;
	parser->has_start_line = true;
	return true;
}

static enum http1_result parse(struct http1_parser *parser, struct http_head *head, char *bytes,
			       size_t len, read_start_line_fn *read_start_line)
{
	char *line = NULL;
	size_t line_len = 0;
	bool is_last = false;

	if (parser->scanned == 0)
		http_head_clear(head);
	follow_bytes(parser, head, bytes);
	while (!is_last) {
		if (!may_begin_a_message(parser, bytes, len))
			return HTTP1_REFUSED;
		switch (take_line(parser, bytes, len, &line, &line_len)) {
		case LINE_REFUSED:
			return HTTP1_REFUSED;
		case LINE_MISSING:
			return is_within_limits(parser, head, len) ? HTTP1_MORE : HTTP1_REFUSED;
		case LINE_FOUND:
			break;
		}
		if (!is_within_limits(parser, head, parser->next)
		    || !read_line(parser, head, line, line_len, read_start_line, &is_last))
			return HTTP1_REFUSED;
	}
	return HTTP1_DONE;
}

enum http1_result http1_parse_request(struct http1_parser *parser, struct http_head *head,
				      char *bytes, size_t len)
{
	const enum http1_result result = parse(parser, head, bytes, len, http1_read_request_line);

	if (result != HTTP1_DONE)
		return result;
	if (!http1_finish_request(head, &parser->problem))
		return HTTP1_REFUSED;
	if (http_head_is_connect(head) && !parser->limits->allow_connect) {
		http_refuse(&parser->problem, 501, "CONNECT is not offered");
		return HTTP1_REFUSED;
	}
	return HTTP1_DONE;
}

enum http1_result http1_parse_response(struct http1_parser *parser, struct http_head *head,
				       const struct http_head *request, char *bytes, size_t len)
{
	enum http1_result result = parse(parser, head, bytes, len, http1_read_status_line);

	if (result == HTTP1_DONE && !http1_finish_response(head, request, &parser->problem))
		result = HTTP1_REFUSED;
	if (result == HTTP1_REFUSED)
		parser->problem.status = 502;
	return result;
}
