/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c — to which endpoint a request goes, and whether it may be tried again.
 *
 * Balancing is least request by the power of two choices over this worker's requests in progress:
 * Istio's default (facts 1.5). A second try is made where the request cannot have been processed,
 * or where doing it twice is doing it once (RFC 9110, section 9.2.2). */
#include "proxy/exchange.h"

#include "proxy/bounds.h"
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
	/* not the one that just failed, if there is another */
	for (int tries = 0; tries < 5 && one == exchange->endpoint; tries++)
		one = draw(cluster);
	if (other == exchange->endpoint)
		other = one;
	return load_of(exchange, other) < load_of(exchange, one) ? other : one;
}

static void connect_upstream(struct exchange *exchange)
{
	const struct cluster *cluster = exchange->destination->cluster;

	exchange->attempts++;
	exchange->endpoint = pick_endpoint(exchange, cluster);

	const struct upstream *upstream = exchange->endpoint->upstream;

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
		connect_upstream(exchange);
	}
}

void exchange_forward_to(struct exchange *exchange, const struct weighted_cluster *destination)
{
	exchange->destination = destination;
	exchange->request.path = exchange->target;
	if (has_endpoints(exchange))
		connect_upstream(exchange);
}

static bool is_idempotent(struct text method)
{
	static const char *const methods[] = { "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" };

	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (text_is(method, methods[i]))
			return true;
	return false;
}

bool exchange_try_again(struct exchange *exchange, enum upstream_failure why)
{
	if (exchange->attempts >= ATTEMPTS_MAX || exchange->body_was_sent
	    || exchange->worker->plan == NULL)
		return false;
	/* a connection that never opened carried nothing; one that was kept idle may have been
	 * closed by the other end just as we used it */
	if (why == UPSTREAM_RESET && !is_idempotent(exchange->request.method))
		return false;
	if (why != UPSTREAM_RESET && why != UPSTREAM_CONNECT_FAILED && why != UPSTREAM_REFUSED)
		return false;
	connect_upstream(exchange);
	return true;
}
