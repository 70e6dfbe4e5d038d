/* SPDX-License-Identifier: Apache-2.0 */
/* workload_messages.h — identity sets as the messages of the Workload API, and back. */
#pragma once

#include "identity/svid.h"

/* Appends the packed X509SVIDResponse, which holds private keys: the caller wipes the buffer. */
int workload_write_svids(struct buffer *out, const struct identity_set *set, struct error *err);
/* Appends the packed X509BundlesResponse. */
int workload_write_bundles(struct buffer *out, const struct identity_set *set, struct error *err);

/* Reads an X509SVIDResponse, which is not trusted to be well-formed, into a new set. */
int workload_read_svids(struct text message, uint64_t generation, struct identity_set **out,
			struct error *err);

void buffer_wipe(struct buffer *buffer); /* zeroes, then buffer_done */
