/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1_lines.h"

#include "net/http_authority.h"
#include "net/http_chars.h"

/* RFC 9112 2.3. A later minor version would be read as 1.1, but there is none and will be none. */
static bool read_version(struct text text, struct http_head *head, struct http_problem *problem)
{
	if (text_equal(text, TEXT("HTTP/1.1"))) {
		head->version = HTTP_VERSION_1_1;
		return true;
	}
	if (text_equal(text, TEXT("HTTP/1.0"))) {
		head->version = HTTP_VERSION_1_0;
		return true;
	}
	if (text.len == 8 && text_starts_with(text, TEXT("HTTP/")) && char_is_digit(text.ptr[5])
	    && text.ptr[6] == '.' && char_is_digit(text.ptr[7]))
		return http_refuse(problem, 505, "the HTTP version is neither 1.0 nor 1.1");
	return http_refuse(problem, 400, "the HTTP version is malformed");
}

/* "http://host:port/path": RFC 9112 3.2.2. Its authority is held against Host when that is known.
 */
static bool read_absolute_form(struct http_head *head, char *target, size_t len,
			       struct http_problem *problem)
{
	struct http_url url;
	struct http_authority parts;

	if (!http_url_split((struct text){ target, len }, &url))
		return http_refuse(problem, 400, "the request target is malformed");
	http_lower(target, url.scheme.len);
	if (http_scheme_port(url.scheme) == 0)
		return http_refuse(problem, 400, "the request target is neither http nor https");

	char *const authority = target + url.scheme.len + strlen("://");

	http_lower(authority, url.authority.len);
	if (!http_authority_parse(url.authority, &parts))
		return http_refuse(problem, 400, "the host in the request target is malformed");
	if (text_is_empty(url.path)) {
		url.path = http_head_is_options(head) ? TEXT("*") : TEXT("/");
	} else if (url.path.ptr[0] == '?') { /* room for the slash is taken from "://" */
		memmove(authority - 1, authority, url.authority.len);
		authority[url.authority.len - 1] = '/';
		url.authority.ptr--;
		url.path = (struct text){ url.path.ptr - 1, url.path.len + 1 };
	}
	head->scheme = url.scheme;
	head->authority = url.authority;
	head->path = url.path;
	return true;
}

/* RFC 9112 3.2: which of the four forms it is depends on the method and the first byte. */
static bool read_target(struct http_head *head, char *target, size_t len,
			struct http_problem *problem)
{
	const struct text text = { target, len };
	struct http_authority parts;

	if (len == 0)
		return http_refuse(problem, 400, "the request has no target");
	if (http_head_is_connect(head)) {
		http_lower(target, len);
		head->authority = text;
		if (!http_authority_parse(text, &parts) || parts.port == 0)
			return http_refuse(problem, 400, "CONNECT needs host:port");
		return true;
	}
	if (text_equal(text, TEXT("*")) && http_head_is_options(head)) {
		head->path = text;
		return true;
	}
	if (!http_text_is(text, HTTP_CHAR_TARGET))
		return http_refuse(problem, 400, "a byte in the request target must be encoded");
	if (target[0] != '/')
		return read_absolute_form(head, target, len, problem);
	head->path = text;
	return true;
}

bool http1_read_request_line(struct http_head *head, char *line, size_t len,
			     struct http_problem *problem)
{
	const struct text text = { line, len };
	const size_t method_end = text_find_char(text, ' ');

	head->method = text_until(text, method_end == TEXT_NONE ? len : method_end);
	if (!http_token_is_valid(head->method))
		return http_refuse(problem, 400, "the method is malformed");
	if (method_end == TEXT_NONE)
		return http_refuse(problem, 400, "the request line has no target");

	const struct text rest = text_from(text, method_end + 1);
	const size_t target_end = text_find_char(rest, ' ');

	if (target_end == TEXT_NONE)
		return http_refuse(problem, 400, "the request line has no HTTP version");
	return read_version(text_from(rest, target_end + 1), head, problem)
	       && read_target(head, line + method_end + 1, target_end, problem);
}

/* RFC 9112 4. The blank before an empty reason is often forgotten and never ambiguous. */
bool http1_read_status_line(struct http_head *head, char *line, size_t len,
			    struct http_problem *problem)
{
	const struct text text = { line, len };
	uint64_t status;

	if (len < strlen("HTTP/1.1 200"))
		return http_refuse(problem, 502, "the status line is malformed");
	if (!read_version(text_until(text, 8), head, problem))
		return false;
	if (line[8] != ' ' || !text_parse_number(text_until(text_from(text, 9), 3), 599, &status)
	    || status < 100)
		return http_refuse(problem, 502, "the status is malformed");
	if (len > 12 && line[12] != ' ')
		return http_refuse(problem, 502, "the status line is malformed");
	head->status = (unsigned)status;
	head->reason = text_from(text, MIN_OF(len, (size_t)13));
	if (!http_value_is_valid(head->reason))
		return http_refuse(problem, 502, "a control character in the reason phrase");
	return true;
}

bool http1_read_field(struct http_fields *fields, char *line, size_t len,
		      struct http_problem *problem)
{
	size_t colon = 0;

	for (; colon < len && http_char_is(line[colon], HTTP_CHAR_TOKEN); colon++)
		line[colon] = http_char_lower(line[colon]);
	if (colon == 0 && (line[0] == ' ' || line[0] == '\t'))
		return http_refuse(problem, 400, "a folded field line"); /* RFC 9112 5.2 */
	if (colon == len)
		return http_refuse(problem, 400, "a field line without colon");
	if (line[colon] == ' ' || line[colon] == '\t')
		return http_refuse(problem, 400, "a blank before the colon of a field");
	if (line[colon] != ':' || colon == 0)
		return http_refuse(problem, 400, "a malformed field name");

	const struct text value = text_trim((struct text){ line + colon + 1, len - colon - 1 });

	if (!http_value_is_valid(value))
		return http_refuse(problem, 400, "a control character in a field value");
	http_fields_add(fields, (struct text){ line, colon }, value);
	return true;
}
