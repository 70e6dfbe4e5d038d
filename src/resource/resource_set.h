/* SPDX-License-Identifier: Apache-2.0 */
/* resource_set.h — everything that was loaded, found by kind and name.
 *
 * Reference counted, never changes, read from any thread. Where two resources compete the older
 * creationTimestamp wins, and those that have none come after those that have; among equals
 * (namespace, name) decides. resource_set_list gives exactly that order. */
#pragma once

#include "resource/diagnostics.h"
#include "resource/kind.h"
#include "resource/kinds/access_policy.h"
#include "resource/kinds/authorization_policy.h"
#include "resource/kinds/destination_rule.h"
#include "resource/kinds/edge_policy.h"
#include "resource/kinds/gateway.h"
#include "resource/kinds/kubernetes.h"
#include "resource/kinds/mesh_config.h"
#include "resource/kinds/peer_authentication.h"
#include "resource/kinds/request_authentication.h"
#include "resource/kinds/revocation.h"
#include "resource/kinds/runtime_policy.h"
#include "resource/kinds/service_entry.h"
#include "resource/kinds/sidecar.h"
#include "resource/kinds/virtual_service.h"
#include "resource/kinds/workload.h"
#include "resource/types.h"
#include "resource/value.h"

struct resource_set;

struct resource_list {
	const struct resource *const *items;
	size_t count;
};

struct resource_options {
	bool strict;                /* what warns is an error */
	const char *root_namespace; /* NULL: "istio-system" */
	const char *trust_domain;   /* instead of MeshConfig's; NULL: as that says */
	uint64_t generation;        /* what resource_set_generation says */
};

/* Files and directories (recursively *.yaml *.yml *.json; hidden ones left out) into a new set,
 * *out owning one reference. Returns 0, or -Exxx: then *out is untouched, `diagnostics` has every
 * error and err the first, its place in its text. Warnings are there either way. */
int resource_set_load(const char *const *paths, size_t path_count,
		      const struct resource_options *options, struct diagnostics *diagnostics,
		      struct resource_set **out, struct error *err);

/* The same for one text in memory. */
int resource_set_parse(const char *file, struct text text, const struct resource_options *options,
		       struct diagnostics *diagnostics, struct resource_set **out,
		       struct error *err);

struct resource_set *resource_set_ref(struct resource_set *set);
void resource_set_unref(struct resource_set *set); /* NULL is fine */
DEFINE_AUTO(struct resource_set, resource_set_unref)

/* The number its loader gave it; source_directory counts up. */
uint64_t resource_set_generation(const struct resource_set *set);
struct text resource_set_root_namespace(const struct resource_set *set);
/* Never NULL: Istio's defaults where no file has one. */
const struct mesh_config *resource_set_mesh_config(const struct resource_set *set);

struct resource_list resource_set_list(const struct resource_set *set, enum resource_kind kind);
/* NULL where there is none. The namespace of a kind without one is "". */
const struct resource *resource_find(const struct resource_set *set, enum resource_kind kind,
				     struct text namespace, struct text name);

/* Every label of the selector is there with the same value; an empty selector matches all. */
bool resource_labels_match(const struct text_map *labels, const struct text_map *selector);
/* The same for a selector that may be absent (NULL), which matches all. */
bool resource_selector_matches(const struct workload_selector *selector,
			       const struct text_map *labels);

const char *resource_kind_name(enum resource_kind kind); /* "VirtualService" */
