/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_tls.h — certificates of a gateway's servers, from Secrets (credentialName) or files.
 * Semantics: api:networking/v1alpha3/gateway.proto, ServerTLSSettings (facts 1.6). */
#pragma once

#include "proxy/plan_parts.h"

struct gateway_tls { /* references for the caller */
	struct tls_context *own;
	struct tls_context *front; /* for the listener: picks a server by SNI; all servers of a
				      port have the same */
	struct client_demand demand;
};

int gateway_tls_contexts(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 struct gateway_tls *out, struct error *err);

/* The server of a listener that is meant by this name (SNI; empty: none was sent), or NULL. */
const struct listener_server *listener_server_for(const struct listener_plan *listener,
						  struct text server_name);
