/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/names.h"

#include "proxy/codec.h"
#include "proxy/exchange.h"

#define NAMES_MAX     1024 /* of a worker */
#define ADDRESSES_MAX 16   /* of a name that are kept */
#define FAILED_NS     (5 * NS_PER_SEC)

struct known_name {
	struct task task; /* to the control thread, and back */
	struct name_cache *cache;
	char *host; /* owned; the key */
	struct ip_address addresses[ADDRESSES_MAX];
	size_t count, next;
	uint64_t expires_ns, ttl_ns;
	bool is_asked;       /* it is the control thread's now but for `waiting` */
	struct list waiting; /* exchange.link_in_waiting */
};

struct name_cache {
	struct loop *loop;
	const struct name_service *service;
	struct map names;
};

/* ---- life ---- */

struct name_cache *name_cache_new(struct loop *loop, const struct name_service *service)
{
	struct name_cache *cache = MEM_NEW(struct name_cache);

	cache->loop = loop;
	cache->service = service;
	return cache;
}

static void free_name(struct known_name *name)
{
	mem_free(name->host);
	mem_free(name);
}

void name_cache_free(struct name_cache *cache)
{
	if (cache == NULL)
		return;
	MAP_FOR_EACH (&cache->names, entry)
		free_name(entry->value);
	map_done(&cache->names);
	mem_free(cache);
}

/* ---- waiting ---- */

static void stop_waiting(struct exchange *exchange)
{
	list_remove(&exchange->link_in_waiting);
	exchange->client_codec = NULL;
}

static bool is_never_ready(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

static const struct client_codec client_resolving = {
	.is_ready = is_never_ready,
	.release = stop_waiting,
	.cancel = stop_waiting,
};

/* ---- there and back ---- */

static void take_answer(struct task *task)
{
	struct known_name *name = CONTAINER_OF(task, struct known_name, task);

	name->is_asked = false;
	name->expires_ns = loop_now(name->cache->loop) + name->ttl_ns;
	while (!list_is_empty(&name->waiting)) {
		struct exchange *exchange =
			LIST_ITEM(name->waiting.next, struct exchange, link_in_waiting);

		stop_waiting(exchange);
		names_resume(exchange);
	}
}

static void on_looked_up(void *owner, const struct ip_address *addresses, size_t count,
			 uint64_t ttl_ns)
{
	struct known_name *name = owner;

	name->count = MIN_OF(count, (size_t)ADDRESSES_MAX);
	for (size_t i = 0; i < name->count; i++)
		name->addresses[i] = addresses[i];
	name->ttl_ns = name->count > 0 ? ttl_ns : FAILED_NS;
	name->task.run = take_answer;
	loop_post(name->cache->loop, &name->task);
}

static void look_up(struct task *task)
{
	struct known_name *name = CONTAINER_OF(task, struct known_name, task);

	resolver_look_up(name->cache->service->resolver, name->host, on_looked_up, name);
}

/* ---- asking ---- */

static struct known_name *find_expired(const struct name_cache *cache)
{
	MAP_FOR_EACH (&cache->names, entry) {
		struct known_name *name = entry->value;

		if (!name->is_asked && loop_now(cache->loop) >= name->expires_ns)
			return name;
	}
	return NULL;
}

static struct known_name *add_name(struct name_cache *cache, struct text host)
{
	struct known_name *name = NULL;

	if (cache->names.count >= NAMES_MAX) {
		name = find_expired(cache);
		if (name == NULL)
			return NULL;
		map_remove(&cache->names, text_of(name->host));
		free_name(name);
	}
	name = MEM_NEW(struct known_name);
	name->cache = cache;
	name->host = mem_strndup(host.ptr, host.len);
	list_init(&name->waiting);
	map_put(&cache->names, text_of(name->host), name);
	return name;
}

static enum name_state wait_for(struct known_name *name, struct exchange *exchange)
{
	exchange->client_codec = &client_resolving;
	list_append(&name->waiting, &exchange->link_in_waiting);
	if (!name->is_asked) {
		name->is_asked = true;
		name->task.run = look_up;
		loop_post(name->cache->service->loop, &name->task);
	}
	return NAME_ASKED;
}

enum name_state name_cache_find(struct name_cache *cache, struct exchange *exchange,
				struct text host, struct ip_address *out)
{
	struct known_name *name = map_get(&cache->names, host);

	if (name == NULL)
		name = add_name(cache, host);
	if (name == NULL)
		return NAME_FAILED;
	if (name->is_asked || loop_now(cache->loop) >= name->expires_ns)
		return wait_for(name, exchange);
	if (name->count == 0)
		return NAME_FAILED;
	*out = name->addresses[name->next++ % name->count];
	return NAME_KNOWN;
}
