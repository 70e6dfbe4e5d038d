/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path.h"

#include <errno.h>

static int hex_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that an escape at bytes[at] stands for, or -1 where there is none. */
static int escaped_byte(const char *bytes, size_t len, size_t at)
{
	if (bytes[at] != '%' || len - at < 3)
		return -1;

	int high = hex_value(bytes[at + 1]), low = hex_value(bytes[at + 2]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_unreserved(int c) /* RFC 3986 section 2.3 */
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
	       || c == '-' || c == '.' || c == '_' || c == '~';
}

static size_t find_either(const char *bytes, size_t len, char a, char b)
{
	size_t at = 0;

	while (at < len && bytes[at] != a && bytes[at] != b)
		at++;
	return at;
}

/* One pass: what an escaped escape stands for stays escaped. */
static size_t decode_slashes(char *bytes, size_t len)
{
	size_t out = 0;

	for (size_t in = 0; in < len; in++) {
		int byte = escaped_byte(bytes, len, in);

		if (byte == '/' || byte == '\\') {
			bytes[out++] = (char)byte;
			in += 2;
		} else {
			bytes[out++] = bytes[in];
		}
	}
	return out;
}

/* Behind a stray '%' a decoded digit would make an escape that was not there ("%%32e" is not
 * "%2e"). */
static bool would_make_escape(const char *bytes, size_t out, int byte)
{
	if (hex_value((char)byte) < 0)
		return false;
	return (out >= 1 && bytes[out - 1] == '%')
	       || (out >= 2 && bytes[out - 2] == '%' && hex_value(bytes[out - 1]) >= 0);
}

static int decode_unreserved(char *bytes, size_t *len)
{
	size_t out = 0;

	for (size_t in = 0; in < *len; in++) {
		int byte = escaped_byte(bytes, *len, in);

		if (byte == 0)
			return -EINVAL;
		if (byte > 0 && is_unreserved(byte) && !would_make_escape(bytes, out, byte)) {
			bytes[out++] = (char)byte;
			in += 2;
		} else {
			bytes[out++] = bytes[in] == '\\' ? '/' : bytes[in];
		}
	}
	*len = out;
	return 0;
}

/* RFC 3986 section 5.2.4 on a path that begins with '/'. An empty segment is a segment: ".." after
 * "//" takes back one slash only. */
static size_t remove_dot_segments(char *bytes, size_t len)
{
	size_t out = 1; /* behind the last '/' kept */

	for (size_t in = 1; in <= len;) {
		struct text segment = text_until((struct text){ bytes + in, len - in },
						 find_either(bytes + in, len - in, '/', '/'));
		bool is_last = in + segment.len == len;

		if (text_is(segment, "..")) {
			while (out > 1 && bytes[--out - 1] != '/')
				;
		} else if (!text_is(segment, ".")) {
			memmove(bytes + out, segment.ptr, segment.len);
			out += segment.len;
			if (!is_last)
				bytes[out++] = '/';
		}
		in += segment.len + 1;
	}
	return out;
}

static size_t merge_slashes(char *bytes, size_t len)
{
	size_t out = 0;

	for (size_t in = 0; in < len; in++)
		if (out == 0 || bytes[in] != '/' || bytes[out - 1] != '/')
			bytes[out++] = bytes[in];
	return out;
}

int path_normalize(enum path_mode mode, char *bytes, size_t *len)
{
	size_t whole = find_either(bytes, *len, '#', '#');
	size_t path = find_either(bytes, whole, '?', '?');
	size_t query = whole - path, end = path;

	*len = whole;
	if (mode == PATH_NONE || path == 0 || (path == 1 && bytes[0] == '*'))
		return 0;
	if (mode == PATH_DECODE_AND_MERGE_SLASHES)
		end = decode_slashes(bytes, end);
	if (decode_unreserved(bytes, &end) != 0 || bytes[0] != '/')
		return -EINVAL;
	end = remove_dot_segments(bytes, end);
	if (mode != PATH_BASE)
		end = merge_slashes(bytes, end);
	memmove(bytes + end, bytes + path, query);
	*len = end + query;
	return 0;
}

struct text path_without_query(struct text target)
{
	return text_until(target, find_either(target.ptr, target.len, '?', '#'));
}
