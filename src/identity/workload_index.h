/* SPDX-License-Identifier: Apache-2.0 */
/* workload_index.h — the Workloads that a process of a given user may fit, so that thousands of
 * callers are not each compared with thousands of Workloads.
 *
 * A Workload whose entries all name a uid is looked at only for callers of these; every other one
 * for all callers. Borrows from the resources. */
#pragma once

#include "resource/resource.h"

#include <sys/types.h>

struct workload_list {
	const struct workload **items; /* owned */
	size_t count;
};

struct workload_index {
	struct map by_uid;           /* struct uid_workloads, owned */
	struct workload_list others; /* of entries that name no uid */
};

/* Replaces what was there. */
void workload_index_build(struct workload_index *index, const struct resource_set *resources);
void workload_index_done(struct workload_index *index);
/* Those that name this uid; empty where none does. */
struct workload_list workload_index_of(const struct workload_index *index, uid_t uid);
