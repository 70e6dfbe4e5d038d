/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/outlier.h"

#include "proxy/cluster_state.h"

/* ---- ejecting ---- */

static bool is_ejected(const struct host_state *host)
{
	return atomic_load_explicit(&host->ejected_until_ns, memory_order_acquire) != 0;
}

static size_t count_ejected(const struct cluster *cluster)
{
	size_t ejected = 0;

	for (size_t i = 0; i < cluster->endpoint_count; i++)
		ejected += is_ejected(cluster->endpoints[i].state);
	return ejected;
}

static size_t count_failing(const struct cluster *cluster)
{
	size_t failing = 0;

	for (size_t i = 0; i < cluster->endpoint_count; i++)
		failing += atomic_load_explicit(&cluster->endpoints[i].state->is_failing,
						memory_order_relaxed);
	return failing;
}

void outlier_recount(const struct cluster *cluster)
{
	pthread_mutex_lock(&cluster->state->ejecting);
	atomic_store_explicit(&cluster->state->unusable,
			      count_ejected(cluster) + count_failing(cluster),
			      memory_order_relaxed);
	pthread_mutex_unlock(&cluster->state->ejecting);
}

/* One more than are out already. */
static bool may_eject(const struct cluster *cluster)
{
	const struct outlier_settings *settings = cluster->outliers;
	const size_t ejected = count_ejected(cluster);

	return (ejected + 1) * 100 <= settings->max_percent * cluster->endpoint_count
	       || (settings->always_one && ejected == 0);
}

/* With each interval that it has done well since it came back, one ejection is forgotten. */
static uint32_t ejections_in_a_row(const struct host_state *host,
				   const struct outlier_settings *settings, uint64_t now_ns)
{
	const uint64_t well = (now_ns - host->returned_ns) / settings->interval_ns;

	return well < host->ejections ? host->ejections - (uint32_t)well : 0;
}

static bool eject(const struct cluster *cluster, struct host_state *host, uint64_t now_ns)
{
	const struct outlier_settings *settings = cluster->outliers;
	struct cluster_state *state = cluster->state;
	bool ejects;

	pthread_mutex_lock(&state->ejecting);
	ejects = !is_ejected(host) && may_eject(cluster);
	if (ejects) {
		host->ejections = ejections_in_a_row(host, settings, now_ns) + 1;
		atomic_fetch_add_explicit(&state->unusable, 1, memory_order_relaxed);
		atomic_store_explicit(
			&host->ejected_until_ns,
			now_ns + MIN_OF(settings->base_ns * host->ejections, settings->max_ns),
			memory_order_release);
	}
	pthread_mutex_unlock(&state->ejecting);
	return ejects;
}

void outlier_release_due(const struct cluster *cluster, uint64_t now_ns)
{
	struct cluster_state *state = cluster->state;

	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		struct host_state *host = cluster->endpoints[i].state;
		uint64_t until =
			atomic_load_explicit(&host->ejected_until_ns, memory_order_acquire);

		if (until == 0 || now_ns < until)
			continue;
		pthread_mutex_lock(&state->ejecting);
		if (atomic_load(&host->ejected_until_ns) == until) { /* nobody else was faster */
			host->returned_ns = now_ns;
			atomic_store_explicit(&host->ejected_until_ns, 0, memory_order_release);
			if (atomic_load(&state->unusable) > 0) /* it may be of an older plan */
				atomic_fetch_sub(&state->unusable, 1);
		}
		pthread_mutex_unlock(&state->ejecting);
	}
}

/* ---- counting ---- */

static void reset(atomic_uint *count)
{
	if (atomic_load_explicit(count, memory_order_relaxed) != 0) /* most times it is: no write */
		atomic_store_explicit(count, 0, memory_order_relaxed);
}

/* One more in a row. True: that makes it enough, and the count starts anew. */
static bool reaches(atomic_uint *count, uint32_t threshold)
{
	if (threshold == 0
	    || atomic_fetch_add_explicit(count, 1, memory_order_relaxed) + 1 < threshold)
		return false;
	atomic_store_explicit(count, 0, memory_order_relaxed);
	return true;
}

static enum outlier_event judge(const struct cluster *cluster, struct host_state *host,
				enum outlier_event cause, uint64_t now_ns)
{
	if (cause == OUTLIER_NONE || is_ejected(host))
		return OUTLIER_NONE;
	return eject(cluster, host, now_ns) ? cause : OUTLIER_OVERFLOW;
}

static bool is_error(const struct outlier_settings *settings, unsigned status)
{
	if (settings->code_count == 0)
		return status >= 500;
	for (size_t i = 0; i < settings->code_count; i++)
		if (settings->codes[i] == status)
			return true;
	return false;
}

static enum outlier_event note_status(const struct cluster *cluster, struct host_state *host,
				      unsigned status, uint64_t now_ns)
{
	const struct outlier_settings *settings = cluster->outliers;
	enum outlier_event cause = OUTLIER_NONE;

	if (!is_error(settings, status)) {
		reset(&host->in_a_row_5xx);
		reset(&host->in_a_row_gateway);
		return OUTLIER_NONE;
	}
	if (status < 502 || status > 504)
		reset(&host->in_a_row_gateway);
	else if (reaches(&host->in_a_row_gateway, settings->in_a_row_gateway))
		cause = OUTLIER_GATEWAY;
	if (reaches(&host->in_a_row_5xx, settings->in_a_row_5xx))
		cause = OUTLIER_5XX;
	return judge(cluster, host, cause, now_ns);
}

enum outlier_event outlier_note_answer(const struct cluster *cluster,
				       const struct cluster_endpoint *endpoint, unsigned status,
				       uint64_t now_ns)
{
	reset(&endpoint->state->in_a_row_local);
	return note_status(cluster, endpoint->state, status, now_ns);
}

enum outlier_event outlier_note_failure(const struct cluster *cluster,
					const struct cluster_endpoint *endpoint, unsigned status,
					uint64_t now_ns)
{
	const struct outlier_settings *settings = cluster->outliers;
	struct host_state *host = endpoint->state;

	if (!settings->splits_local)
		return note_status(cluster, host, status, now_ns);
	if (reaches(&host->in_a_row_local, settings->in_a_row_local))
		return judge(cluster, host, OUTLIER_LOCAL, now_ns);
	return OUTLIER_NONE;
}
