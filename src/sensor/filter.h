/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h — what the kernel may drop, because no rule can match it.
 *
 * For each event a list of clauses: it may matter where one of them may hold. A clause is the part
 * of a condition that the kernel can test; what it says nothing of may be anything. An event
 * without clauses given is never dropped. */
#pragma once

#include "sensor/automaton.h"
#include "sensor/calls.h"

#define FILTER_ALL       0xff
#define FILTER_BIT(what) (1u << (what))

struct filter_clause {
	uint8_t outcomes;   /* FILTER_BIT(OUTCOME_…) */
	uint8_t access;     /* bits numbered as the access modes of open */
	uint8_t families;   /* FILTER_BIT(FAMILY_…) */
	uint8_t transports; /* FILTER_BIT(TRANSPORT_…) */
	bool any_path;
	const struct path_pattern *paths; /* one of them fits; .marks is not read */
	size_t path_count;
};

#define FILTER_CLAUSE_ANY                                                                          \
	((struct filter_clause){ FILTER_ALL, FILTER_ALL, FILTER_ALL, FILTER_ALL, true, NULL, 0 })

struct filter {
	struct call_filter calls[CALL_COUNT];
	struct path_automaton *automaton; /* owned */
	struct buffer patterns;           /* struct path_pattern, until it is finished */
	unsigned used;                    /* marks */
	unsigned dropped_calls;           /* calls that had no room: they are not filtered */
};

/* Can clauses of this call be about access and path, or about a socket? */
bool filter_knows_path(unsigned call);
bool filter_knows_socket(unsigned call);
bool filter_clause_is_any(const struct filter_clause *clause);

void filter_init(struct filter *filter); /* nothing is dropped */
void filter_done(struct filter *filter);
/* For a call; no clause: its events never matter. The paths' texts must stay until filter_finish.
 */
void filter_add(struct filter *filter, unsigned call, const struct filter_clause *clauses,
		size_t count);
void filter_same(struct filter *filter, unsigned call, unsigned as); /* another call has the same */
void filter_finish(struct filter *filter);
