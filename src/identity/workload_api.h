/* SPDX-License-Identifier: Apache-2.0 */
/* workload_api.h — the SPIFFE Workload API server: gRPC on a unix socket, no TLS, no credentials;
 * the kernel says who called (SPIFFE_Workload_API.md, SPIFFE_Workload_Endpoint.md).
 *
 * Every message of a stream is the complete state; one is sent at once and one at each change. A
 * caller that loses every entitlement gets PermissionDenied. Runs on the owner's loop. */
#pragma once

#include "identity/caller.h"
#include "identity/svid.h"

struct loop;
struct workload_api;

/* What the server asks its owner. */
struct workload_api_ops {
	/* The identities this caller is entitled to, most specific first, as a set with a
	 * reference for the server; NULL where it has none, or where that is still being found
	 * out: workload_api_attested tells that it may be known. */
	struct identity_set *(*entitled)(void *owner, const struct caller *caller,
					 bool *is_pending);
	/* Appends a JWT-SVID of one of these. */
	int (*issue_token)(void *owner, struct text spiffe_id, const struct text *audiences,
			   size_t audience_count, struct buffer *out, struct error *err);
	/* The caller was sent these identities; NULL: it was refused. */
	void (*delivered)(void *owner, const struct caller *caller, const struct identity_set *set);
	/* Is a token that was issued to this subject at that time still good? 0, or -EACCES. */
	int (*check_subject)(void *owner, struct text spiffe_id, int64_t issued_ns,
			     struct error *err);
};

int workload_api_listen(struct loop *loop, const char *socket_path,
			const struct workload_api_ops *ops, void *owner, struct workload_api **out,
			struct error *err);
/* Identities, bundles or entitlements changed: streams are sent their new state. */
void workload_api_changed(struct workload_api *api);
/* What was still being found out about callers may be known now. */
void workload_api_attested(struct workload_api *api);
/* Streams that were not sent the newest state yet: they are slow, or it is not their turn. */
size_t workload_api_behind(const struct workload_api *api);
void workload_api_free(struct workload_api *api);
DEFINE_AUTO(struct workload_api, workload_api_free)
