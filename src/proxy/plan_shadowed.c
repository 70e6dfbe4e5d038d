/* SPDX-License-Identifier: Apache-2.0 */
/* plan_shadowed.c — says which routes no request can ever reach: those behind one that takes
 * everything, and those of a VirtualService whose host another one has. Istio ignores both in
 * silence. */
#include "proxy/plan_match.h"

/* ---- behind a route that takes everything ---- */

static bool takes_any_path(const struct string_match *uri)
{
	return uri == NULL || (uri->type == STRING_MATCH_PREFIX && text_is(uri->value, "/"))
	       || (uri->type == STRING_MATCH_REGEX && text_is(uri->value, ".*"));
}

static bool match_takes_all(const struct http_match_request *match)
{
	return takes_any_path(match->uri) && match->scheme == NULL && match->method == NULL
	       && match->authority == NULL && match->headers.count == 0
	       && match->without_headers.count == 0 && match->query_params.count == 0
	       && match->port == 0 && match->source_labels.count == 0
	       && match->source_namespace.len == 0 && match->gateways.count == 0;
}

static bool route_takes_all(const struct http_route *route)
{
	for (size_t i = 0; i < route->match.count; i++)
		if (match_takes_all(&route->match.items[i]))
			return true;
	return route->match.count == 0;
}

static void warn_unreachable(struct plan_build *build, const struct virtual_service *rules)
{
	for (size_t i = 0; i + 1 < rules->http.count; i++) {
		/* of a delegate's routes some may be left out */
		if (rules->http.items[i].delegate != NULL
		    || !route_takes_all(&rules->http.items[i]))
			continue;
		plan_warn(build, rules->http.items[i + 1].at,
			  "no request comes here: the route in line %u takes every one",
			  rules->http.items[i].at.line);
		return;
	}
}

/* ---- of a host that another one has ---- */

static bool is_for_whole_mesh(const struct virtual_service *rules)
{
	return rules->http.count > 0 && rules->export_to.count == 0
	       && (rules->gateways.count == 0 || text_list_has(&rules->gateways, TEXT("mesh")));
}

/* The service's full name, where it is one. */
static struct text full_host(struct plan_build *build, struct text host, struct text namespace)
{
	const struct mesh_service *service =
		host.ptr[0] != '*' ? registry_find(&build->plan->registry, host, namespace) : NULL;

	return service != NULL ? service->host : plan_lower(build, host);
}

static void warn_if_taken(struct plan_build *build, const struct virtual_service *rules,
			  struct map *first_of_host)
{
	for (size_t i = 0; i < rules->hosts.count; i++) {
		const struct text host =
			full_host(build, rules->hosts.items[i], rules->meta.namespace);
		const struct virtual_service *first = map_get(first_of_host, host);

		if (first == NULL)
			map_put(first_of_host, host, (void *)rules);
		else if (first != rules)
			plan_warn(
				build, rules->hosts.at[i],
				"within the mesh the routes to '%.*s' are those of VirtualService "
				"'%.*s/%.*s', which comes first; these are not used",
				TEXT_ARGS(host), TEXT_ARGS(first->meta.namespace),
				TEXT_ARGS(first->meta.name));
	}
}

void plan_warn_shadowed(struct plan_build *build)
{
	const struct resource_list all =
		resource_set_list(build->plan->resources, KIND_VIRTUAL_SERVICE);
	AUTO_MAP struct map first_of_host = { 0 };

	for (size_t i = 0; i < all.count; i++) {
		const struct virtual_service *rules = virtual_service_of(all.items[i]);

		warn_unreachable(build, rules);
		if (is_for_whole_mesh(rules))
			warn_if_taken(build, rules, &first_of_host);
	}
}
