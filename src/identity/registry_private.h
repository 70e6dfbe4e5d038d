/* SPDX-License-Identifier: Apache-2.0 */
/* registry_private.h — the registry's inside. For the files registry*.c alone. */
#pragma once

#include "identity/inquiry.h"
#include "identity/registry.h"
#include "identity/workload_index.h"

/* An identity that the resources speak of. */
struct registration {
	char *id;                      /* owned; the map's key */
	struct svid *svid;             /* owned; NULL: not issued yet */
	int64_t renew_ns;              /* wall clock */
	struct credential *credential; /* of the SVID; owned */
	bool is_wanted;                /* by the resources being loaded */
	bool is_denied;                /* by a Revocation: it has no SVID */
};

struct registry {
	struct ca *ca;
	struct inquiries *inquiries; /* borrowed; may be NULL */
	uid_t proxy_uid;
	struct resource_set *resources;  /* a reference; NULL before the first load */
	struct revocations *revocations; /* of the resources; a reference */
	int64_t recheck_ns;              /* when they begin or end next; wall clock */
	struct workload_index index;     /* of the resources' Workloads */
	struct map by_id;                /* struct registration, owned */
	uint64_t generation;
	struct identity_set *all; /* of the proxy; NULL: to be made again */
};

/* A service account that is not named is "default", as in Kubernetes. */
int registry_format_id(const struct registry *registry, struct text namespace, struct text account,
		       char out[SPIFFE_ID_MAX + 1], struct error *err);
