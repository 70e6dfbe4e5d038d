/* SPDX-License-Identifier: Apache-2.0 */
/* audit_delivery.h — a record of each process that was handed identities, and of each that was
 * refused. */
#pragma once

#include "identity/audit.h"
#include "identity/caller.h"
#include "identity/svid.h"

struct audit_deliveries {
	struct audit *audit; /* borrowed; NULL: none */
	int64_t second;      /* of the last refusals */
	unsigned refused;    /* in that second */
	uint64_t left_out; /* refusals that were too many to record, since the last one that was */
};

/* set NULL: it was refused; of those, ten a second are recorded. */
void audit_delivery(struct audit_deliveries *deliveries, const struct caller *caller,
		    const struct identity_set *set, int64_t now_ns);
