/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_ask.h — one question to a gRPC server, for commands: connects, calls, takes the first
 * message of the answer, hangs up. With an event loop of its own. */
#pragma once

#include "net/net.h"

struct grpc_metadata;

/* -EACCES, -ECONNREFUSED, -ETIMEDOUT or -EINVAL with the server's words. */
int grpc_ask(const char *endpoint, const char *path, const struct grpc_metadata *metadata,
	     size_t metadata_count, struct text request, struct buffer *answer, struct error *err);
