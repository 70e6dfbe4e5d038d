/* SPDX-License-Identifier: Apache-2.0 */
/* plan_authorizer.c — the external authorizer a workload's CUSTOM policies name, ready to be asked.
 *
 * What is wrong with one is said with its line, and makes it broken: what it should judge is denied
 * (Istio: "-deny-due-to-bad-CUSTOM-action"). */
#include "proxy/authorizer.h"
#include "proxy/plan_parts.h"

#define DEFAULT_TIMEOUT_NS (600 * NS_PER_SEC)
#define DEFAULT_STATUS     403

/* "[NAMESPACE/]HOST" */
static struct text split_namespace(const struct plan_build *build, struct text *service)
{
	struct text rest = *service;
	const struct text first = text_split(&rest, '/');

	if (rest.ptr == NULL)
		return resource_set_root_namespace(build->plan->resources);
	*service = rest;
	return first;
}

static bool find_service(struct plan_build *build, const struct local_workload *workload,
			 struct source_pos at, struct text service, uint32_t port,
			 struct authorizer *out)
{
	struct text host = service;
	const struct text namespace = split_namespace(build, &host);
	const struct mesh_service *found = registry_find(&build->plan->registry, host, namespace);
	const struct mesh_service_port *wanted =
		found != NULL ? mesh_service_port(found, port) : NULL;

	if (wanted == NULL) {
		plan_warn(
			build, at,
			"extension provider '%s': there is no service '%.*s' with port %u; what it "
			"should judge is denied",
			out->name, TEXT_ARGS(service), port);
		return false;
	}

	struct mesh_service_port spoken = *wanted;

	if (out->grpc != NULL)
		spoken.protocol = PROTOCOL_HTTP2;
	out->destination.cluster =
		plan_service_cluster(build, workload, found, &spoken, (struct text){ NULL, 0 });
	out->authority = text_of(arena_printf(&build->plan->arena, "outbound_.%u_._.%.*s", port,
					      TEXT_ARGS(found->host)));
	return true;
}

static bool read_status(struct plan_build *build, struct source_pos at, struct text status,
			struct authorizer *out)
{
	uint64_t number;

	out->status_on_error = DEFAULT_STATUS;
	if (status.len == 0)
		return true;
	if (text_parse_number(status, 599, &number) && number >= 200) {
		out->status_on_error = (unsigned)number;
		return true;
	}
	plan_warn(
		build, at,
		"extension provider '%s': statusOnError '%.*s' is no HTTP status from 200 to 599; "
		"what it should judge is denied",
		out->name, TEXT_ARGS(status));
	return false;
}

/* Istio takes no "*" that would be all headers. */
static bool check_patterns(struct plan_build *build, const struct ext_authz_http *http,
			   const struct authorizer *out)
{
	const struct text_list *const lists[] = {
		&http->include_request_headers_in_check,
		&http->headers_to_upstream_on_allow,
		&http->headers_to_downstream_on_deny,
		&http->headers_to_downstream_on_allow,
	};

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (text_list_has(lists[i], TEXT("*"))) {
			plan_warn(
				build, http->at,
				"extension provider '%s': '*' alone names no header; write a "
				"prefix ('x-*') or suffix ('*-id'). What it should judge is denied",
				out->name);
			return false;
		}
	if (http->path_prefix.len == 0 || http->path_prefix.ptr[0] == '/')
		return true;
	plan_warn(
		build, http->at,
		"extension provider '%s': pathPrefix must begin with '/'; what it should judge is "
		"denied",
		out->name);
	return false;
}

static bool compile_http(struct plan_build *build, const struct local_workload *workload,
			 const struct ext_authz_http *http, struct authorizer *out)
{
	out->http = http;
	out->fail_open = http->fail_open;
	out->body = http->include_request_body_in_check;
	out->timeout_ns = http->timeout.is_set ? http->timeout.ns : DEFAULT_TIMEOUT_NS;
	return check_patterns(build, http, out)
	       && read_status(build, http->at, http->status_on_error, out)
	       && find_service(build, workload, http->at, http->service, http->port, out);
}

static bool compile_grpc(struct plan_build *build, const struct local_workload *workload,
			 const struct ext_authz_grpc *grpc, struct authorizer *out)
{
	out->grpc = grpc;
	out->fail_open = grpc->fail_open;
	out->body = grpc->include_request_body_in_check;
	out->timeout_ns = grpc->timeout.is_set ? grpc->timeout.ns : DEFAULT_TIMEOUT_NS;
	return read_status(build, grpc->at, grpc->status_on_error, out)
	       && find_service(build, workload, grpc->at, grpc->service, grpc->port, out);
}

const struct authorizer *plan_authorizer(struct plan_build *build,
					 const struct local_workload *workload)
{
	const struct extension_provider *provider = workload_authorizer(workload->policy);
	struct authorizer *authorizer;

	if (provider == NULL)
		return NULL;
	authorizer = ARENA_NEW(&build->plan->arena, struct authorizer);
	authorizer->name = provider->name.ptr;
	if (provider->envoy_ext_authz_http != NULL)
		authorizer->is_broken =
			!compile_http(build, workload, provider->envoy_ext_authz_http, authorizer);
	else
		authorizer->is_broken =
			!compile_grpc(build, workload, provider->envoy_ext_authz_grpc, authorizer);
	return authorizer;
}
