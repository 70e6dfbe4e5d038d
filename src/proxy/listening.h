/* SPDX-License-Identifier: Apache-2.0 */
/* listening.h — the sockets of the plan in force, as the control thread knows them.
 *
 * A worker owns each descriptor and closes it when a plan no longer names its listener. The numbers
 * are kept here to be handed over (handover.h) and to tell what has to be opened for a new plan. */
#pragma once

#include "base/base.h"

struct inheritance;
struct plan;

struct listening_item {
	char *key;    /* owned: listener_plan.key */
	int *sockets; /* owned: [worker]; a unix path has one, the first worker's */
	size_t socket_count;
	bool is_new; /* no worker has it yet */
};

struct listening { /* items[i] for plan->listeners[i] */
	struct listening_item *items;
	size_t count;
};

/* What `plan` needs: as `before` has it, else inherited, else opened. All or nothing. */
int listening_open(const struct listening *before, struct inheritance *inheritance,
		   const struct plan *plan, size_t workers, struct listening *out,
		   struct error *err);
void listening_done(struct listening *listening); /* forgets; what is open stays open */
