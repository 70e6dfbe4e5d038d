/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include <math.h>

static void begin_value(struct json_writer *json)
{
	if (json->needs_comma)
		buffer_add_char(json->out, ',');
	json->needs_comma = true;
}

static void open_with(struct json_writer *json, char bracket)
{
	begin_value(json);
	buffer_add_char(json->out, bracket);
	json->needs_comma = false;
}

static void close_with(struct json_writer *json, char bracket)
{
	buffer_add_char(json->out, bracket);
	json->needs_comma = true;
}

void json_begin_object(struct json_writer *json)
{
	open_with(json, '{');
}

void json_end_object(struct json_writer *json)
{
	close_with(json, '}');
}

void json_begin_array(struct json_writer *json)
{
	open_with(json, '[');
}

void json_end_array(struct json_writer *json)
{
	close_with(json, ']');
}

/* The length of the valid UTF-8 sequence at the front, or 0. */
static size_t sequence_length(struct text text)
{
	for (size_t len = 2; len <= 4 && len <= text.len; len++)
		if (text_is_utf8(text_until(text, len)))
			return len;
	return 0;
}

static void escape_char(struct buffer *out, unsigned char c)
{
	static const char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; i + 1 < sizeof(names); i += 2) {
		if ((unsigned char)names[i] == c) {
			const char pair[2] = { '\\', names[i + 1] };

			buffer_add(out, pair, 2);
			return;
		}
	}
	buffer_printf(out, "\\u%04x", c);
}

void json_escape(struct buffer *out, struct text text)
{
	size_t plain = 0; /* start of the run not yet written */
	size_t i = 0;

	while (i < text.len) {
		const unsigned char c = (unsigned char)text.ptr[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			i++;
			continue;
		}

		const size_t sequence = c >= 0x80 ? sequence_length(text_from(text, i)) : 0;

		if (sequence > 0) {
			i += sequence;
			continue;
		}
		buffer_add(out, text.ptr + plain, i - plain);
		if (c >= 0x80)
			buffer_add_text(out, "\xef\xbf\xbd");
		else
			escape_char(out, c);
		plain = ++i;
	}
	if (text.len > plain)
		buffer_add(out, text.ptr + plain, text.len - plain);
}

static void add_quoted(struct json_writer *json, struct text text)
{
	buffer_add_char(json->out, '"');
	json_escape(json->out, text);
	buffer_add_char(json->out, '"');
}

void json_key(struct json_writer *json, const char *key)
{
	begin_value(json);
	add_quoted(json, text_of(key));
	buffer_add_char(json->out, ':');
	json->needs_comma = false;
}

void json_text(struct json_writer *json, struct text text)
{
	if (text.ptr == NULL) {
		json_nothing(json);
		return;
	}
	begin_value(json);
	add_quoted(json, text);
}

void json_cstring(struct json_writer *json, const char *string)
{
	json_text(json, text_of(string));
}

void json_number(struct json_writer *json, int64_t number)
{
	begin_value(json);
	if (number < 0)
		buffer_add_char(json->out, '-');
	buffer_add_number(json->out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void json_double(struct json_writer *json, double number)
{
	begin_value(json);
	if (isfinite(number))
		buffer_printf(json->out, "%.17g", number);
	else
		buffer_add_text(json->out, "null");
}

void json_bool(struct json_writer *json, bool value)
{
	begin_value(json);
	buffer_add_text(json->out, value ? "true" : "false");
}

void json_nothing(struct json_writer *json)
{
	begin_value(json);
	buffer_add_text(json->out, "null");
}
