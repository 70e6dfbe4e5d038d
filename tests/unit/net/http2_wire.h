/* SPDX-License-Identifier: Apache-2.0 */
/* http2_wire.h — HTTP/2 frames made by hand, for what no library would send, and read back. */
#pragma once

#include "net/net.h"

enum {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST,
	FRAME_SETTINGS,
	FRAME_PUSH,
	FRAME_PING,
	FRAME_GOAWAY,
	FRAME_WINDOW,
	FRAME_CONTINUATION
};
enum { FLAG_END_STREAM = 0x1, FLAG_ACK = 0x1, FLAG_END_HEADERS = 0x4, FLAG_PADDED = 0x8 };

void wire_preface(struct buffer *out); /* with an empty SETTINGS */
void wire_frame(struct buffer *out, uint8_t type, uint8_t flags, uint32_t id, struct text payload);
/* A header block of "name=value\n" lines, neither indexed nor compressed. */
void wire_block(struct buffer *out, const char *lines);
void wire_headers(struct buffer *out, uint8_t flags, uint32_t id, const char *lines);

/* "headers 1; rst 1 PROTOCOL_ERROR; goaway NO_ERROR; ": what matters of the frames in `bytes`. */
void wire_show(struct buffer *out, struct text bytes);
