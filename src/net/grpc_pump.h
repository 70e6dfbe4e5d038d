/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_pump.h — carries bytes between a link and an nghttp2 session, for both ends of gRPC. */
#pragma once

#include "net/link.h"

#include <nghttp2/nghttp2.h>

struct grpc_pump {
	struct link link;
	nghttp2_session *session; /* owned */
	struct deferred flush;    /* what the round's callbacks queued leaves at its end */
	void (*on_done)(struct grpc_pump *pump); /* both sides said goodbye */
};

/* Gives nghttp2 what has arrived. 0; or -Exxx where the connection is over (err says why), which
 * includes the peer's ordinary end (-ECONNRESET). */
int grpc_pump_input(struct grpc_pump *pump, struct error *err);
void grpc_pump_flush_later(struct grpc_pump *pump);
/* Frees the session and closes the link. */
void grpc_pump_close(struct grpc_pump *pump);

nghttp2_nv grpc_header(const char *name, struct text value);
