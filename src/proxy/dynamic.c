/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/dynamic.h"

#include "proxy/cluster_state.h"
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/names.h"
#include "proxy/upstream_connection.h"

#define DYNAMIC_MAX 4096               /* of a worker */
#define UNUSED_NS   (600 * NS_PER_SEC) /* then one may make room for another */

struct dynamic_upstream {
	struct upstream upstream;
	struct cluster_endpoint endpoint;
	struct pool *pool; /* held */
	char *key, *address, *name;
	uint64_t used_ns;
};

/* ---- which ones there are ---- */

static void free_dynamic(struct dynamic_upstream *dynamic)
{
	pool_release(dynamic->pool);
	host_state_unref(dynamic->endpoint.state);
	mem_free(dynamic->key);
	mem_free(dynamic->address);
	mem_free(dynamic->name);
	mem_free(dynamic);
}

void dynamic_free_all(struct held_plan *held)
{
	MAP_FOR_EACH (&held->dynamic, entry)
		free_dynamic(entry->value);
	map_done(&held->dynamic);
}

static struct dynamic_upstream *find_unused(const struct held_plan *held, uint64_t now_ns)
{
	MAP_FOR_EACH (&held->dynamic, entry) {
		struct dynamic_upstream *dynamic = entry->value;

		if (dynamic->pool->active == 0 && now_ns > dynamic->used_ns + UNUSED_NS)
			return dynamic;
	}
	return NULL;
}

static bool make_room(struct held_plan *held, uint64_t now_ns)
{
	struct dynamic_upstream *unused;

	if (held->dynamic.count < DYNAMIC_MAX)
		return true;
	unused = find_unused(held, now_ns);
	if (unused == NULL)
		return false;
	map_remove(&held->dynamic, text_of(unused->key));
	free_dynamic(unused);
	return true;
}

static struct dynamic_upstream *add_dynamic(struct held_plan *held, const struct cluster *cluster,
					    struct text key, struct text host,
					    const struct address *address)
{
	struct dynamic_upstream *dynamic = MEM_NEW(struct dynamic_upstream);
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);
	dynamic->key = mem_strndup(key.ptr, key.len);
	dynamic->address = mem_strdup(text);
	dynamic->name = mem_strndup(host.ptr, host.len);
	dynamic->upstream = *cluster->dynamic;
	dynamic->upstream.address = *address;
	dynamic->upstream.address_text = dynamic->address;
	dynamic->upstream.key = dynamic->key;
	if (dynamic->upstream.tls != NULL && dynamic->upstream.server_name == NULL)
		dynamic->upstream.server_name = dynamic->name;
	dynamic->endpoint.upstream = &dynamic->upstream;
	dynamic->endpoint.state = host_state_new(0);
	dynamic->endpoint.weight = 1;
	dynamic->pool = pool_hold(held->worker, &dynamic->upstream);
	map_put(&held->dynamic, text_of(dynamic->key), dynamic);
	return dynamic;
}

static struct dynamic_upstream *dynamic_for(struct exchange *exchange, struct text host,
					    const struct address *address)
{
	const struct cluster *cluster = exchange->destination->cluster;
	struct held_plan *held = exchange->plan;
	const uint64_t now_ns = loop_now(exchange->worker->loop);
	struct dynamic_upstream *dynamic;
	char at[ADDRESS_TEXT_MAX];

	address_format(address, at);

	const struct text key = text_of(arena_printf(&exchange->arena, "%s|%.*s|%s",
						     cluster->dynamic->key, TEXT_ARGS(host), at));

	dynamic = map_get(&held->dynamic, key);
	if (dynamic == NULL && make_room(held, now_ns))
		dynamic = add_dynamic(held, cluster, key, host, address);
	if (dynamic != NULL)
		dynamic->used_ns = now_ns;
	return dynamic;
}

/* ---- an attempt ---- */

static void refuse(struct exchange *exchange, const char *details)
{
	exchange_answer(exchange, 503, "no healthy upstream", FLAG_NO_HEALTHY_UPSTREAM, details);
}

/* What the request is for: its authority, or over raw TLS the name that the client asks for. */
static bool target_of(const struct exchange *exchange, struct http_authority *out)
{
	const struct cluster *cluster = exchange->destination->cluster;
	const struct text name = exchange->is_tcp ? text_of(exchange->downstream->server_name)
						  : exchange->request.authority;

	if (!http_authority_parse(name, out))
		return false;
	if (exchange->is_tcp)
		out->port = address_port(&exchange->downstream->local_address);
	else if (cluster->dynamic_port > 0)
		out->port = cluster->dynamic_port;
	else if (out->port == 0)
		out->port = 80;
	return true;
}

/* A captured connection to what nobody declared goes on to where it was going, whatever name it
 * uses for that; so do bytes without a name. */
static bool keeps_its_way(const struct exchange *exchange)
{
	if (exchange->downstream == NULL || exchange->listener->capture == NULL)
		return false;
	return exchange->destination->cluster->is_passthrough
	       || (exchange->is_tcp && exchange->downstream->server_name == NULL);
}

static void attempt_at(struct exchange *exchange, struct text host, const struct address *address)
{
	struct dynamic_upstream *dynamic = dynamic_for(exchange, host, address);

	if (dynamic == NULL) {
		refuse(exchange, "too_many_hosts");
		return;
	}
	exchange->endpoint = &dynamic->endpoint;
	retry_begin_try(exchange, exchange->endpoint);
	upstream_connect(exchange, dynamic->pool, &dynamic->upstream);
}

static void attempt_on_its_way(struct exchange *exchange)
{
	const struct address *address = &exchange->downstream->local_address;
	char ip[ADDRESS_TEXT_MAX];

	address_format_ip(address, ip);
	attempt_at(exchange, text_of(ip), address);
}

/* To ourselves, who would send it to ourselves again. */
static bool would_come_back(const struct exchange *exchange, const struct address *address)
{
	return exchange->downstream != NULL && exchange->listener->capture == NULL
	       && address_equal(&exchange->downstream->local_address, address);
}

void dynamic_attempt(struct exchange *exchange)
{
	struct http_authority target;
	struct ip_address ip;
	struct address address;
	enum name_state state = NAME_KNOWN;

	if (keeps_its_way(exchange)) {
		attempt_on_its_way(exchange);
		return;
	}
	if (!target_of(exchange, &target)) {
		refuse(exchange, "no_host");
		return;
	}
	if (!ip_parse(target.host, &ip))
		state = name_cache_find(exchange->worker->names, exchange, target.host, &ip);
	if (state == NAME_ASKED)
		return;
	if (state == NAME_FAILED) {
		refuse(exchange, "dns_resolution_failure");
		return;
	}
	address_of_ip(ip, target.port, &address);
	if (would_come_back(exchange, &address))
		refuse(exchange, "own_listener");
	else
		attempt_at(exchange, target.host, &address);
}

void names_resume(struct exchange *exchange)
{
	dynamic_attempt(exchange);
}
