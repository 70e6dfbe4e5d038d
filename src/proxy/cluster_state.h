/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_state.h — what changes about a cluster and its endpoints.
 *
 * One for the whole process, not one a worker: a limit means what the file says, and a server that
 * fails is left alone by all, however many cores there are. What a request reads is atomic and
 * written rarely. A new plan takes the state over from the one before it
 * (cluster_state_of, host_state_of), by name and address, so that a reload forgets nothing. */
#pragma once

#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct host_state { /* of one endpoint of one cluster */
	atomic_int references;
	uint64_t added_ns; /* when it became known; 0: with the first plan */
	/* outlier.c: errors in a row, and when it will be usable again (0: it is) */
	atomic_uint in_a_row_5xx, in_a_row_gateway, in_a_row_local;
	atomic_uint_fast64_t ejected_until_ns;
	uint64_t returned_ns; /* from its last ejection; this and the next under `ejecting` */
	uint32_t ejections;   /* in a row */
	/* health.c: its health check says so; what follows is the checking worker's alone */
	atomic_bool is_failing;
	bool was_checked;
	uint32_t checks_in_a_row; /* that say otherwise */
	uint64_t next_check_ns;
};

struct cluster_state {
	atomic_int references;
	atomic_uint_fast64_t turn; /* of ROUND_ROBIN: counts requests */
	atomic_size_t unusable;    /* endpoints that are ejected or ill; most times none */
	atomic_size_t connections, waiting, requests; /* where they are limited; pool.h */
	atomic_size_t retries, in_progress;           /* the same; retry_limit.c */
	pthread_mutex_t ejecting; /* taken only when an endpoint is left out or comes back */
};

struct cluster_state *cluster_state_new(void);
struct cluster_state *cluster_state_ref(struct cluster_state *state);
void cluster_state_unref(struct cluster_state *state); /* NULL is fine */

struct host_state *host_state_new(uint64_t added_ns);
struct host_state *host_state_ref(struct host_state *state);
void host_state_unref(struct host_state *state); /* NULL is fine */

static inline bool host_is_usable(const struct host_state *state)
{
	return atomic_load_explicit(&state->ejected_until_ns, memory_order_relaxed) == 0
	       && !atomic_load_explicit(&state->is_failing, memory_order_relaxed);
}
