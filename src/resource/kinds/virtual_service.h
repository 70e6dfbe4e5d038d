/* SPDX-License-Identifier: Apache-2.0 */
/* virtual_service.h — networking.istio.io VirtualService: where requests go.
 * Source: istio/api networking/v1alpha3/virtual_service.proto. */
#pragma once

#include "resource/kinds/common.h"
#include "resource/kinds/retry_on.h"

struct virtual_destination {
	struct source_pos at;
	struct text host, subset;
	uint32_t port; /* port.number; 0: absent */
};

struct header_operations {
	struct source_pos at;
	struct text_map set, add;
	struct text_list remove;
};

struct virtual_headers {
	struct source_pos at;
	const struct header_operations *request, *response;
};

struct http_match_request {
	struct source_pos at;
	struct text name;
	const struct string_match *uri, *scheme, *method, *authority;
	LIST_OF(struct string_match) headers, query_params, without_headers;
	uint32_t port; /* 0: any */
	struct text_map source_labels;
	struct text source_namespace;
	struct text_list gateways;
	bool ignore_uri_case;
	struct text stat_prefix;
};

struct http_route_destination {
	struct source_pos at;
	const struct virtual_destination *destination;
	struct optional_int weight;
	const struct virtual_headers *headers;
};

enum redirect_derive_port { DERIVE_PORT_FROM_PROTOCOL = 0, DERIVE_PORT_FROM_REQUEST };

struct http_redirect {
	struct source_pos at;
	struct text uri, authority, scheme;
	uint32_t port; /* 0: absent */
	enum redirect_derive_port derive_port;
	uint32_t redirect_code; /* 0: absent, 301 */
};

struct http_direct_response {
	struct source_pos at;
	uint32_t status;
	struct text body; /* body.string, or body.bytes decoded; may hold NULs */
};

struct virtual_delegate {
	struct source_pos at;
	struct text name, namespace;
};

struct regex_rewrite {
	struct source_pos at;
	struct text match, rewrite;
};

struct http_rewrite {
	struct source_pos at;
	struct text uri, authority;
	const struct regex_rewrite *uri_regex_rewrite;
};

struct http_retry {
	struct source_pos at;
	int32_t attempts;
	struct optional_duration per_try_timeout, backoff;
	struct text retry_on;
	struct optional_bool retry_remote_localities, retry_ignore_previous_hosts;
};

struct http_fault_delay {
	struct source_pos at;
	struct optional_duration fixed_delay, exponential_delay;
	struct optional_double percentage; /* percentage.value; else `percent` */
};

struct http_fault_abort {
	struct source_pos at;
	struct optional_int http_status;
	int grpc_status; /* 1 + the status; 0: absent */
	struct text http2_error;
	struct optional_double percentage;
};

struct http_fault {
	struct source_pos at;
	const struct http_fault_delay *delay;
	const struct http_fault_abort *abort;
};

struct http_mirror {
	struct source_pos at;
	const struct virtual_destination *destination;
	struct optional_double percentage; /* 100 where absent */
};

enum cors_unmatched_preflights {
	CORS_PREFLIGHTS_UNSPECIFIED = 0,
	CORS_PREFLIGHTS_FORWARD,
	CORS_PREFLIGHTS_IGNORE,
};

struct cors_policy {
	struct source_pos at;
	struct text_list allow_origin; /* deprecated: exact origins */
	LIST_OF(struct string_match) allow_origins;
	struct text_list allow_methods, allow_headers, expose_headers;
	struct optional_duration max_age;
	struct optional_bool allow_credentials;
	enum cors_unmatched_preflights unmatched_preflights;
};

struct http_route {
	struct source_pos at;
	struct text name;
	LIST_OF(struct http_match_request) match; /* any of them; none: every request */
	LIST_OF(struct http_route_destination) route;
	const struct http_redirect *redirect;
	const struct http_direct_response *direct_response;
	const struct virtual_delegate *delegate;
	const struct http_rewrite *rewrite;
	struct optional_duration timeout;
	const struct http_retry *retries;
	const struct http_fault *fault;
	const struct virtual_destination *mirror;
	struct optional_double mirror_percentage;
	LIST_OF(struct http_mirror) mirrors;
	const struct cors_policy *cors_policy;
	const struct virtual_headers *headers;
};

struct l4_match { /* of TLS and TCP routes */
	struct source_pos at;
	struct text_list sni_hosts; /* TLS only */
	struct text_list destination_subnets;
	uint32_t port; /* 0: any */
	struct text source_subnet;
	struct text_map source_labels;
	struct text_list gateways;
	struct text source_namespace;
};

struct l4_route_destination {
	struct source_pos at;
	const struct virtual_destination *destination;
	struct optional_int weight;
};

struct l4_route {
	struct source_pos at;
	LIST_OF(struct l4_match) match;
	LIST_OF(struct l4_route_destination) route;
};

struct virtual_service {
	struct resource meta;
	struct text_list hosts;
	struct text_list gateways; /* absent: the mesh */
	LIST_OF(struct http_route) http;
	LIST_OF(struct l4_route) tls, tcp;
	struct text_list export_to;
};

static inline const struct virtual_service *virtual_service_of(const struct resource *resource)
{
	return (const struct virtual_service *)resource;
}
