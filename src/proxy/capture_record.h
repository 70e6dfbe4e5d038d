/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* capture_record.h — what the capturing programs note of a connection and the proxy reads.
 *
 * A connection is known by the end that the proxy sees as its peer: address in network order, port
 * in host order. Both sides are compiled together. Only fixed-width types. */
#pragma once

#include <linux/types.h>

#define CAPTURE_ROWS                                                                               \
	65536 /* connections that were made and not accepted yet; the oldest give way */

struct capture_client {
	__u32 ip; /* IPv4, network order */
	__u32 port;
};

struct capture_origin { /* where it was to go */
	__u64 cookie;   /* of the client's socket */
	__u8 ip[16];    /* network order; IPv4 as ::ffff:a.b.c.d */
	__u32 port;     /* host order */
	__u32 unused;
};
