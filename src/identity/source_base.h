/* SPDX-License-Identifier: Apache-2.0 */
/* source_base.h — what both kinds of identity source are made of. For this room alone. */
#pragma once

#include "identity/source.h"

struct identity_source {
	void (*free)(struct identity_source *source); /* the whole, after source_base_done */
	identity_changed_fn changed;
	void *owner;
	struct identity_set *current; /* owned */
	uint64_t generation;          /* of the newest set */
	char problem[512];            /* said once in the log, until it is another or gone */
};

/* Makes the set current, takes its reference, and tells the owner. */
void source_publish(struct identity_source *source, struct identity_set *set);
/* Keeps the problem; true where it is another than before. */
bool source_note_problem(struct identity_source *source, const char *problem);
