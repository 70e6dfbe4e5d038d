/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan_hosts.h"

#include "proxy/plan_delegate.h"
#include "proxy/route_match.h"

struct gather_scope { /* where routes are gathered for, and into */
	const struct local_workload *workload;
	struct text gateway; /* "ns/name"; absent: the mesh */
	uint32_t listener_port;
	struct route_list *list;
};

struct route *plan_next_route(struct plan_build *build, struct route_list *list)
{
	if (list->count == list->capacity) {
		const size_t capacity = MAX_OF(list->capacity * 2, (size_t)4);
		struct route *grown = ARENA_ARRAY(&build->plan->arena, capacity, struct route);

		if (list->count > 0)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
		list->capacity = capacity;
	}
	return &list->items[list->count];
}

static bool is_catch_all(const struct route *route)
{
	for (size_t i = 0; i < route->match_count; i++)
		if (route_match_is_catch_all(&route->matches[i]))
			return true;
	return route->match_count == 0;
}

/* False: it takes everything, so what stands behind it can never be reached, also not once it has
 * been moved behind the routes of other VirtualServices. */
static bool gather_route(struct plan_build *build, const struct virtual_service *service,
			 const struct http_route *from, const struct gather_scope *scope)
{
	struct route *route = plan_next_route(build, scope->list);

	if (!plan_route(build, scope->workload, service, from, scope->gateway, scope->listener_port,
			route))
		return true;
	scope->list->count++;
	return !is_catch_all(route);
}

static bool gather_delegated(struct plan_build *build, const struct virtual_service *service,
			     const struct http_route *from, const struct gather_scope *scope)
{
	struct delegated_route *routes;
	const size_t count = plan_delegated(build, service, from, &routes);

	for (size_t i = 0; i < count; i++)
		if (!gather_route(build, routes[i].service, &routes[i].route, scope))
			return false;
	return true;
}

void plan_gather_routes(struct plan_build *build, const struct local_workload *workload,
			const struct virtual_service *service, struct text gateway,
			uint32_t listener_port, struct route_list *list)
{
	const struct gather_scope scope = { workload, gateway, listener_port, list };
	bool goes_on = true;

	for (size_t i = 0; i < service->http.count && goes_on; i++) {
		const struct http_route *from = &service->http.items[i];

		goes_on = from->delegate != NULL ? gather_delegated(build, service, from, &scope)
						 : gather_route(build, service, from, &scope);
	}
}

/* Several VirtualServices may share a gateway's host: what catches everything goes last, so that it
 * hides nobody's routes (istio:pilot/pkg/networking/core/route/route.go). */
void plan_catch_alls_last(struct plan_build *build, struct route_list *list)
{
	struct route *sorted = ARENA_ARRAY(&build->plan->arena, list->count, struct route);
	size_t count = 0;

	for (int last = 0; last < 2; last++)
		for (size_t i = 0; i < list->count; i++)
			if (is_catch_all(&list->items[i]) == (last != 0))
				sorted[count++] = list->items[i];
	list->items = sorted;
}

struct virtual_host *plan_make_host(struct plan_build *build, const struct route_list *list)
{
	struct virtual_host *host = ARENA_NEW(&build->plan->arena, struct virtual_host);

	host->routes = list->items;
	host->route_count = list->count;
	return host;
}

void plan_add_host(struct plan_build *build, struct route_table *table, struct text name,
		   struct virtual_host *host)
{
	size_t place = 0;

	name = plan_lower(build, name);
	if (text_is(name, "*")) {
		if (table->any == NULL)
			table->any = host;
		return;
	}
	if (name.ptr[0] != '*') {
		if (map_get(&table->exact, name) == NULL)
			map_put(&table->exact, name, host);
		return;
	}

	const struct text suffix = text_from(name, 1);
	struct wildcard_host *grown =
		ARENA_ARRAY(&build->plan->arena, table->wildcard_count + 1, struct wildcard_host);

	while (place < table->wildcard_count && table->wildcards[place].suffix.len >= suffix.len)
		place++;
	if (table->wildcard_count > 0) {
		memcpy(grown, table->wildcards, place * sizeof(*grown));
		memcpy(grown + place + 1, table->wildcards + place,
		       (table->wildcard_count - place) * sizeof(*grown));
	}
	grown[place] = (struct wildcard_host){ suffix, host };
	table->wildcards = grown;
	table->wildcard_count++;
}

bool plan_exports_to(const struct plan_build *build, const struct virtual_service *rules,
		     struct text namespace)
{
	const struct text_list *to = rules->export_to.count > 0
					     ? &rules->export_to
					     : &build->mesh->default_virtual_service_export_to;

	return to->count == 0 || text_list_has(to, TEXT("*")) || text_list_has(to, namespace)
	       || (text_list_has(to, TEXT(".")) && text_equal(rules->meta.namespace, namespace));
}

bool plan_covers_host(struct text pattern, struct text host)
{
	if (text_is(pattern, "*"))
		return true;
	if (pattern.len > 0 && pattern.ptr[0] == '*')
		return text_ends_with_nocase(host, text_from(pattern, 1));
	return text_equal_nocase(pattern, host);
}
