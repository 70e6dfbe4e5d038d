/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_client.h — one plain HTTP/2 connection to a gRPC server, and calls on it with one request
 * message each. Connecting again after a failure is the owner's business. */
#pragma once

#include "net/address.h"
#include "net/grpc.h"
#include "net/loop.h"

struct grpc_client;

struct grpc_metadata {
	const char *name;
	struct text value;
};

/* A call is a member of its owner; it must live until on_end or grpc_client_free. */
struct grpc_request {
	const char *path;                     /* "/package.Service/Method" */
	const struct grpc_metadata *metadata; /* borrowed until grpc_client_call returns */
	size_t metadata_count;
	size_t response_limit; /* bytes of one message */
	void (*on_message)(struct grpc_request *request, struct text message);
	/* The server ended it; not called by grpc_client_free. */
	void (*on_end)(struct grpc_request *request, enum grpc_status status, struct text message);

	/* the client's own */
	struct grpc_client *client;
	int32_t stream;
	struct buffer in, out;
	size_t out_sent;
	enum grpc_status status;
	bool has_status;
	struct buffer status_message;
	struct list place;
};

/* Starts to connect. on_closed: the connection is over (or never came); every call had its on_end
 * with GRPC_UNAVAILABLE before. It may free the client. */
int grpc_client_connect(struct loop *loop, const struct address *address,
			void (*on_closed)(void *owner, const struct error *err), void *owner,
			struct grpc_client **out, struct error *err);
void grpc_client_free(struct grpc_client *client); /* accepts NULL; not inside on_message */

/* May be called at once after grpc_client_connect. `message` is copied. */
void grpc_client_call(struct grpc_client *client, struct grpc_request *request,
		      struct text message);
