/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h — IP addresses and blocks of them, as values.
 *
 * Both families share one 16-byte form: IPv4 lies in the mapped range (::ffff:a.b.c.d), so that
 * equal addresses have equal bytes however the socket delivered them. The family stays visible:
 * `::/0` is every IPv6 address and no IPv4 one. */
#pragma once

#include "base/text.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum ip_family { IP_NONE = 0, IP_V4, IP_V6 };

struct ip_address { /* zeroed: no address */
	unsigned char bytes[16];
	enum ip_family family;
};

struct ip_range { /* host bits are zero */
	struct ip_address base;
	unsigned prefix_bits; /* within the family: 0..32 or 0..128 */
};

#define IP_TEXT_MAX INET6_ADDRSTRLEN

bool ip_parse(struct text text, struct ip_address *out); /* no zone, no brackets */
const char *ip_format(char out[IP_TEXT_MAX],
		      struct ip_address ip);                    /* "" where absent; returns out */
struct ip_address ip_from_bytes(const void *bytes, size_t len); /* 4 or 16, network order */
struct ip_address ip_from_sockaddr(const struct sockaddr *address,
				   uint16_t *port);      /* port may be NULL */
bool ip_equal(struct ip_address a, struct ip_address b); /* absent equals nothing */

/* "10.0.0.0/8", or one address. Host bits may be set: they are cleared. */
bool ip_range_parse(struct text text, struct ip_range *out);
bool ip_range_contains(const struct ip_range *block, struct ip_address ip);
struct ip_address ip_mask(struct ip_address ip, unsigned prefix_bits); /* within its family */
