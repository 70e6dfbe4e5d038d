/* SPDX-License-Identifier: Apache-2.0 */
/* attest.h — is this process the one a Workload describes?
 *
 * A process entry of a Workload fits if everything it says holds; one that says nothing fits
 * nobody. Each property is a row of one table (attest.c): its name, whether the entry speaks of it,
 * and whether it holds. What cannot be found out does not hold. */
#pragma once

#include "identity/caller.h"
#include "resource/resource.h"

/* How many properties of the entry hold, if all do that it speaks of; otherwise 0. */
unsigned attest_process(const struct workload_process *entry, const struct caller *caller);

/* The best of the workload's entries; 0: none fits. */
unsigned attest_workload(const struct workload *workload, const struct caller *caller);

/* Names the properties an entry speaks of and that this program cannot find out yet: nobody can fit
 * such an entry. NULL: none. */
const char *attest_unsupported(const struct workload_process *entry);
