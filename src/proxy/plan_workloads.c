/* SPDX-License-Identifier: Apache-2.0 */
/* plan_workloads.c — whom this proxy stands for, and as whom it speaks. */
#include "proxy/mesh_tls.h"
#include "proxy/plan_parts.h"

#include <errno.h>

static bool is_named(const struct plan_options *options, const struct workload_instance *instance)
{
	char name[512];

	snprintf(name, sizeof(name), "%.*s/%.*s", TEXT_ARGS(instance->namespace),
		 TEXT_ARGS(instance->name));
	for (size_t i = 0; i < options->workload_count; i++)
		if (strcmp(options->workloads[i], name) == 0)
			return true;
	return false;
}

/* Ours to stand for: named by an option, or else at home on an address of this machine. */
static bool is_ours(const struct plan_options *options, const struct workload_instance *instance)
{
	struct address address;

	if (options->workload_count > 0)
		return is_named(options, instance);
	if (instance->address.len == 0)
		return true; /* a Workload without an address is one of this host */
	return address_parse_ip(instance->address, 0, &address, NULL) == 0
	       && address_is_local(&address);
}

static bool is_gateway(const struct resource_set *set, const struct workload_instance *instance)
{
	const struct resource_list gateways = resource_set_list(set, KIND_GATEWAY);

	for (size_t i = 0; i < gateways.count; i++) {
		const struct text_map *selector = &gateway_of(gateways.items[i])->selector;

		/* a Gateway without a selector is for every gateway, but makes none of a workload
		 */
		if (selector->count > 0 && resource_labels_match(instance->labels, selector))
			return true;
	}
	return false;
}

static struct workload_policy *select_policy(struct plan *plan,
					     const struct workload_instance *instance)
{
	const struct policy_target target = {
		.namespace = instance->namespace,
		.labels = instance->labels,
		.name = instance->name,
		.service_account = instance->service_account,
	};

	return policy_select(plan->policy, &target);
}

static int make_contexts(struct plan_build *build, struct local_workload *workload,
			 struct error *err)
{
	int code =
		mesh_client_context(workload->svid, build->trust, NULL, &workload->client_tls, err);

	for (enum mesh_server kind = 0; code == 0 && kind < MESH_SERVER_KINDS; kind++)
		code = mesh_server_context(workload->svid, build->trust, kind,
					   &workload->server_tls[kind], err);
	return code < 0 ? error_prefix(err, "identity %s", workload->spiffe_id) : 0;
}

static int set_identity(struct plan_build *build, struct local_workload *workload,
			struct error *err)
{
	struct plan *plan = build->plan;
	const struct workload_instance *instance = workload->instance;
	char id[SPIFFE_ID_MAX + 1];
	struct error problem = { 0 };

	if (spiffe_id_of_service_account(id, text_of(plan->trust_domain), instance->namespace,
					 instance->service_account, &problem)
	    < 0)
		return plan_fail(build, err, instance->at, "%s", problem.text);
	workload->spiffe_id = arena_strdup(&plan->arena, id);
	if (plan->identities != NULL)
		workload->svid = identity_set_find(plan->identities, text_of(id));
	if (workload->svid == NULL) {
		plan->waiting_for_identity++;
		return 0;
	}
	return make_contexts(build, workload, err);
}

static void make_trust(struct plan_build *build)
{
	const struct text_list *aliases = &build->mesh->trust_domain_aliases;
	struct text *domains = ARENA_ARRAY(&build->plan->arena, aliases->count + 1, struct text);

	if (build->plan->identities == NULL)
		return;
	domains[0] = text_of(build->plan->trust_domain);
	for (size_t i = 0; i < aliases->count; i++)
		domains[i + 1] = aliases->items[i];
	build->trust = tls_trust_new(build->plan->identities->bundles, domains, aliases->count + 1);
}

static int check_named_exist(struct plan_build *build, struct error *err)
{
	const struct plan *plan = build->plan;

	for (size_t i = 0; i < build->options->workload_count; i++) {
		bool found = false;

		for (size_t k = 0; k < plan->instances.count && !found; k++) {
			const struct plan_options one = {
				.workloads = &build->options->workloads[i],
				.workload_count = 1,
			};

			found = is_named(&one, &plan->instances.items[k]);
		}
		if (!found)
			return error_set(err, -EINVAL,
					 "there is no WorkloadEntry, Workload or Pod '%s' "
					 "(named by --workload)",
					 build->options->workloads[i]);
	}
	return 0;
}

int plan_workloads(struct plan_build *build, struct error *err)
{
	struct plan *plan = build->plan;
	int code = check_named_exist(build, err);

	make_trust(build);
	plan->workloads = ARENA_ARRAY(&plan->arena, plan->instances.count, struct local_workload);
	for (size_t i = 0; code == 0 && i < plan->instances.count; i++) {
		const struct workload_instance *instance = &plan->instances.items[i];

		if (!is_ours(build->options, instance) || !instance->speaks_mtls)
			continue;

		struct local_workload *workload = &plan->workloads[plan->workload_count++];

		workload->instance = instance;
		workload->is_gateway = is_gateway(plan->resources, instance);
		workload->policy = select_policy(plan, instance);
		code = set_identity(build, workload, err);
		if (code == 0)
			workload->authorizer = plan_authorizer(build, workload);
	}
	return code;
}
