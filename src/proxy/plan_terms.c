/* SPDX-License-Identifier: Apache-2.0 */
/* plan_terms.c — connectionPool as a DestinationRule has it, with the defaults of Istio and of its
 * MeshConfig (facts 1.5). Numbers below 1 are as if they were not there. */
#include "proxy/bounds.h"
#include "proxy/plan_upstreams.h"

#define CONNECT_TIMEOUT_NS (10 * NS_PER_SEC)
#define KEEPALIVE_S        7200 /* Linux: tcp(7) */
#define KEEPALIVE_EACH_S   75
#define KEEPALIVE_PROBES   9

static uint32_t limit_of(const struct optional_int *number)
{
	return number->is_set && number->value > 0 ? (uint32_t)number->value : UNLIMITED;
}

static uint64_t duration_or(const struct optional_duration *duration, uint64_t otherwise)
{
	return duration->is_set && duration->ns > 0 ? duration->ns : otherwise;
}

static uint32_t seconds_or(const struct optional_duration *duration, uint32_t otherwise)
{
	return MAX_OF((uint32_t)(duration_or(duration, otherwise * NS_PER_SEC) / NS_PER_SEC), 1u);
}

static void set_keepalive(struct connection_terms *terms, const struct tcp_keepalive *from)
{
	if (from == NULL)
		return;
	terms->keepalive_s = seconds_or(&from->time, KEEPALIVE_S);
	terms->keepalive_interval_s = seconds_or(&from->interval, KEEPALIVE_EACH_S);
	terms->keepalive_probes = from->probes.is_set && from->probes.value > 0
					  ? (uint32_t)from->probes.value
					  : KEEPALIVE_PROBES;
}

struct connection_terms plan_terms(const struct plan_build *build,
				   const struct connection_pool_settings *pool)
{
	static const struct connection_pool_tcp no_tcp;
	static const struct connection_pool_http no_http;
	const struct connection_pool_tcp *tcp =
		pool != NULL && pool->tcp != NULL ? pool->tcp : &no_tcp;
	const struct connection_pool_http *http =
		pool != NULL && pool->http != NULL ? pool->http : &no_http;
	const uint64_t connect_ns = duration_or(&build->mesh->connect_timeout, CONNECT_TIMEOUT_NS);
	struct connection_terms terms = {
		.connect_timeout_ns = duration_or(&tcp->connect_timeout, connect_ns),
		.idle_ns = duration_or(&http->idle_timeout,
				       duration_or(&tcp->idle_timeout, POOL_IDLE_NS)),
		.duration_ns = duration_or(&tcp->max_connection_duration, 0),
		.requests_each = limit_of(&http->max_requests_per_connection),
		.streams_each = limit_of(&http->max_concurrent_streams),
		.max_connections = limit_of(&tcp->max_connections),
		.max_waiting = limit_of(&http->http1_max_pending_requests),
		.max_requests = limit_of(&http->http2_max_requests),
		.max_retries = limit_of(&http->max_retries),
	};

	set_keepalive(&terms,
		      tcp->tcp_keepalive != NULL ? tcp->tcp_keepalive : build->mesh->tcp_keepalive);
	return terms;
}

/* MeshConfig's word is for ports that are declared as HTTP alone: who is sniffed might not speak
 * it. */
static enum h2_upgrade_policy upgrade_policy(const struct plan_build *build,
					     const struct connection_pool_http *http,
					     enum app_protocol protocol)
{
	if (http != NULL && http->h2_upgrade_policy != H2_UPGRADE_DEFAULT)
		return http->h2_upgrade_policy;
	return protocol == PROTOCOL_HTTP ? build->mesh->h2_upgrade_policy : H2_UPGRADE_DEFAULT;
}

enum http_choice plan_http_choice(const struct plan_build *build,
				  const struct connection_pool_settings *pool,
				  enum app_protocol protocol)
{
	const struct connection_pool_http *http = pool != NULL ? pool->http : NULL;
	const enum h2_upgrade_policy policy = upgrade_policy(build, http, protocol);

	if (http != NULL && http->use_client_protocol)
		return HTTP_AS_CLIENT;
	if (protocol == PROTOCOL_HTTP2 || policy == H2_UPGRADE)
		return HTTP_ONLY_2;
	if (policy == H2_UPGRADE_DO_NOT)
		return HTTP_ONLY_1;
	return HTTP_AS_AGREED;
}
