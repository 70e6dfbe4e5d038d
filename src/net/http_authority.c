/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_authority.h"

#include "net/http_chars.h"

#include <arpa/inet.h>

#define HOST_MAX 254 /* a DNS name and its trailing dot */

static bool parse_port(struct text text, uint16_t *out)
{
	uint64_t port;

	if (text.len > 5 || !text_parse_number(text, UINT16_MAX, &port) || port == 0)
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool is_ipv6(struct text text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr ignored;

	if (text.len == 0 || text.len >= sizeof(address) || memchr(text.ptr, '\0', text.len))
		return false;
	memcpy(address, text.ptr, text.len);
	address[text.len] = '\0';
	return inet_pton(AF_INET6, address, &ignored) == 1;
}

static bool is_name(struct text host)
{
	bool label_is_empty = true;

	if (host.len == 0 || host.len > HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (!http_char_is(host.ptr[i], HTTP_CHAR_HOST))
			return false;
		if (host.ptr[i] == '.' && label_is_empty)
			return false;
		label_is_empty = host.ptr[i] == '.';
	}
	return true;
}

static bool parse_bracketed(struct text text, struct http_authority *out)
{
	const size_t close = text_find_char(text, ']');

	if (close == TEXT_NONE)
		return false;
	out->host = text_from(text_until(text, close), 1);
	out->is_ipv6 = true;

	const struct text rest = text_from(text, close + 1);

	if (rest.len > 0 && (rest.ptr[0] != ':' || !parse_port(text_from(rest, 1), &out->port)))
		return false;
	return is_ipv6(out->host);
}

bool http_authority_parse(struct text text, struct http_authority *out)
{
	*out = (struct http_authority){ .host = text };
	if (text.len > 0 && text.ptr[0] == '[')
		return parse_bracketed(text, out);

	const size_t colon = text_find_char(text, ':');

	if (colon != TEXT_NONE) {
		out->host = text_until(text, colon);
		if (!parse_port(text_from(text, colon + 1), &out->port))
			return false;
	}
	return is_name(out->host);
}

uint16_t http_scheme_port(struct text scheme)
{
	if (text_equal(scheme, TEXT("http")))
		return 80;
	return text_equal(scheme, TEXT("https")) ? 443 : 0;
}

bool http_authority_equal(struct text a, struct text b, struct text scheme)
{
	struct http_authority left, right;

	if (text_equal(a, b))
		return true;
	if (!http_authority_parse(a, &left) || !http_authority_parse(b, &right))
		return false;

	const uint16_t usual = http_scheme_port(scheme);

	return text_equal(left.host, right.host)
	       && (left.port != 0 ? left.port : usual) == (right.port != 0 ? right.port : usual);
}

bool http_url_split(struct text url, struct http_url *out)
{
	const size_t colon = text_find_char(url, ':');

	if (colon == TEXT_NONE || !text_starts_with(text_from(url, colon), TEXT("://")))
		return false;
	out->scheme = text_until(url, colon);

	const struct text rest = text_from(url, colon + 3);
	size_t end = 0;

	while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?'
	       && rest.ptr[end] != '#')
		end++;
	out->authority = text_until(rest, end);
	out->path = text_from(rest, end);
	return out->scheme.len > 0;
}
