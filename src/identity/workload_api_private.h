/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api_private.h — the server's inside. For workload_api.c and workload_api_jwt.c alone. */
#pragma once

#include "identity/workload_api.h"
#include "net/net.h"

struct workload_api {
	struct loop *loop;
	struct grpc_server *server;
	const struct workload_api_ops *ops;
	void *owner;
	struct list streams; /* up to date */
	struct list due;     /* to be told of a change; first come, first told */
	struct timer push;
	size_t behind; /* streams whose state is not the newest */
};

/* What a streaming method sends. */
struct stream_kind {
	int (*write)(struct buffer *out, const struct identity_set *set, struct error *err);
	bool (*is_same)(const struct identity_set *a, const struct identity_set *b);
};

void workload_begin_stream(struct grpc_call *call, const struct stream_kind *kind);
void workload_stream_writable(struct grpc_call *call);
void workload_stream_end(struct grpc_call *call);

/* Whom the caller of this call is entitled to be; *out is a reference. False: nobody, and the call
 * is finished with the reason. */
bool workload_entitled(struct grpc_call *call, struct identity_set **out);

bool workload_has_same_bundles(const struct identity_set *a, const struct identity_set *b);

void workload_fetch_jwt_svid(struct grpc_call *call, struct text message);
void workload_fetch_jwt_bundles(struct grpc_call *call, struct text message);
void workload_validate_jwt_svid(struct grpc_call *call, struct text message);
