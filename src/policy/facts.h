/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h — everything that is known about a request or connection when it is judged.
 *
 * All texts are views into memory of the caller's, alive while a decision is made. What is not
 * known is absent (ptr NULL, family IP_NONE, NULL): absent never matches a positive value, and
 * satisfies a negative one, as Istio has it. */
#pragma once

#include "base/base.h"
#include "policy/jwt.h"

enum request_protocol { REQUEST_HTTP = 0, REQUEST_TCP };

/* The value of a header; several of one name joined with ','. False where there is none: an empty
 * header is there. `name` is lower case. */
typedef bool header_lookup_fn(const void *context, struct text name, struct text *value);

#define CERTIFICATE_FINGERPRINT_SIZE 32 /* SHA-256 of the DER */

struct request_facts {
	enum request_protocol protocol;
	struct text peer; /* verified SPIFFE ID, "spiffe://td/ns/N/sa/S"; absent: no mutual TLS */
	const unsigned char *peer_fingerprint; /* of the peer's leaf; NULL without one */
	struct ip_address source_ip;           /* the TCP peer */
	struct ip_address remote_ip; /* the client, by X-Forwarded-For or PROXY protocol */
	struct ip_address destination_ip;
	uint16_t destination_port; /* the workload's port */
	struct text sni;
	int64_t time_ns; /* wall clock, since 1970 */

	/* HTTP only */
	struct text method;
	struct text host;         /* :authority with its port, as sent */
	struct text path;         /* normalised (path.h), without query */
	header_lookup_fn *header; /* NULL: no headers */
	const void *header_context;
	const struct jwt *token; /* verified; NULL: none */
};
