/* SPDX-License-Identifier: Apache-2.0 */
/* plan_route.c — compiles one HTTP route of a VirtualService: conditions, then what to do. */
#include "proxy/plan_match.h"

static void compile_destinations(struct plan_build *build, const struct plan_match_scope *scope,
				 const struct http_route *from, struct route *out)
{
	out->clusters =
		ARENA_ARRAY(&build->plan->arena, from->route.count, struct weighted_cluster);
	for (size_t i = 0; i < from->route.count; i++) {
		const struct http_route_destination *destination = &from->route.items[i];
		const struct virtual_destination *to = destination->destination;
		struct weighted_cluster *cluster = &out->clusters[out->cluster_count++];

		cluster->cluster = plan_cluster(build, scope->workload, to->host, scope->namespace,
						to->port, to->subset, scope->listener_port);
		if (!cluster->cluster->is_known)
			plan_warn(build, to->at,
				  "there is no %s '%.*s'%s; requests that come here get 503",
				  to->subset.len > 0 ? "such subset of" : "service",
				  TEXT_ARGS(to->host), to->port != 0 ? " with this port" : "");
		cluster->weight = (uint32_t)destination->weight.value;
		out->total_weight += cluster->weight;
		plan_headers(build, destination->headers, &cluster->request, &cluster->response);
	}
}

static void compile_action(struct plan_build *build, const struct plan_match_scope *scope,
			   const struct http_route *from, struct route *out)
{
	if (from->redirect != NULL) {
		out->action = ROUTE_REDIRECT;
		out->redirect = from->redirect;
	} else if (from->direct_response != NULL) {
		out->action = ROUTE_RESPOND;
		out->respond = from->direct_response;
	} else {
		out->action = ROUTE_FORWARD;
		compile_destinations(build, scope, from, out);
	}
	out->timeout_ns = from->timeout.is_set ? from->timeout.ns : 0;
	out->retry = plan_retry(build, from->retries);
	out->fault = plan_fault(build, from->fault);
	plan_mirrors(build, scope, from, out);
	out->cors = plan_cors(build, from->cors_policy);
	out->rewrite = from->rewrite;
	if (from->rewrite != NULL && from->rewrite->uri_regex_rewrite != NULL)
		out->rewrite_regex = plan_regex(build, from->rewrite->uri_regex_rewrite->at,
						from->rewrite->uri_regex_rewrite->match);
	plan_headers(build, from->headers, &out->request, &out->response);
	if (out->cluster_count == 1) { /* Istio: its operations stand behind the route's */
		plan_merge_headers(build, &out->request, &out->clusters[0].request);
		plan_merge_headers(build, &out->response, &out->clusters[0].response);
	}
}

bool plan_route(struct plan_build *build, const struct local_workload *workload,
		const struct virtual_service *service, const struct http_route *from,
		struct text gateway, uint32_t listener_port, struct route *out)
{
	const struct plan_match_scope scope = {
		.workload = workload,
		.service = service,
		.namespace = service->meta.namespace,
		.gateway = gateway,
		.listener_port = listener_port,
	};

	*out = (struct route){
		.at = from->at,
		.name = from->name,
		.service = service->meta.name,
		.matches = ARENA_ARRAY(&build->plan->arena, from->match.count, struct route_match),
	};
	for (size_t i = 0; i < from->match.count; i++)
		if (plan_match(build, &from->match.items[i], &scope,
			       &out->matches[out->match_count]))
			out->match_count++;
	if (from->match.count > 0 && out->match_count == 0)
		return false;
	compile_action(build, &scope, from, out);
	return true;
}
