/* SPDX-License-Identifier: Apache-2.0 */
/* explain_world.h — the resources that `explain` answers from, compiled, and the workloads in them.
 */
#pragma once

#include "policy/policy.h"

struct explain_world {
	struct arena arena;
	struct resource_set *set;
	struct policy *policy;
	struct map workloads;  /* "NS/NAME" or "NS/label=value,…" -> struct explain_workload */
	struct map key_sets;   /* issuer or URI -> struct jwks, one reference each */
	struct jwks *any_keys; /* for every other source; or NULL */
	enum path_mode path_mode;
};

struct explain_workload {
	struct workload_policy *policy; /* owned by the world */
	uint16_t port;                  /* its first one; 0: not known */
	bool is_known; /* false: no resource has this name, it is taken to have label app=NAME */
};

/* Loads and compiles; all that is wrong is printed to standard error. 0 or -EINVAL. */
int explain_world_open(struct explain_world *world, const char *const *paths, size_t path_count,
		       bool show_warnings);
void explain_world_done(struct explain_world *world);

/* "FILE" for every issuer, or "ISSUER=FILE" (or "URI=FILE"). */
int explain_world_add_keys(struct explain_world *world, const char *argument, struct error *err);
key_lookup_fn explain_world_keys;

/* The workload of a name, or of labels "a=b,c=d". Found once, then kept. */
const struct explain_workload *
explain_world_find(struct explain_world *world, struct text namespace, struct text name_or_labels);
