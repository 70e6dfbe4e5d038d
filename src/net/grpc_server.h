/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_server.h — answers gRPC calls over plain HTTP/2, on a unix socket or TCP.
 *
 * A method is a row of a const table. Its on_message runs for each message of the caller; it
 * answers with grpc_call_send and grpc_call_finish, then or later. on_end is the last that is
 * heard of a call, whoever ended it; after it the call is gone.
 *
 * Callers are not trusted: messages, metadata, calls a connection and connections have limits, and
 * a connection that does not get on is closed. A caller that does not read its stream costs one
 * message: ask grpc_call_has_room before sending another, on_writable tells when there is room. */
#pragma once

#include "net/address.h"
#include "net/grpc.h"
#include "net/loop.h"

#include <sys/socket.h>

struct grpc_server;
struct grpc_call;

struct grpc_method {
	const char *path;    /* "/package.Service/Method" */
	bool client_streams; /* more than one message may come */
	void (*on_message)(struct grpc_call *call, struct text message);
	void (*on_writable)(struct grpc_call *call); /* NULL: not interested */
	void (*on_end)(struct grpc_call *call);      /* NULL: not interested */
};

struct grpc_service {
	const struct grpc_method *methods;
	size_t method_count;
	/* Asked before the first message; anything but GRPC_OK ends the call, with *message. */
	enum grpc_status (*admit)(struct grpc_call *call, const char **message);
};

/* `services` and `owner` are borrowed. `mode` is that of a unix socket's file. */
int grpc_server_listen(struct loop *loop, const struct address *address, mode_t mode,
		       const struct grpc_service *const *services, size_t service_count,
		       void *owner, struct grpc_server **out, struct error *err);
void grpc_server_free(struct grpc_server *server); /* ends every call; accepts NULL */
size_t grpc_server_connections(const struct grpc_server *server);

void grpc_call_send(struct grpc_call *call, struct text message); /* copied */
/* Ends the call once what was sent before has left; on_end follows. message may be NULL. */
void grpc_call_finish(struct grpc_call *call, enum grpc_status status, const char *message);
bool grpc_call_has_room(const struct grpc_call *call);

void *grpc_call_owner(const struct grpc_call *call); /* the server's owner */
void grpc_call_set_data(struct grpc_call *call, void *data);
void *grpc_call_data(const struct grpc_call *call);
int grpc_call_socket(const struct grpc_call *call); /* to ask the kernel who called */
/* The value of the metadata `name`, and how often the caller sent it (0: absent). */
size_t grpc_call_metadata(const struct grpc_call *call, const char *name, struct text *value);
