/* SPDX-License-Identifier: Apache-2.0 */
/* route.h — which request goes where: a listener's table of virtual hosts, each an ordered list of
 * routes.
 *
 * Compiled from VirtualServices (plan_routes.c), asked once a request (route_table_find, then
 * virtual_host_route; the conditions are in route_match.c). Nothing here allocates.
 * Semantics: api:networking/v1alpha3/virtual_service.proto; istio:pilot/pkg/networking/core/route.
 */
#pragma once

#include "net/net.h"
#include "resource/resource.h"

struct cluster;
struct cors_rules;
struct fault_policy;
struct jwt;
struct format;
struct mirror_target;
struct regex;
struct retry_policy;

/* One condition on a text. */
struct text_match {
	enum text_match_type {
		MATCH_ANY = 0, /* no condition */
		MATCH_PRESENT, /* there at all */
		MATCH_EXACT,
		MATCH_PREFIX,
		MATCH_REGEX, /* the whole text */
	} type;
	struct text value;
	const struct regex *regex;
	bool ignore_case; /* of MATCH_EXACT and MATCH_PREFIX */
};

struct named_match { /* on a header, a query parameter or a token's claim */
	struct text name;
	enum http_name id;
	const struct text *claim; /* the names on the way to it; NULL: a header */
	size_t claim_depth;
	struct text_match match;
	bool invert; /* withoutHeaders */
};

struct route_match { /* all of it must hold */
	struct source_pos at;
	struct text_match uri, method, authority, scheme;
	struct named_match *headers, *query;
	size_t header_count, query_count;
};

#define CHANCE_CERTAIN 1000000 /* chances are in millionths: 0.0001 per cent is the least */

struct header_edit {
	enum header_edit_kind {
		HEADER_SET = 0,
		HEADER_ADD,
		HEADER_REMOVE,
		HEADER_AUTHORITY, /* of a request: set */
	} kind;
	struct text name; /* lower case */
	struct text value;
	const struct format *format; /* of a value with operators; NULL: as it stands */
};

struct header_edits {
	struct header_edit *items;
	size_t count;
};

struct weighted_cluster {
	const struct cluster *cluster;
	uint32_t weight;
	struct header_edits request, response;
};

enum route_action { ROUTE_FORWARD = 0, ROUTE_REDIRECT, ROUTE_RESPOND };

struct route {
	struct source_pos at;
	struct text name, service;   /* of the route; of the VirtualService */
	struct route_match *matches; /* any of them; none: every request */
	size_t match_count;
	enum route_action action;
	struct weighted_cluster *clusters;
	size_t cluster_count;
	uint32_t total_weight;
	uint64_t timeout_ns; /* 0: none */
	const struct retry_policy *retry;
	const struct fault_policy *fault; /* NULL: none */
	const struct cors_rules *cors;    /* NULL: origins do not matter */
	struct mirror_target *mirrors;
	size_t mirror_count;
	const struct http_rewrite *rewrite;
	const struct regex *rewrite_regex;
	const struct http_redirect *redirect;
	const struct http_direct_response *respond;
	struct header_edits request, response;
};

struct virtual_host {
	struct route *routes;
	size_t route_count;
	bool wants_https; /* whoever asks over plain HTTP is redirected */
};

struct wildcard_host {
	struct text suffix; /* ".example.com" of "*.example.com" */
	struct virtual_host *host;
};

struct route_table {
	struct map exact;                /* "host" or "host:port", lower case */
	struct wildcard_host *wildcards; /* longest suffix first */
	size_t wildcard_count;
	struct virtual_host *any; /* NULL: other hosts are not served */
	bool port_matters;        /* outbound: "host:port" names another service than "host" */
};

const struct virtual_host *route_table_find(const struct route_table *table, struct text authority);

/* What the conditions are asked about. */
struct route_subject {
	const struct http_head *head;
	struct text path;        /* normalised, without query */
	struct text query;       /* without '?' */
	struct text scheme;      /* "http" or "https" */
	const struct jwt *token; /* verified; NULL: there is none */
};

/* The first route that applies, and the match of it that did (NULL: it has none). NULL: no route.
 */
const struct route *virtual_host_route(const struct virtual_host *host,
				       const struct route_subject *subject,
				       const struct route_match **matched);

/* By weight; `draw` is any random number. NULL where all weights are 0. */
const struct weighted_cluster *route_pick(const struct route *route, uint64_t draw);
