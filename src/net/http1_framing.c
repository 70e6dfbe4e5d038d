/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_lines.h"

#include "net/http_authority.h"
#include "net/http_chars.h"

#define CONNECTION_OPTIONS_MAX 64 /* each may name a field to be searched for and removed */

static bool is_repeated(const struct http_fields *fields, const struct http_field *field)
{
	return http_fields_next(fields, field) != NULL;
}

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
	if (is_repeated(&head->fields, field))
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

/* RFC 9112 6.3. A repeated length is refused even where the repetition agrees. */
static bool read_framing(struct http_head *head, struct http_problem *problem)
{
	const struct http_fields *const fields = &head->fields;
	const struct http_field *const coding =
		http_fields_find_known(fields, HTTP_TRANSFER_ENCODING);
	const struct http_field *const length = http_fields_find_known(fields, HTTP_CONTENT_LENGTH);

	if (coding != NULL)
		return read_transfer_encoding(head, coding, problem);
	if (length == NULL)
		return true;
	if (is_repeated(fields, length))
		return http_refuse(problem, 400, "Content-Length is repeated");
	if (!text_parse_number(length->value, INT64_MAX, &head->content_length))
		return http_refuse(problem, 400, "a malformed Content-Length");
	head->framing = head->content_length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
	return true;
}

/* RFC 9112 3.2: exactly one Host, valid, and the same as an absolute target's. */
static bool read_host(struct http_head *head, struct http_problem *problem)
{
	struct http_field *const host = http_fields_find_known(&head->fields, HTTP_HOST);
	struct http_authority parts;

	if (host == NULL) {
		if (head->version == HTTP_VERSION_1_0)
			return true;
		return http_refuse(problem, 400, "Host is missing");
	}
	if (is_repeated(&head->fields, host))
		return http_refuse(problem, 400, "Host is repeated");
	http_lower((char *)host->value.ptr, host->value.len); /* the parser's own bytes */
	if (!http_authority_parse(host->value, &parts))
		return http_refuse(problem, 400, "Host is malformed");
	if (head->authority.ptr == NULL)
		head->authority = host->value;
	else if (!http_authority_equal(head->authority, host->value, head->scheme))
		return http_refuse(problem, 400, "Host differs from the request target");
	return true;
}

/* RFC 9110 10.1.1. HTTP/1.0 knows no interim answers: there an expectation is ignored, and not
 * passed on to where it would count. */
static bool read_expectation(struct http_head *head, struct http_problem *problem)
{
	const struct http_field *const expect = http_fields_find_known(&head->fields, HTTP_EXPECT);

	if (expect == NULL)
		return true;
	if (head->version == HTTP_VERSION_1_0) {
		http_fields_remove_known(&head->fields, HTTP_EXPECT);
		return true;
	}
	if (!text_equal_nocase(expect->value, TEXT("100-continue"))
	    || is_repeated(&head->fields, expect))
		return http_refuse(problem, 417, "an expectation other than 100-continue");
	head->expect_continue = head->framing != HTTP_BODY_NONE;
	return true;
}

static bool accepts_trailers(const struct http_fields *fields)
{
	struct text list = http_fields_value(fields, HTTP_TE);

	while (list.ptr != NULL)
		if (text_equal_nocase(text_trim(text_split(&list, ',')), TEXT("trailers")))
			return true;
	return false;
}

bool http1_finish_request(struct http_head *head, struct http_problem *problem)
{
	head->accepts_trailers = accepts_trailers(&head->fields);
	if (!read_host(head, problem) || !read_framing(head, problem)
	    || !read_connection(head, problem) || !read_expectation(head, problem))
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
