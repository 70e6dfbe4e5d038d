/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc.h"

#include <errno.h>

static const char *const status_names[] = {
	[GRPC_OK] = "OK",
	[GRPC_CANCELLED] = "CANCELLED",
	[GRPC_UNKNOWN] = "UNKNOWN",
	[GRPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[GRPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[GRPC_NOT_FOUND] = "NOT_FOUND",
	[6] = "ALREADY_EXISTS",
	[GRPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
	[GRPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[GRPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[10] = "ABORTED",
	[11] = "OUT_OF_RANGE",
	[GRPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[GRPC_INTERNAL] = "INTERNAL",
	[GRPC_UNAVAILABLE] = "UNAVAILABLE",
	[15] = "DATA_LOSS",
	[GRPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *grpc_status_name(enum grpc_status status)
{
	return (size_t)status < COUNT_OF(status_names) ? status_names[status] : "UNKNOWN";
}

void grpc_frame_add(struct buffer *out, struct text message)
{
	const unsigned char prefix[GRPC_PREFIX] = { 0, (unsigned char)(message.len >> 24),
						    (unsigned char)(message.len >> 16),
						    (unsigned char)(message.len >> 8),
						    (unsigned char)message.len };

	buffer_add(out, prefix, sizeof(prefix));
	buffer_add(out, message.ptr, message.len);
}

ssize_t grpc_frame_next(const struct buffer *in, size_t limit, struct text *message)
{
	const unsigned char *prefix = (const unsigned char *)in->data;

	if (in->len < GRPC_PREFIX)
		return 0;

	const size_t len = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16
			   | (size_t)prefix[3] << 8 | prefix[4];

	if (prefix[0] != 0)
		return -EPROTO;
	if (len > limit)
		return -EMSGSIZE;
	if (in->len < GRPC_PREFIX + len)
		return 0;
	*message = (struct text){ in->data + GRPC_PREFIX, len };
	return (ssize_t)(GRPC_PREFIX + len);
}

void grpc_message_encode(struct buffer *out, struct text message)
{
	for (size_t i = 0; i < message.len; i++) {
		const char c = message.ptr[i];

		if (c >= 0x20 && c <= 0x7e && c != '%')
			buffer_add_char(out, c);
		else
			buffer_printf(out, "%%%02X", (unsigned char)c);
	}
}

static int hex_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void grpc_message_decode(struct buffer *out, struct text encoded)
{
	for (size_t i = 0; i < encoded.len; i++) {
		const bool is_escape = encoded.ptr[i] == '%' && i + 2 < encoded.len
				       && hex_value(encoded.ptr[i + 1]) >= 0
				       && hex_value(encoded.ptr[i + 2]) >= 0;

		if (!is_escape) {
			buffer_add_char(out, encoded.ptr[i]);
			continue;
		}
		buffer_add_char(out, (char)(hex_value(encoded.ptr[i + 1]) * 16
					    + hex_value(encoded.ptr[i + 2])));
		i += 2;
	}
}
