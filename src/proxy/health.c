/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/health.h"

#include "proxy/cluster_state.h"
#include "proxy/metrics_cluster.h"
#include "proxy/side_request.h"
#include "proxy/worker.h"

struct health_probe { /* asks one endpoint again and again */
	struct worker *worker;
	const struct health_check *check;
	struct side_request side;
	struct timer timer; /* to the next time, or how long the answer may take */
};

struct health_probes {
	size_t count;
	struct health_probe items[];
};

/* ---- what an answer changes ---- */

static void set_failing(const struct health_check *check, bool is_failing, const char *problem)
{
	struct cluster_state *state = check->cluster->state;

	pthread_mutex_lock(&state->ejecting);
	atomic_store_explicit(&check->host->is_failing, is_failing, memory_order_relaxed);
	if (is_failing)
		atomic_fetch_add(&state->unusable, 1);
	else if (atomic_load(&state->unusable) > 0) /* it may be of an older plan */
		atomic_fetch_sub(&state->unusable, 1);
	pthread_mutex_unlock(&state->ejecting);
	if (is_failing)
		log_warn("%s: %s fails its health check: %s", check->cluster->name,
			 check->endpoint.upstream->address_text, problem);
	else
		log_info("%s: %s passes its health check again", check->cluster->name,
			 check->endpoint.upstream->address_text);
}

/* problem: NULL where there is none. */
static void note(const struct health_check *check, const char *problem)
{
	const struct health_settings *settings = check->settings;
	struct host_state *host = check->host;
	const bool was_failing = atomic_load_explicit(&host->is_failing, memory_order_relaxed);
	const bool is_first = !host->was_checked;

	host->was_checked = true;
	if ((problem != NULL) == was_failing) {
		host->checks_in_a_row = 0;
		return;
	}
	host->checks_in_a_row++;
	if (!is_first
	    && host->checks_in_a_row < (was_failing ? settings->healthy_threshold
						    : settings->unhealthy_threshold))
		return;
	host->checks_in_a_row = 0;
	set_failing(check, !was_failing, problem);
}

/* ---- asking ---- */

static void wait_for_next(struct health_probe *probe)
{
	struct loop *loop = probe->worker->loop;

	timer_set(loop, &probe->timer,
		  MAX_OF(probe->check->host->next_check_ns, loop_now(loop) + NS_PER_MS));
}

static void conclude(struct health_probe *probe, const char *problem)
{
	metrics_count_cluster(&probe->worker->metrics, probe->check->cluster,
			      problem == NULL ? CLUSTER_HEALTH_SUCCESS : CLUSTER_HEALTH_FAILURE);
	note(probe->check, problem);
	wait_for_next(probe);
}

static void on_done(struct side_request *side)
{
	struct health_probe *probe = CONTAINER_OF(side, struct health_probe, side);

	if (!side->has_answer)
		metrics_count_cluster(&probe->worker->metrics, probe->check->cluster,
				      CLUSTER_HEALTH_NETWORK_FAILURE);
	conclude(probe, health_judge(side, probe->check));
}

static void give_up(struct health_probe *probe)
{
	side_request_cancel(&probe->side);
	metrics_count_cluster(&probe->worker->metrics, probe->check->cluster,
			      CLUSTER_HEALTH_NETWORK_FAILURE);
	conclude(probe, "no answer in time");
}

static void ask(struct health_probe *probe)
{
	const struct health_check *check = probe->check;
	struct loop *loop = probe->worker->loop;
	const uint64_t now_ns = loop_now(loop);

	check->host->next_check_ns = now_ns + check->settings->interval_ns;
	metrics_count_cluster(&probe->worker->metrics, check->cluster, CLUSTER_HEALTH_ATTEMPT);
	timer_set(loop, &probe->timer, now_ns + check->settings->timeout_ns);
	health_ask(&probe->side, probe->worker, check);
	side_request_send(&probe->side, &check->to, 0);
}

static void on_timer(struct timer *timer)
{
	struct health_probe *probe = CONTAINER_OF(timer, struct health_probe, timer);

	if (probe->side.exchange != NULL)
		give_up(probe);
	else
		ask(probe);
}

/* ---- all of a plan ---- */

static size_t count_checks(const struct plan *plan)
{
	size_t count = 0;

	for (const struct health_check *check = plan->health_checks; check != NULL;
	     check = check->next)
		count++;
	return count;
}

void health_checks_start(struct worker *worker)
{
	const struct plan *plan = worker->plan->plan;
	const size_t count = count_checks(plan);
	struct health_probe *probe;

	if (count == 0)
		return;
	worker->probes = mem_alloc(sizeof(*worker->probes) + count * sizeof(*probe));
	worker->probes->count = count;
	probe = worker->probes->items;
	for (const struct health_check *check = plan->health_checks; check != NULL;
	     check = check->next, probe++) {
		*probe = (struct health_probe){ .worker = worker,
						.check = check,
						.side.done = on_done,
						.timer.fire = on_timer };
		wait_for_next(probe);
	}
}

static void stop_probe(struct health_probe *probe)
{
	timer_cancel(probe->worker->loop, &probe->timer);
	if (probe->side.exchange == NULL)
		return;
	probe->check->host->next_check_ns = 0;
	side_request_cancel(&probe->side);
}

void health_checks_stop(struct worker *worker)
{
	struct health_probes *probes = TAKE(worker->probes);

	if (probes == NULL)
		return;
	for (size_t i = 0; i < probes->count; i++)
		stop_probe(&probes->items[i]);
	mem_free(probes);
}
