/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route.h"

#include "proxy/route_match.h"

/* The authority without its port. */
static struct text host_of(struct text authority)
{
	struct http_authority parts;

	if (!http_authority_parse(authority, &parts))
		return authority;
	if (parts.is_ipv6) /* with its brackets, as it is written in resources */
		return (struct text){ parts.host.ptr - 1, parts.host.len + 2 };
	return parts.host;
}

const struct virtual_host *route_table_find(const struct route_table *table, struct text authority)
{
	const struct virtual_host *found = map_get(&table->exact, authority);

	if (found != NULL)
		return found;

	const struct text host = host_of(authority);

	/* where the port names the service, a port nobody declared is no service of ours */
	if (host.len != authority.len && !table->port_matters) {
		found = map_get(&table->exact, host);
		if (found != NULL)
			return found;
	}
	for (size_t i = 0; i < table->wildcard_count; i++)
		if (host.len > table->wildcards[i].suffix.len
		    && text_ends_with(host, table->wildcards[i].suffix))
			return table->wildcards[i].host;
	return table->any;
}

const struct route *virtual_host_route(const struct virtual_host *host,
				       const struct route_subject *subject,
				       const struct route_match **matched)
{
	for (size_t i = 0; i < host->route_count; i++) {
		const struct route *route = &host->routes[i];

		*matched = NULL;
		if (route->match_count == 0)
			return route;
		for (size_t k = 0; k < route->match_count; k++) {
			if (route_match_holds(&route->matches[k], subject)) {
				*matched = &route->matches[k];
				return route;
			}
		}
	}
	return NULL;
}

const struct weighted_cluster *route_pick(const struct route *route, uint64_t draw)
{
	if (route->cluster_count == 1) /* a single destination gets all, whatever its weight */
		return &route->clusters[0];
	if (route->total_weight == 0)
		return NULL;

	uint64_t point = draw % route->total_weight;

	for (size_t i = 0; i < route->cluster_count; i++) {
		if (point < route->clusters[i].weight)
			return &route->clusters[i];
		point -= route->clusters[i].weight;
	}
	return NULL;
}
