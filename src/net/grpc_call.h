/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_call.h — one call as the server keeps it. For grpc_server.c and grpc_call.c alone. */
#pragma once

#include "net/grpc_pump.h"
#include "net/grpc_server.h"

#define GRPC_REQUEST_MAX  65536 /* bytes of one message from a caller */
#define GRPC_METADATA_MAX 16384

struct grpc_connection {
	struct list place; /* in the server's list, which owns it */
	struct grpc_server *server;
	struct grpc_pump pump;
	struct list calls; /* owned */
	size_t call_count;
	struct timer patience;
	struct deferred release;
};

struct grpc_call {
	struct list place; /* in the connection's list, which owns it */
	struct grpc_connection *connection;
	const struct grpc_service *service;
	const struct grpc_method *method; /* NULL: unknown */
	int32_t stream;
	void *data;             /* the method's */
	struct buffer metadata; /* name NUL value NUL … */
	struct buffer path;
	bool is_post, is_grpc; /* as the request's head said */
	struct buffer in;
	size_t messages; /* that have come */
	struct buffer out;
	size_t out_sent;              /* bytes of out that nghttp2 took */
	bool has_head;                /* the response's head was submitted */
	bool is_finished;             /* no more to send after out */
	bool is_waiting;              /* the data provider has nothing and waits to be resumed */
	enum grpc_status status;      /* once finished */
	struct buffer status_message; /* percent-encoded */
};

struct grpc_call *grpc_call_new(struct grpc_connection *connection, int32_t stream);
void grpc_call_free(struct grpc_call *call); /* tells the method */
/* The request's head is complete: finds the method, asks the service. */
void grpc_call_begin(struct grpc_call *call);
void grpc_call_add_metadata(struct grpc_call *call, struct text name, struct text value);
void grpc_call_input(struct grpc_call *call, const uint8_t *bytes, size_t len);
void grpc_call_input_ended(struct grpc_call *call);

const struct grpc_method *grpc_server_find(const struct grpc_server *server, struct text path,
					   const struct grpc_service **service);
void *grpc_server_owner(const struct grpc_server *server);
