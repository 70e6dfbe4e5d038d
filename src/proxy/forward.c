/* SPDX-License-Identifier: Apache-2.0 */
/* forward.c — to which endpoint a request goes. */
#include "proxy/exchange.h"

#include "proxy/balance.h"
#include "proxy/balance_key.h"
#include "proxy/codec.h"
#include "proxy/downstream.h"
#include "proxy/dynamic.h"
#include "proxy/mirror.h"
#include "proxy/upstream_connection.h"
#include "proxy/worker.h"

static size_t load_of(const void *owner, const struct cluster_endpoint *endpoint)
{
	const struct exchange *exchange = owner;

	return exchange->plan->pools[endpoint->upstream->index]->active;
}

static bool was_tried(const void *owner, const struct cluster_endpoint *endpoint)
{
	return retry_was_tried(owner, endpoint);
}

static const struct cluster_endpoint *pick_endpoint(struct exchange *exchange,
						    const struct cluster *cluster)
{
	struct choice choice = { .cluster = cluster,
				 .now_ns = loop_now(exchange->worker->loop),
				 .load = load_of,
				 .owner = exchange };

	if (cluster->hash
	    != NULL) /* a client stays where it is, also when it tries again (Istio) */
		choice.has_hash = balance_key(exchange, cluster->hash, &choice.hash);
	else if (exchange->retry.policy->avoids_tried && exchange->retry.count > 0)
		choice.avoids = was_tried;
	return balance_pick(&choice);
}

/* Where the client's version of HTTP is to be kept, an endpoint is spoken to in two ways. */
static const struct upstream *upstream_for(const struct exchange *exchange,
					   const struct cluster_endpoint *endpoint)
{
	const struct downstream *client = exchange->downstream;

	if (endpoint->for_grpc != NULL && exchange_is_grpc(exchange))
		return endpoint->for_grpc;
	if (endpoint->for_http2 != NULL && client != NULL && client->http2 != NULL)
		return endpoint->for_http2;
	return endpoint->upstream;
}

/* Every host that nobody knows is this one, where only known ones may be spoken to (Istio's
 * BlackHoleCluster). */
static void fall_into_black_hole(struct exchange *exchange)
{
	if (exchange->is_tcp)
		exchange_cancel(exchange, FLAG_NO_ROUTE, "blackhole_cluster");
	else
		exchange_answer_with_fields(exchange, 502, TEXT(""), FLAG_NONE, "direct_response");
}

void exchange_attempt(struct exchange *exchange)
{
	const struct cluster *cluster = exchange->destination->cluster;
	const struct cluster_endpoint *endpoint;
	const struct upstream *upstream;

	exchange->attempts++;
	/* its body waits until there is somebody to take it */
	if (!exchange->request_is_complete)
		exchange->server_codec->pause(exchange, true);
	if (cluster->is_black_hole) {
		fall_into_black_hole(exchange);
		return;
	}
	if (cluster->dynamic != NULL) {
		dynamic_attempt(exchange);
		return;
	}
	endpoint = pick_endpoint(exchange, cluster);
	if (endpoint == NULL) {
		exchange_answer(exchange, 503, "no healthy upstream", FLAG_NO_HEALTHY_UPSTREAM,
				"no_healthy_upstream");
		return;
	}
	exchange->endpoint = endpoint;
	retry_begin_try(exchange, endpoint);
	upstream = upstream_for(exchange, endpoint);
	upstream_connect(exchange, exchange->plan->pools[upstream->index], upstream);
}

void exchange_forward(struct exchange *exchange)
{
	exchange->destination = route_pick(exchange->route, random_cheap());
	if (exchange->destination == NULL || !exchange->destination->cluster->is_known) {
		exchange_answer_with_fields(exchange, 503, TEXT(""), FLAG_NO_CLUSTER,
					    "cluster_not_found");
		return;
	}
	exchange->request.path = exchange->target;
	exchange_edit_request(exchange);
	if (!exchange->is_tcp && !exchange->wants_tunnel)
		mirror_begin(exchange);
	exchange_attempt(exchange);
}

void exchange_forward_to(struct exchange *exchange, const struct weighted_cluster *destination)
{
	exchange->destination = destination;
	exchange->request.path = exchange->target;
	exchange_attempt(exchange);
}
