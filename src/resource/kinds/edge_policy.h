/* SPDX-License-Identifier: Apache-2.0 */
/* edge_policy.h — mangrove.dev EdgePolicy: what an edge does for every request besides routing.
 *
 *	spec:
 *	  gateways: [public]                 # Gateways of this namespace; absent: by selector
 *	  hosts: [app.example.com]           # absent: all
 *	  cors: { origins: ["https://app.example.com"], credentials: true }
 *	  securityHeaders:
 *	    strictTransportSecurity: { maxAge: 8760h, includeSubDomains: true, preload: true }
 *	    contentSecurityPolicy: "default-src 'self'"
 *	  rateLimits:
 *	  - { name: api, paths: [/api/], requests: 100, per: 15m, exceptPaths: [/health] }
 *	  tokens: { requiredPaths: [/api/], publicPaths: [/api/health] }
 *	  inputValidation: { sqlInjection: DENY, crossSiteScripting: DENY }
 *	  limits: { bodyBytes: 1048576 } */
#pragma once

#include "resource/kinds/common.h"

struct edge_cors {
	struct source_pos at;
	struct text_list origins; /* exact, or "*" */
	struct text_list methods, headers, expose_headers;
	bool credentials;
	struct optional_duration max_age;
};

struct edge_transport_security { /* RFC 6797 */
	struct source_pos at;
	struct optional_duration max_age;
	bool include_sub_domains, preload;
};

struct edge_security_headers {
	struct source_pos at;
	const struct edge_transport_security *strict_transport_security;
	struct text content_security_policy, frame_options, referrer_policy, permissions_policy;
	struct text cross_origin_opener_policy, cross_origin_resource_policy;
	struct text cross_origin_embedder_policy;
	struct optional_bool no_sniff; /* X-Content-Type-Options; true where absent */
	struct text_map set;           /* any others */
	struct text_list remove;       /* from answers: Server, X-Powered-By */
};

enum rate_limit_key {
	RATE_LIMIT_BY_CLIENT_ADDRESS = 0,
	RATE_LIMIT_BY_PRINCIPAL,         /* the peer's certificate */
	RATE_LIMIT_BY_REQUEST_PRINCIPAL, /* the token's issuer/subject */
	RATE_LIMIT_BY_HEADER,
	RATE_LIMIT_TOGETHER, /* one count for all */
};

struct edge_rate_limit {
	struct source_pos at;
	struct text name;
	struct text_list paths, except_paths; /* as in AuthorizationPolicy */
	struct text_list methods;
	enum rate_limit_key by;
	struct text header;
	uint32_t requests;
	struct optional_duration per;
	struct optional_int burst; /* beyond the steady rate; `requests` where absent */
	uint32_t status;           /* 429 where 0 */
	struct text message;
};

struct edge_tokens {
	struct source_pos at;
	struct text_list required_paths; /* a valid token or 401 */
	struct text_list public_paths;   /* never asked for one */
};

enum edge_inspection { EDGE_INSPECTION_OFF = 0, EDGE_INSPECTION_LOG, EDGE_INSPECTION_DENY };

struct edge_input_validation {
	struct source_pos at;
	enum edge_inspection sql_injection, cross_site_scripting, path_traversal, command_injection;
	struct text_list except_paths;
	struct optional_int inspected_body_bytes;
};

struct edge_limits {
	struct source_pos at;
	struct optional_int body_bytes, header_bytes, header_count, uri_bytes, connections;
};

struct edge_timeouts {
	struct source_pos at;
	struct optional_duration headers, body, idle, request;
};

struct edge_compression {
	struct source_pos at;
	struct text_list algorithms; /* in order of preference: br, zstd, gzip */
	struct text_list types;      /* media types; text/plain */
	struct optional_int minimum_bytes;
};

struct edge_static_files {
	struct source_pos at;
	struct text path; /* prefix of requests */
	struct text root; /* directory */
	struct text index, fallback, cache_control;
};

struct edge_policy {
	struct resource meta;
	const struct workload_selector *selector;
	struct text_list gateways, hosts, paths;
	const struct edge_cors *cors;
	const struct edge_security_headers *security_headers;
	LIST_OF(struct edge_rate_limit) rate_limits;
	const struct edge_tokens *tokens;
	const struct edge_input_validation *input_validation;
	const struct edge_limits *limits;
	const struct edge_timeouts *timeouts;
	const struct edge_compression *compression;
	LIST_OF(struct edge_static_files) static_files;
};

static inline const struct edge_policy *edge_policy_of(const struct resource *resource)
{
	return (const struct edge_policy *)resource;
}
