/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/cluster_state.h"

struct cluster_state *cluster_state_new(void)
{
	struct cluster_state *state = MEM_NEW(struct cluster_state);

	atomic_init(&state->references, 1);
	pthread_mutex_init(&state->ejecting, NULL);
	atomic_init(&state->turn, random_cheap() >> 1); /* proxies start at different endpoints */
	return state;
}

struct cluster_state *cluster_state_ref(struct cluster_state *state)
{
	atomic_fetch_add_explicit(&state->references, 1, memory_order_relaxed);
	return state;
}

void cluster_state_unref(struct cluster_state *state)
{
	if (state == NULL
	    || atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) > 1)
		return;
	pthread_mutex_destroy(&state->ejecting);
	mem_free(state);
}

struct host_state *host_state_new(uint64_t added_ns)
{
	struct host_state *state = MEM_NEW(struct host_state);

	atomic_init(&state->references, 1);
	state->added_ns = added_ns;
	return state;
}

struct host_state *host_state_ref(struct host_state *state)
{
	atomic_fetch_add_explicit(&state->references, 1, memory_order_relaxed);
	return state;
}

void host_state_unref(struct host_state *state)
{
	if (state != NULL
	    && atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) == 1)
		mem_free(state);
}
