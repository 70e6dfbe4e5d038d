/* SPDX-License-Identifier: Apache-2.0 */
/* set.h — inside the room: what a resource set is made of. */
#pragma once

#include "resource/resource_set.h"

#include <stdatomic.h>

struct kind_list {
	const struct resource **items; /* owned; the resources lie in the set's arena */
	size_t count, capacity;
};

struct resource_set {
	atomic_uint references;
	uint64_t generation;
	const char *root_namespace;
	struct arena arena; /* everything below lies in it */
	struct kind_list lists[KIND_COUNT];
	struct map index;               /* see make_key -> struct resource */
	struct mesh_config mesh_config; /* the one that holds: a file's or Istio's defaults */
	const char *trust_domain;       /* that takes the place of its own; or NULL */
};

struct resource_set *set_new(const struct resource_options *options);
/* Brings the lists into their order; the set does not change after this. */
void set_finish(struct resource_set *set);
