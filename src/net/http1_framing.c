/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_lines.h"

#include "net/http_chars.h"

#define CONNECTION_OPTIONS_MAX 64 /* each may name a field to be searched for and removed */

struct connection_options {
	bool close, keep_alive, upgrade;
	size_t count;
};

static bool read_connection_list(struct text list, struct connection_options *options,
				 struct http_problem *problem)
{
	while (list.ptr != NULL) {
		const struct text item = text_trim(text_split(&list, ','));

		if (item.len == 0)
			continue;
		if (!http_token_is_valid(item))
			return http_refuse(problem, 400, "a malformed Connection field");
		if (++options->count > CONNECTION_OPTIONS_MAX)
			return http_refuse(problem, 400, "Connection names too many fields");
		options->close |= text_equal_nocase(item, TEXT("close"));
		options->keep_alive |= text_equal_nocase(item, TEXT("keep-alive"));
		options->upgrade |= text_equal_nocase(item, TEXT("upgrade"));
	}
	return true;
}

/* RFC 9112 9.3 and RFC 9110 7.8. */
static bool read_connection(struct http_head *head, struct http_problem *problem)
{
	const struct http_fields *const fields = &head->fields;
	struct connection_options options = { 0 };

	for (const struct http_field *field = http_fields_find_known(fields, HTTP_CONNECTION);
	     field != NULL; field = http_fields_next(fields, field))
		if (!read_connection_list(field->value, &options, problem))
			return false;
	head->keep_alive =
		!options.close && (options.keep_alive || head->version == HTTP_VERSION_1_1);
	if (options.upgrade && head->version == HTTP_VERSION_1_1)
		head->upgrade = http_fields_value(fields, HTTP_UPGRADE);
	return true;
}

/* Only "chunked" and nothing else. RFC 9112 6.1: a coding that is not understood is 501; without
 * chunked at the end the length of a request cannot be known, chunked twice cannot be meant. */
static bool read_transfer_encoding(struct http_head *head, const struct http_field *field,
				   struct http_problem *problem)
{
	if (head->version != HTTP_VERSION_1_1)
		return http_refuse(problem, 400, "Transfer-Encoding in HTTP/1.0");
	if (http_fields_find_known(&head->fields, HTTP_CONTENT_LENGTH) != NULL)
		return http_refuse(problem, 400, "both Transfer-Encoding and Content-Length");
	if (http_is_repeated(&head->fields, field))
		return http_refuse(problem, 400, "Transfer-Encoding is repeated");
	if (text_equal_nocase(field->value, TEXT("chunked"))) {
		head->framing = HTTP_BODY_CHUNKED;
		return true;
	}

	struct text list = field->value, coding = { 0 };

	while (list.ptr != NULL) {
		coding = text_trim(text_split(&list, ','));
		if (!http_token_is_valid(coding))
			return http_refuse(problem, 400, "a malformed Transfer-Encoding");
		if (text_equal_nocase(coding, TEXT("chunked")) && list.ptr != NULL)
			return http_refuse(problem, 400, "chunked is not the last coding");
	}
	if (!text_equal_nocase(coding, TEXT("chunked")))
		return http_refuse(problem, 400, "Transfer-Encoding does not end in chunked");
	return http_refuse(problem, 501, "a transfer coding other than chunked");
}

/* RFC 9112 6.3. */
static bool read_framing(struct http_head *head, struct http_problem *problem)
{
	const struct http_field *const coding =
		http_fields_find_known(&head->fields, HTTP_TRANSFER_ENCODING);

	if (coding != NULL)
		return read_transfer_encoding(head, coding, problem);
	if (!http_read_length(head, problem))
		return false;
	if (head->content_length != HTTP_LENGTH_UNKNOWN && head->content_length > 0)
		head->framing = HTTP_BODY_LENGTH;
	return true;
}

/* RFC 9112 3.2: HTTP/1.1 needs a Host even where the target names one. */
static bool read_host(struct http_head *head, struct http_problem *problem)
{
	if (head->version == HTTP_VERSION_1_1
	    && http_fields_find_known(&head->fields, HTTP_HOST) == NULL)
		return http_refuse(problem, 400, "Host is missing");
	return http_read_host(head, problem);
}

bool http1_finish_request(struct http_head *head, struct http_problem *problem)
{
	head->accepts_trailers = http_accepts_trailers(&head->fields);
	if (!read_host(head, problem) || !read_framing(head, problem)
	    || !read_connection(head, problem) || !http_read_expectation(head, problem))
		return false;
	if (http_head_is_connect(head) && head->framing != HTTP_BODY_NONE)
		return http_refuse(problem, 400, "CONNECT with a body");
	return true;
}

/* 1xx and 204 have neither body nor length (RFC 9110 8.6). Who announces one all the same might
 * send it, too: the connection is not used again. */
static void finish_without_body(struct http_head *head)
{
	const bool may_say_length = head->status >= 200 && head->status != 204;

	if (!may_say_length && head->framing != HTTP_BODY_NONE)
		head->keep_alive = false;
	if (!may_say_length)
		head->content_length = HTTP_LENGTH_UNKNOWN;
	head->framing = HTTP_BODY_NONE;
}

static void finish_to_end(struct http_head *head)
{
	head->framing = HTTP_BODY_TO_END;
	head->content_length = HTTP_LENGTH_UNKNOWN;
	head->keep_alive = false;
}

/* RFC 9112 6.3, in its order. */
bool http1_finish_response(struct http_head *head, const struct http_head *request,
			   struct http_problem *problem)
{
	if (!read_framing(head, problem) || !read_connection(head, problem))
		return false;

	if (head->status == 101 && text_is_empty(request->upgrade))
		return http_refuse(problem, 502, "the protocol changes without having been asked");

	const bool is_tunnel = http_head_is_connect(request) && head->status / 100 == 2;

	if (is_tunnel || head->status == 101)
		finish_to_end(head);
	else if (http_head_is_head(request) || head->status < 200 || head->status == 204
		 || head->status == 304)
		finish_without_body(head);
	else if (head->framing == HTTP_BODY_NONE && head->content_length == HTTP_LENGTH_UNKNOWN)
		finish_to_end(head);
	return true;
}
