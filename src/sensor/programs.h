/* SPDX-License-Identifier: Apache-2.0 */
/* programs.h — the eBPF programs: loaded, told what is wanted, attached.
 *
 * Programs for threads that begin, start programs and end are always attached: they cost other
 * system calls nothing. The one for system calls costs each call of the machine some 90 ns and is
 * attached only where a call is wanted. */
#pragma once

#include "sensor/filter.h"
#include "sensor/ring.h"

struct programs;

struct programs_options {
	struct call_plan plans[CALL_COUNT]; /* .want 0: the call is not wanted */
	size_t ring_bytes[RING_COUNT];      /* powers of two */
	const struct filter *filter;        /* NULL: nothing is dropped */
};

int programs_load(const struct programs_options *options, struct programs **out, struct error *err);
void programs_free(struct programs *programs); /* detaches */
DEFINE_AUTO(struct programs, programs_free)

int programs_ring_fd(const struct programs *programs, enum ring_class ring); /* to be polled */
int programs_open_ring(const struct programs *programs, enum ring_class ring, struct ring *out,
		       struct error *err);
void programs_counts(const struct programs *programs, struct ring_count counts[RING_COUNT]);
/* The next record is to wake whoever polls a ring; without that none does. */
void programs_arm(struct programs *programs);
