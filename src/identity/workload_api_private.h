/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api_private.h — the server's inside. For the files workload_api*.c and envoy_sds.c
 * alone.
 */
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
	struct list parked;  /* calls whose callers are still being attested */
	struct timer push;
	size_t behind; /* streams whose state is not the newest */
};

/* What a streaming method sends. A question is what the caller asked for, where that is not always
 * the same; the stream owns it. */
struct stream_kind {
	/* -EINVAL: the caller may not ask for that, and err is told to it. */
	int (*write)(struct buffer *out, const struct identity_set *set, void *question,
		     struct error *err);
	bool (*is_same)(const struct identity_set *a, const struct identity_set *b);
	bool (*sends_keys)(const void *question); /* NULL: never */
	void (*forget)(void *question);           /* NULL: there is none */
};

void workload_begin_stream(struct grpc_call *call, const struct stream_kind *kind, void *question);
/* Of a stream that has begun; NULL before. */
void *workload_stream_question(struct grpc_call *call);
/* It changed: the state is sent again. */
void workload_stream_asked_again(struct grpc_call *call);
void workload_stream_writable(struct grpc_call *call);
void workload_stream_end(struct grpc_call *call);

/* A method of one message: what it does with a call. */
typedef void workload_method(struct grpc_call *call, struct text message);

/* Whom the caller of this call is entitled to be; *out is a reference. False: nobody, and the call
 * is finished with the reason; or it is not known yet, and `method` is called again when it is. */
bool workload_entitled(struct grpc_call *call, workload_method *method, struct text message,
		       struct identity_set **out);

/* ---- workload_api_parked.c ---- */

/* Keeps the call, with a copy of its message, until workload_unpark. */
void workload_park(struct grpc_call *call, workload_method *method, struct text message);
void workload_unpark(struct workload_api *api);
void workload_parked_end(struct grpc_call *call);

bool workload_has_same_svids(const struct identity_set *a, const struct identity_set *b);
bool workload_has_same_bundles(const struct identity_set *a, const struct identity_set *b);

void workload_note_delivery(struct grpc_call *call, const struct identity_set *set);

extern const struct grpc_service envoy_secret_service;

void workload_fetch_jwt_svid(struct grpc_call *call, struct text message);
void workload_fetch_jwt_bundles(struct grpc_call *call, struct text message);
void workload_validate_jwt_svid(struct grpc_call *call, struct text message);
