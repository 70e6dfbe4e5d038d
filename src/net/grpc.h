/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.h — what gRPC adds to HTTP/2: status codes, and messages with a length before them
 * (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/statuscodes.md). */
#pragma once

#include "base/base.h"

enum grpc_status {
	GRPC_OK = 0,
	GRPC_CANCELLED = 1,
	GRPC_UNKNOWN = 2,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_PERMISSION_DENIED = 7,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_FAILED_PRECONDITION = 9,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
	GRPC_UNAUTHENTICATED = 16,
};

const char *grpc_status_name(enum grpc_status status); /* "PERMISSION_DENIED"; "code 99" never */

/* One byte (compressed?) and four (length, big-endian) before each message. */
#define GRPC_PREFIX 5
void grpc_frame_add(struct buffer *out, struct text message);
/* The first whole message in `in` (a view into it) and the bytes it takes with its prefix; 0: more
 * bytes are needed. -EMSGSIZE: longer than limit; -EPROTO: compressed, which nobody asked for. */
ssize_t grpc_frame_next(const struct buffer *in, size_t limit, struct text *message);

/* grpc-message travels percent-encoded. */
void grpc_message_encode(struct buffer *out, struct text message);
void grpc_message_decode(struct buffer *out, struct text encoded);
