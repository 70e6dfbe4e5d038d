/* SPDX-License-Identifier: Apache-2.0 */
/* attest_private.h — properties in files of their own. For the files attest*.c alone. */
#pragma once

#include "identity/attest.h"

bool attest_read_cgroup(const struct caller *caller, struct buffer *out);

/* ---- attest_inquired.c: what is asked of the inquiries ---- */

bool attest_holds_sha256(const struct workload_process *entry, struct attestation *process);
bool attest_found_sha256(struct attestation *process, struct buffer *out);

bool attest_holds_docker(const struct workload_process *entry, struct attestation *process);
void attest_wanted_docker(const struct workload_process *entry, struct buffer *out);
bool attest_found_docker(struct attestation *process, struct buffer *out);
