/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_route.h — where a connection goes whose bytes are passed on unread: by the name its
 * ClientHello asks for (SNI) and the address it was made to.
 *
 * Compiled from the `tls` and `tcp` routes of VirtualServices (plan_tcp.c), asked once a
 * connection. Nothing here allocates. */
#pragma once

#include "proxy/route.h"

struct tcp_route {
	const struct text *names; /* SNI: "a.example", "*.example", "*"; count 0: TLS or not */
	size_t name_count;
	const struct ip_range *subnets; /* of the destination; count 0: any */
	size_t subnet_count;
	uint16_t port;      /* of the destination; 0: any */
	struct route route; /* whose clusters and weights are used */
};

struct tcp_table {
	const struct tcp_route *routes; /* the first that holds counts */
	size_t count;
	bool asks_name; /* some route does: the ClientHello must be read */
};

/* NULL: none holds. server_name: absent where it is not TLS, or none was asked for. */
const struct route *tcp_table_find(const struct tcp_table *table, struct text server_name,
				   struct ip_address destination, uint16_t port);

/* "*", "*.example.com" or a name, in any case of letters. */
bool tcp_name_matches(struct text pattern, struct text name);
