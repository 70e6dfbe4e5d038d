/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_outcome.c — what an attempt came to is told to outlier detection. */
#include "proxy/exchange.h"

#include "proxy/metrics_cluster.h"
#include "proxy/outlier.h"
#include "proxy/worker.h"

static const struct {
	enum cluster_counter counter;
	const char *reason;
} events[] = {
	[OUTLIER_5XX] = { CLUSTER_EJECTION_5XX, "5xx in a row" },
	[OUTLIER_GATEWAY] = { CLUSTER_EJECTION_GATEWAY, "502, 503 or 504 in a row" },
	[OUTLIER_LOCAL] = { CLUSTER_EJECTION_LOCAL, "no answer in a row" },
	[OUTLIER_OVERFLOW] = { CLUSTER_EJECTION_OVERFLOW, NULL },
};

static void report(const struct exchange *exchange, enum outlier_event event)
{
	const struct cluster *cluster = exchange->destination->cluster;

	if (event == OUTLIER_NONE)
		return;
	metrics_count_cluster(&exchange->worker->metrics, cluster, events[event].counter);
	if (event != OUTLIER_OVERFLOW)
		log_warn("%s: %s is ejected, %s", cluster->name,
			 exchange->endpoint->upstream->address_text, events[event].reason);
}

static bool is_watched(const struct exchange *exchange)
{
	return exchange->endpoint != NULL && exchange->destination->cluster->outliers != NULL;
}

void exchange_note_answer(const struct exchange *exchange)
{
	if (is_watched(exchange))
		report(exchange, outlier_note_answer(exchange->destination->cluster,
						     exchange->endpoint, exchange->response.status,
						     loop_now(exchange->worker->loop)));
}

void exchange_note_failure(const struct exchange *exchange, unsigned status)
{
	if (is_watched(exchange))
		report(exchange,
		       outlier_note_failure(exchange->destination->cluster, exchange->endpoint,
					    status, loop_now(exchange->worker->loop)));
}
