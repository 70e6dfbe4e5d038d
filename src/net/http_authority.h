/* SPDX-License-Identifier: Apache-2.0 */
/* http_authority.h — "host", "host:port", "[v6]:port", and the three parts of an absolute URL.
 *
 * Stricter than RFC 3986 on purpose: a host is a DNS name (underscores allowed, one trailing dot
 * allowed) or an IP address. Userinfo, percent-encoding, empty labels, zones, empty or impossible
 * ports are no host that we could route or name in a policy. Nothing is decoded here. */
#pragma once

#include "base/base.h"

struct http_authority {
	struct text host; /* without brackets */
	uint16_t port;    /* 0: none was given */
	bool is_ipv6;
};

bool http_authority_parse(struct text text, struct http_authority *out);

/* Names the same place, a missing port being the scheme's. Both in lower case and valid. */
bool http_authority_equal(struct text a, struct text b, struct text scheme);

uint16_t http_scheme_port(struct text scheme); /* 80, 443; 0 where unknown */

struct http_url {
	struct text scheme, authority, path; /* path: with query and fragment; may be empty */
};

bool http_url_split(struct text url, struct http_url *out); /* false: not "scheme://..." */
