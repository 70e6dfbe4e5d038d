/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_tls.h — certificates of a gateway's servers, from Secrets (credentialName) or files.
 * Semantics: api:networking/v1alpha3/gateway.proto, ServerTLSSettings (facts 1.6). */
#pragma once

#include "proxy/plan_parts.h"

/* *own: the server's context. *front: a context for its listener, which picks a server by SNI and
 * is the same for all servers of the port. References for the caller. */
int gateway_tls_contexts(struct plan_build *build, const struct local_workload *workload,
			 const struct gateway *gateway, const struct gateway_server *server,
			 struct tls_context **own, struct tls_context **front, struct error *err);

/* The server of a listener that is meant by this name (SNI; empty: none was sent), or NULL. */
const struct listener_server *listener_server_for(const struct listener_plan *listener,
						  struct text server_name);
