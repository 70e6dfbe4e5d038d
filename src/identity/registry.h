/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h — which identities the resources speak of, their SVIDs, and who may have them.
 *
 * A WorkloadEntry, a Workload, a Pod and an inner ServiceEntry's endpoint each name a service
 * account; its SVID is issued when the resources are loaded and again around half of its life.
 * The node's proxy gets every identity; another process those of the Workloads it fits, the closest
 * fit first. */
#pragma once

#include "identity/ca.h"
#include "identity/caller.h"
#include "resource/resource.h"

struct inquiries;
struct registry;

/* Processes of `proxy_uid` are the node's proxy. What takes long is asked of `inquiries`; NULL:
 * Workloads that need it fit nobody. Both are borrowed. */
struct registry *registry_new(struct ca *ca, struct inquiries *inquiries, uid_t proxy_uid);
void registry_free(struct registry *registry);
DEFINE_AUTO(struct registry, registry_free)

/* Takes a reference. Identities that are no longer spoken of are dropped. */
void registry_load(struct registry *registry, struct resource_set *resources, int64_t now_ns);
/* Renews what is due, the authority first. True where anything is not as before. */
bool registry_maintain(struct registry *registry, int64_t now_ns);

/* A set of the caller's own, or NULL where it is entitled to nothing, or where something about it
 * is still being found out: then *is_pending, and the inquiries tell when to ask again. */
struct identity_set *registry_entitled(struct registry *registry, const struct caller *caller,
				       bool *is_pending);

/* -EACCES where a token of this subject, issued then, is revoked: err says by what. */
int registry_check_subject(const struct registry *registry, struct text id, int64_t issued_ns,
			   int64_t now_ns, struct error *err);

/* Why this process gets, or does not get, an identity: members of a JSON object, for people. Every
 * Workload is compared, property by property; the nearest misses come first. */
void registry_explain(struct registry *registry, const struct caller *caller,
		      struct json_writer *json);

size_t registry_count(const struct registry *registry);
