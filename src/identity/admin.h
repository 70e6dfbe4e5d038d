/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h — what an operator asks the authority that is running: gRPC over STATE/admin.sock, a
 * service of its own beside the Workload API, whose messages are JSON objects.
 *
 *	/mangrove.Admin/Issue    {"id", "publicKey"}  -> {"id", "certificates", "bundle"}
 *	/mangrove.Admin/Rotate   {"kind"}             -> {}
 *	/mangrove.Admin/Status   {}                   -> {"trustDomain", "authorities": […]}
 *	/mangrove.Admin/Request  {}                   -> {"request"}        offline root
 *	/mangrove.Admin/Import   {"certificates"}     -> {}                 offline root
 *	/mangrove.Admin/Explain  {"pid"}              -> see registry_explain
 *
 * Only root and the user that runs the authority are served. Private keys never travel: who wants a
 * certificate sends the public half. */
#pragma once

#include "identity/registry.h"

struct loop;
struct admin_server;

/* What is asked about; all borrowed. */
struct admin_subject {
	struct ca *ca;
	struct registry *registry;
	const char *const *paths; /* of resources */
	size_t path_count;
};

int admin_server_listen(struct loop *loop, const char *socket_path,
			const struct admin_subject *subject, struct admin_server **out,
			struct error *err);
void admin_server_free(struct admin_server *server);
DEFINE_AUTO(struct admin_server, admin_server_free)

/* For commands: asks the authority of a state directory once, with an event loop of its own. The
 * answer is a JSON object. -ENOENT, -ECONNREFUSED where none runs. */
int admin_ask(const char *state, const char *method, struct text request, struct buffer *answer,
	      struct error *err);
