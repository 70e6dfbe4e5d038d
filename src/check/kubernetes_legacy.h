/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_legacy.h — PodSecurityPolicy and SecurityContextConstraints against pods: which policy
 * a workload may use, and whether that lets it through. */
#pragma once

#include "check/tree.h"

/* What the two kinds call the same thing. */
struct legacy_kind {
	const char *group, *kind, *resource; /* as roles name it */
	const char *spec;                    /* where its rules are: a key, or "" for the top */
	const char *privileged, *host_network, *host_pid, *host_ipc;
	const char *rule;        /* of a strategy: {rule: MustRunAs}, {type: MustRunAs} */
	bool volumes_are_listed; /* without a list no volume is allowed */
};

extern const struct legacy_kind legacy_kinds[];
#define LEGACY_KINDS 2

const struct legacy_kind *legacy_kind_of(const struct manifest_object *object); /* or NULL */

/* kubernetes_legacy_scope.c: the workload's account may use the policy: by roles and bindings, or
 * the policy's own users and groups; by anyone where nothing is said of it. */
bool legacy_governs(const struct tree *tree, const struct tree_object *policy,
		    const struct manifest_object *workload);

/* kubernetes_legacy_judge.c: NULL where the policy lets the pod through, otherwise why not. */
const char *legacy_refusal(const struct manifest_object *policy, const struct value *pod_spec,
			   struct arena *arena);
