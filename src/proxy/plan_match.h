/* SPDX-License-Identifier: Apache-2.0 */
/* plan_match.h — compiling match blocks, for plan_route.c and plan_routes.c. */
#pragma once

#include "proxy/plan_parts.h"

struct plan_match_scope { /* where a route is compiled for */
	const struct local_workload *workload;
	const struct virtual_service *service; /* which has the route */
	struct text namespace;                 /* its own */
	struct text gateway;                   /* "ns/name"; absent: the mesh */
	uint32_t listener_port;
};

/* False where it can never hold there. */
bool plan_match(struct plan_build *build, const struct http_match_request *from,
		const struct plan_match_scope *scope, struct route_match *out);

/* plan_headers.c: adds to both lists. */
void plan_headers(struct plan_build *build, const struct virtual_headers *from,
		  struct header_edits *request, struct header_edits *response);
/* The operations of a route's only destination become the route's own. */
void plan_merge_headers(struct plan_build *build, struct header_edits *route,
			struct header_edits *destination);

/* plan_mirror.c */
void plan_mirrors(struct plan_build *build, const struct plan_match_scope *scope,
		  const struct http_route *from, struct route *out);

/* Is it there for proxies of this namespace (exportTo)? */
bool plan_exports_to(const struct plan_build *build, const struct virtual_service *rules,
		     struct text namespace);

/* Does `written`, in a VirtualService of `namespace`, mean this gateway ("mesh" where absent)? */
bool plan_names_gateway(struct text written, struct text namespace, struct text gateway);

/* from NULL: no condition. */
struct text_match plan_text_match(struct plan_build *build, const struct string_match *from);

/* Compiled and owned by the plan; NULL, after a warning, where the pattern is wrong. */
const struct regex *plan_regex(struct plan_build *build, struct source_pos at, struct text pattern);
struct text plan_lower(struct plan_build *build, struct text text);
