/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h — socket addresses as they stand in parameters of events.
 *
 *	SOCKADDR   [1] family; IPv4: [4] address [2] port; IPv6: [16] address [2] port; Unix: path,
 *NUL SOCKTUPLE  [1] family; IPv4, IPv6: address, port of the source, then of the destination; Unix:
 *[8] source, [8] destination (kernel addresses), path, NUL
 *
 * Addresses in network order, ports little-endian. The source is where the data or the connection
 * comes from: for connect and sendto this end, for accept and recvfrom the other. */
#pragma once

#include "base/base.h"

struct socket_end {
	struct ip_address ip;
	uint16_t port;
};

struct socket_address {
	uint8_t family; /* AF_INET, AF_INET6, AF_UNIX; 0: none that we know */
	struct socket_end source, destination; /* of a SOCKADDR: only the destination */
	uint64_t source_id, destination_id;    /* AF_UNIX */
	struct text path;                      /* AF_UNIX; a view of the bytes */
};

/* False, and *out zeroed, where the bytes are no such thing. */
bool socket_address_parse(struct text bytes, struct socket_address *out); /* SOCKADDR */
bool socket_tuple_parse(struct text bytes, struct socket_address *out);   /* SOCKTUPLE */

#define SOCKET_TEXT_MAX 256
/* "10.0.0.1:40000->10.0.0.2:443", as in fd.name. */
struct text socket_tuple_text(char out[SOCKET_TEXT_MAX], const struct socket_end *source,
			      const struct socket_end *destination);
struct text socket_end_text(char out[SOCKET_TEXT_MAX], const struct socket_end *end);
