/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_wire.h"

#include <nghttp2/nghttp2.h>

#define HEAD_SIZE 9

void wire_preface(struct buffer *out)
{
	buffer_add_text(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	wire_frame(out, FRAME_SETTINGS, 0, 0, TEXT(""));
}

static void add_big_endian(struct buffer *out, uint32_t number, int bytes)
{
	while (bytes-- > 0)
		buffer_add_char(out, (char)(number >> (8 * bytes)));
}

void wire_frame(struct buffer *out, uint8_t type, uint8_t flags, uint32_t id, struct text payload)
{
	add_big_endian(out, (uint32_t)payload.len, 3);
	buffer_add_char(out, (char)type);
	buffer_add_char(out, (char)flags);
	add_big_endian(out, id, 4);
	buffer_add(out, payload.ptr, payload.len);
}

/* RFC 7541 5.1 and 5.2: a length with a prefix of seven bits, no Huffman. */
static void add_string(struct buffer *out, struct text text)
{
	size_t rest = text.len;

	if (rest < 127) {
		buffer_add_char(out, (char)rest);
	} else {
		buffer_add_char(out, 127);
		for (rest -= 127; rest >= 128; rest /= 128)
			buffer_add_char(out, (char)(0x80 | (rest % 128)));
		buffer_add_char(out, (char)rest);
	}
	buffer_add(out, text.ptr, text.len);
}

void wire_block(struct buffer *out, const char *lines)
{
	struct text rest = text_of(lines);

	while (rest.len > 0) {
		const struct text line = text_split(&rest, '\n');
		const size_t equals = text_find_char(line, '=');

		buffer_add_char(out, 0); /* literal, not indexed, new name */
		add_string(out, text_until(line, equals));
		add_string(out, text_from(line, equals + 1));
	}
}

void wire_headers(struct buffer *out, uint8_t flags, uint32_t id, const char *lines)
{
	AUTO_BUFFER struct buffer block = { 0 };

	wire_block(&block, lines);
	wire_frame(out, FRAME_HEADERS, flags | FLAG_END_HEADERS, id, buffer_text(&block));
}

static uint32_t read_big_endian(const char *bytes, int count)
{
	uint32_t number = 0;

	for (int i = 0; i < count; i++)
		number = number << 8 | (unsigned char)bytes[i];
	return number;
}

void wire_show(struct buffer *out, struct text bytes)
{
	while (bytes.len >= HEAD_SIZE) {
		const size_t len = read_big_endian(bytes.ptr, 3);
		const uint32_t id = read_big_endian(bytes.ptr + 5, 4);
		const char *payload = bytes.ptr + HEAD_SIZE;

		if (bytes.ptr[3] == FRAME_HEADERS)
			buffer_printf(out, "headers %u; ", id);
		else if (bytes.ptr[3] == FRAME_RST)
			buffer_printf(out, "rst %u %s; ", id,
				      nghttp2_http2_strerror(read_big_endian(payload, 4)));
		else if (bytes.ptr[3] == FRAME_GOAWAY)
			buffer_printf(out, "goaway %s; ",
				      nghttp2_http2_strerror(read_big_endian(payload + 4, 4)));
		bytes = text_from(bytes, HEAD_SIZE + len);
	}
}
