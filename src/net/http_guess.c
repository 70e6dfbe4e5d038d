/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_guess.h"

#include "net/http2.h"
#include "net/http_chars.h"

#define METHOD_MAX 32
#define TARGET_MAX (16 * 1024)

static size_t method_length(struct text bytes)
{
	size_t len = 0;

	while (len < bytes.len && http_char_is(bytes.ptr[len], HTTP_CHAR_TOKEN))
		len++;
	return len;
}

/* Whatever a server may take for a target: what is wrong with it, the parser says. */
static size_t target_length(struct text bytes)
{
	size_t len = 0;

	while (len < bytes.len && bytes.ptr[len] != ' ' && bytes.ptr[len] != '\r'
	       && bytes.ptr[len] != '\n' && bytes.ptr[len] != '\0')
		len++;
	return len;
}

static enum http_guess guess_version(struct text bytes)
{
	const struct text version = TEXT("HTTP/1.");

	if (bytes.len < version.len)
		return text_starts_with(version, bytes) ? HTTP_GUESS_MORE : HTTP_GUESS_OTHER;
	return text_starts_with(bytes, version) ? HTTP_GUESS_1 : HTTP_GUESS_OTHER;
}

static enum http_guess guess_line(struct text bytes)
{
	const size_t method = method_length(bytes);
	size_t target;

	if (method == bytes.len && method <= METHOD_MAX)
		return HTTP_GUESS_MORE;
	if (method == 0 || method > METHOD_MAX || bytes.ptr[method] != ' ')
		return HTTP_GUESS_OTHER;
	bytes = text_from(bytes, method + 1);
	target = target_length(bytes);
	if (target == bytes.len)
		return target < TARGET_MAX ? HTTP_GUESS_MORE : HTTP_GUESS_1;
	if (target == 0 || bytes.ptr[target] != ' ')
		return HTTP_GUESS_OTHER;
	return guess_version(text_from(bytes, target + 1));
}

/* Empty lines before a request are passed over by many servers (RFC 9112, section 2.2). */
static struct text skip_empty_lines(struct text bytes)
{
	while (bytes.len > 0 && (bytes.ptr[0] == '\r' || bytes.ptr[0] == '\n'))
		bytes = text_from(bytes, 1);
	return bytes;
}

enum http_guess http_guess(struct text bytes)
{
	switch (http2_preface_check(bytes.ptr, bytes.len)) {
	case HTTP2_PREFACE_YES:
		return HTTP_GUESS_2;
	case HTTP2_PREFACE_PARTIAL:
		return HTTP_GUESS_MORE;
	default:
		return guess_line(skip_empty_lines(bytes));
	}
}
