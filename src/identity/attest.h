/* SPDX-License-Identifier: Apache-2.0 */
/* attest.h — is this process the one a Workload describes?
 *
 * A process entry of a Workload fits if everything it says holds; one that says nothing fits
 * nobody. Each property is a row of one table (attest.c): its name, whether the entry speaks of it,
 * and whether it holds. What cannot be found out does not hold. What takes long is asked of the
 * inquiries: until they know, it does not hold either, and the attestation is pending. */
#pragma once

#include "identity/caller.h"
#include "identity/inquiry.h"
#include "resource/resource.h"

struct attestation {
	const struct caller *caller;
	struct inquiries *inquiries; /* borrowed; NULL: what takes long never holds */
	bool is_pending;             /* out: ask again when the inquiries know more */
};

/* How many properties of the entry hold, if all do that it speaks of; otherwise 0. */
unsigned attest_process(const struct workload_process *entry, struct attestation *process);

/* The best of the workload's entries; 0: none fits. */
unsigned attest_workload(const struct workload *workload, struct attestation *process);

/* One property that an entry speaks of, for people: what it wants, what the process has, and
 * whether that fits. What could not be read says why, and does not fit. */
struct attest_finding {
	const char *name; /* "path" */
	bool holds, is_readable;
	struct buffer wanted, found; /* texts; owned */
};

#define ATTEST_FINDINGS_MAX 16
/* Fills in one finding for each property that the entry speaks of and returns how many there are.
 */
size_t attest_examine(const struct workload_process *entry, struct attestation *process,
		      struct attest_finding out[ATTEST_FINDINGS_MAX]);
void attest_findings_done(struct attest_finding *findings, size_t count);

/* Names the properties an entry speaks of and that this program cannot find out yet: nobody can fit
 * such an entry. NULL: none. */
const char *attest_unsupported(const struct workload_process *entry);
