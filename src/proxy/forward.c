/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c — to which endpoint a request goes.
 *
 * Balancing is least request by the power of two choices over this worker's requests in progress:
 * Istio's default (facts 1.5). */
#include "proxy/exchange.h"

#include "proxy/codec.h"
#include "proxy/downstream.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

static size_t load_of(const struct exchange *exchange, const struct cluster_endpoint *endpoint)
{
	return exchange->plan->pools[endpoint->upstream->index]->active;
}

/* An endpoint by weight. */
static const struct cluster_endpoint *draw(const struct cluster *cluster)
{
	uint64_t point = random_below(cluster->total_weight);

	for (size_t i = 0; i < cluster->endpoint_count; i++) {
		if (point < cluster->endpoints[i].weight)
			return &cluster->endpoints[i];
		point -= cluster->endpoints[i].weight;
	}
	return &cluster->endpoints[0];
}

static const struct cluster_endpoint *pick_endpoint(const struct exchange *exchange,
						    const struct cluster *cluster)
{
	const struct cluster_endpoint *one, *other;

	if (cluster->endpoint_count == 1)
		return &cluster->endpoints[0];
	one = draw(cluster);
	other = draw(cluster);
	return load_of(exchange, other) < load_of(exchange, one) ? other : one;
}

/* Not one that was tried, if the policy says so and five draws find another (Istio's number). */
static const struct cluster_endpoint *pick_untried(const struct exchange *exchange,
						   const struct cluster *cluster)
{
	const struct cluster_endpoint *picked = pick_endpoint(exchange, cluster);

	for (int draws = 0;
	     draws < 5 && exchange->retry.policy->avoids_tried && retry_was_tried(exchange, picked);
	     draws++)
		picked = pick_endpoint(exchange, cluster);
	return picked;
}

void exchange_attempt(struct exchange *exchange)
{
	const struct cluster *cluster = exchange->destination->cluster;

	exchange->attempts++;
	exchange->endpoint = pick_untried(exchange, cluster);

	const struct upstream *upstream = exchange->endpoint->upstream;

	retry_begin_try(exchange, exchange->endpoint);
	/* its body waits until there is somebody to take it */
	if (!exchange->request_is_complete)
		exchange->server_codec->pause(exchange, true);
	upstream_connect(exchange, exchange->plan->pools[upstream->index], upstream);
}

/* Answers where there are none. */
static bool has_endpoints(struct exchange *exchange)
{
	if (exchange->destination->cluster->endpoint_count > 0)
		return true;
	exchange_answer(exchange, 503, "no healthy upstream", FLAG_NO_HEALTHY_UPSTREAM,
			"no_healthy_upstream");
	return false;
}

void exchange_forward(struct exchange *exchange)
{
	exchange->destination = route_pick(exchange->route, random_cheap());
	if (exchange->destination == NULL || !exchange->destination->cluster->is_known) {
		exchange_answer_with_fields(exchange, 503, TEXT(""), FLAG_NO_CLUSTER,
					    "cluster_not_found");
		return;
	}
	if (has_endpoints(exchange)) {
		exchange->request.path = exchange->target;
		exchange_edit_request(exchange);
		exchange_attempt(exchange);
	}
}

void exchange_forward_to(struct exchange *exchange, const struct weighted_cluster *destination)
{
	exchange->destination = destination;
	exchange->request.path = exchange->target;
	if (has_endpoints(exchange))
		exchange_attempt(exchange);
}
