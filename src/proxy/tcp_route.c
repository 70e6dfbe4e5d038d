/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/tcp_route.h"

bool tcp_name_matches(struct text pattern, struct text name)
{
	if (pattern.len > 0 && pattern.ptr[0] == '*')
		return text_ends_with_nocase(name, text_from(pattern, 1));
	return text_equal_nocase(pattern, name);
}

static bool name_holds(const struct tcp_route *route, struct text name)
{
	for (size_t i = 0; i < route->name_count; i++)
		if (name.len > 0 && tcp_name_matches(route->names[i], name))
			return true;
	return route->name_count == 0;
}

static bool subnet_holds(const struct tcp_route *route, struct ip_address destination)
{
	for (size_t i = 0; i < route->subnet_count; i++)
		if (ip_range_contains(&route->subnets[i], destination))
			return true;
	return route->subnet_count == 0;
}

const struct route *tcp_table_find(const struct tcp_table *table, struct text server_name,
				   struct ip_address destination, uint16_t port)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct tcp_route *route = &table->routes[i];

		if ((route->port == 0 || route->port == port) && name_holds(route, server_name)
		    && subnet_holds(route, destination))
			return &route->route;
	}
	return NULL;
}
