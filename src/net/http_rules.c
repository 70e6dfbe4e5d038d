/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_rules.h"

#include "net/http_authority.h"
#include "net/http_chars.h"

bool http_read_host(struct http_head *head, struct http_problem *problem)
{
	struct http_field *const host = http_fields_find_known(&head->fields, HTTP_HOST);
	struct http_authority parts;

	if (host == NULL)
		return true;
	if (http_is_repeated(&head->fields, host))
		return http_refuse(problem, 400, "Host is repeated");
	http_lower((char *)host->value.ptr, host->value.len); /* the codec's own bytes */
	if (!http_authority_parse(host->value, &parts))
		return http_refuse(problem, 400, "Host is malformed");
	if (head->authority.ptr == NULL)
		head->authority = host->value;
	else if (!http_authority_equal(head->authority, host->value, head->scheme))
		return http_refuse(problem, 400, "Host differs from the request target");
	return true;
}

bool http_read_length(struct http_head *head, struct http_problem *problem)
{
	const struct http_field *const length =
		http_fields_find_known(&head->fields, HTTP_CONTENT_LENGTH);

	if (length == NULL)
		return true;
	if (http_is_repeated(&head->fields, length))
		return http_refuse(problem, 400, "Content-Length is repeated");
	if (!text_parse_number(length->value, INT64_MAX, &head->content_length))
		return http_refuse(problem, 400, "a malformed Content-Length");
	return true;
}

/* RFC 9110 10.1.1. HTTP/1.0 knows no interim answers: there an expectation is ignored, and not
 * passed on to where it would count. */
bool http_read_expectation(struct http_head *head, struct http_problem *problem)
{
	const struct http_field *const expect = http_fields_find_known(&head->fields, HTTP_EXPECT);

	if (expect == NULL)
		return true;
	if (head->version == HTTP_VERSION_1_0) {
		http_fields_remove_known(&head->fields, HTTP_EXPECT);
		return true;
	}
	if (!text_equal_nocase(expect->value, TEXT("100-continue"))
	    || http_is_repeated(&head->fields, expect))
		return http_refuse(problem, 417, "an expectation other than 100-continue");
	head->expect_continue = head->framing != HTTP_BODY_NONE;
	return true;
}

bool http_accepts_trailers(const struct http_fields *fields)
{
	struct text list = http_fields_value(fields, HTTP_TE);

	while (list.ptr != NULL)
		if (text_equal_nocase(text_trim(text_split(&list, ',')), TEXT("trailers")))
			return true;
	return false;
}
