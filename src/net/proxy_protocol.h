/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_protocol.h — HAProxy's PROXY protocol, versions 1 and 2: who the client of a proxy in front
 * of us is, said once before anything else (haproxy.org, doc/proxy-protocol.txt).
 *
 * Strict, since what is believed here becomes the client's address: version 1 exactly as its
 * grammar has it, version 2 with its lengths, and its checksum where it carries one. */
#pragma once

#include "net/address.h"

#define PROXY_PROTOCOL_MAX 4096 /* bytes of a header with all that it may carry along */

enum proxy_protocol_result {
	PROXY_PROTOCOL_REFUSED = 0,
	PROXY_PROTOCOL_MORE, /* so far it is one */
	PROXY_PROTOCOL_DONE,
};

struct proxy_header {
	size_t len;      /* bytes that belong to it */
	bool says_where; /* else (LOCAL, UNKNOWN, unix) the connection's own addresses stand */
	struct address source, destination;
};

enum proxy_protocol_result proxy_protocol_parse(struct text bytes, struct proxy_header *out,
						const char **why);

#define PROXY_PROTOCOL_WRITE_MAX 108
/* Returns the length. Addresses of different families, or unix ones, are said to be unknown. */
size_t proxy_protocol_write(char out[PROXY_PROTOCOL_WRITE_MAX], unsigned version,
			    const struct address *source, const struct address *destination);
