/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/plan.h"

#include "proxy/log_format.h"
#include "proxy/mesh_tls.h"
#include "proxy/plan_parts.h"
#include "proxy/regex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *listener_role_name(enum listener_role role)
{
	static const char *const names[] = { "inbound", "outbound", "gateway" };

	return names[role];
}

/* A route is compiled for each workload and port that sees it; once is enough. */
static bool was_said(const struct diagnostics *diagnostics, const struct error *warning)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct error *said = &diagnostics->items[i]->error;

		if (said->at.line == warning->at.line && said->at.column == warning->at.column
		    && text_equal(text_of(said->at.file), text_of(warning->at.file))
		    && strcmp(said->text, warning->text) == 0)
			return true;
	}
	return false;
}

void plan_warn(struct plan_build *build, struct source_pos at, const char *fmt, ...)
{
	struct error warning = { .at = at };
	va_list args;

	va_start(args, fmt);
	vsnprintf(warning.text, sizeof(warning.text), fmt, args);
	va_end(args);
	if (!was_said(build->diagnostics, &warning))
		diagnostics_add(build->diagnostics, SEVERITY_WARNING, &warning,
				(struct text){ NULL, 0 });
}

int plan_fail(struct plan_build *build, struct error *err, struct source_pos at, const char *fmt,
	      ...)
{
	struct error problem = { .code = -EINVAL, .at = at };
	va_list args;

	va_start(args, fmt);
	vsnprintf(problem.text, sizeof(problem.text), fmt, args);
	va_end(args);
	diagnostics_add(build->diagnostics, SEVERITY_ERROR, &problem, (struct text){ NULL, 0 });
	if (err != NULL)
		*err = problem;
	return problem.code;
}

static enum path_mode path_mode_of(const struct mesh_config *mesh)
{
	switch (mesh->path_normalization) {
	case NORMALIZE_NONE:
		return PATH_NONE;
	case NORMALIZE_MERGE_SLASHES:
		return PATH_MERGE_SLASHES;
	case NORMALIZE_DECODE_AND_MERGE_SLASHES:
		return PATH_DECODE_AND_MERGE_SLASHES;
	default:
		return PATH_BASE;
	}
}

static const struct {
	struct text name;
	enum client_cert_details details;
} client_cert_names[] = {
	{ { "UNDEFINED", 9 }, CLIENT_CERT_SANITIZE_SET },
	{ { "SANITIZE", 8 }, CLIENT_CERT_SANITIZE },
	{ { "SANITIZE_SET", 12 }, CLIENT_CERT_SANITIZE_SET },
	{ { "APPEND_FORWARD", 14 }, CLIENT_CERT_APPEND_FORWARD },
	{ { "FORWARD_ONLY", 12 }, CLIENT_CERT_FORWARD_ONLY },
	{ { "ALWAYS_FORWARD_ONLY", 19 }, CLIENT_CERT_ALWAYS_FORWARD_ONLY },
};

static void read_topology(struct plan_build *build)
{
	const struct proxy_config *config = build->mesh->default_config;
	const struct gateway_topology *topology = config != NULL ? config->gateway_topology : NULL;
	const struct text written =
		topology != NULL ? topology->forward_client_cert_details : TEXT("");

	build->plan->client_cert_details = CLIENT_CERT_SANITIZE_SET;
	if (topology == NULL)
		return;
	build->plan->trusted_proxies = topology->num_trusted_proxies;
	if (written.len == 0)
		return;
	for (size_t i = 0; i < COUNT_OF(client_cert_names); i++) {
		if (text_equal(written, client_cert_names[i].name)) {
			build->plan->client_cert_details = client_cert_names[i].details;
			return;
		}
	}
	build->plan->client_cert_details = CLIENT_CERT_SANITIZE;
	plan_warn(build, topology->at,
		  "forwardClientCertDetails: '%.*s' is none of SANITIZE, SANITIZE_SET, "
		  "APPEND_FORWARD, FORWARD_ONLY, ALWAYS_FORWARD_ONLY; x-forwarded-client-cert is "
		  "removed",
		  TEXT_ARGS(written));
}

static struct plan *new_plan(struct resource_set *resources, struct identity_set *identities)
{
	struct plan *plan = MEM_NEW(struct plan);

	atomic_init(&plan->references, 1);
	arena_init(&plan->arena, 65536);
	plan->resources = resource_set_ref(resources);
	plan->generation = resource_set_generation(resources);
	plan->identities = identities != NULL ? identity_set_ref(identities) : NULL;
	return plan;
}

static int plan_log_format(struct plan_build *build, struct error *err)
{
	struct error problem = { 0 };

	if (log_format_of_mesh(build->mesh, &build->plan->arena, &build->plan->log_format, &problem)
	    == 0)
		return 0;
	return plan_fail(build, err, build->mesh->meta.at, "%s", problem.text);
}

int plan_build(const struct plan_options *options, struct resource_set *resources,
	       struct identity_set *identities, struct diagnostics *diagnostics, struct plan **out,
	       struct error *err)
{
	AUTO(plan_unref) struct plan *plan = new_plan(resources, identities);
	struct plan_build build = { .plan = plan,
				    .options = options,
				    .mesh = resource_set_mesh_config(resources),
				    .diagnostics = diagnostics };

	plan->trust_domain = build.mesh->trust_domain.ptr;
	plan->path_mode = path_mode_of(build.mesh);
	read_topology(&build);

	int code = policy_compile(resources, &plan->policy, diagnostics, err);

	if (code == 0)
		code = plan_log_format(&build, err);
	if (code < 0)
		return code;
	registry_instances(resources, &plan->arena, &plan->instances);
	registry_build(resources, &plan->instances, &plan->arena, &plan->registry);
	plan_warn_unenforced(&build);
	plan_warn_shadowed(&build);
	plan_tracing(&build);
	code = plan_workloads(&build, err);
	if (code == 0)
		code = plan_listeners(&build, err);
	tls_trust_unref(build.trust);
	if (code == 0)
		*out = TAKE(plan);
	return code;
}

struct plan *plan_ref(struct plan *plan)
{
	atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
	return plan;
}

static void release_workload(struct local_workload *workload)
{
	workload_policy_unref(workload->policy);
	tls_context_unref(workload->client_tls);
	for (size_t i = 0; i < MESH_SERVER_KINDS; i++)
		tls_context_unref(workload->server_tls[i]);
}

static void release_listener(struct listener_plan *listener)
{
	tls_context_unref(listener->tls);
	for (size_t i = 0; i < listener->server_count; i++) {
		tls_context_unref(listener->servers[i].tls);
		if (listener->servers[i].routes != NULL)
			map_done(&listener->servers[i].routes->exact);
	}
}

void plan_unref(struct plan *plan)
{
	if (plan == NULL
	    || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < plan->listener_count; i++)
		release_listener(&plan->listeners[i]);
	MAP_FOR_EACH (&plan->clusters, entry)
		plan_cluster_release(entry->value);
	for (size_t i = 0; i < plan->upstream_count; i++)
		tls_context_unref(plan->upstreams[i]->tls);
	for (size_t i = 0; i < plan->workload_count; i++)
		release_workload(&plan->workloads[i]);
	for (size_t i = 0; i < plan->regex_count; i++)
		regex_free(plan->regexes[i]);
	mem_free(plan->regexes);
	mem_free(plan->listeners);
	mem_free(plan->upstreams);
	map_done(&plan->upstream_by_key);
	map_done(&plan->clusters);
	MAP_FOR_EACH (&plan->client_contexts, entry)
		tls_context_unref(entry->value);
	map_done(&plan->client_contexts);
	registry_done(&plan->registry);
	policy_unref(plan->policy);
	identity_set_unref(plan->identities);
	resource_set_unref(plan->resources);
	arena_done(&plan->arena);
	mem_free(plan);
}
