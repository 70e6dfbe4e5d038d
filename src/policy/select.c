/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compiled.h"

#include <stdlib.h>

/* ---- AuthorizationPolicies by stage ---- */

static enum stage_slot slot_of(const struct compiled_authorization *authorization)
{
	switch (authorization->source->action) {
	case AUTHORIZATION_DENY:
		return authorization->dry_run ? SLOT_SHADOW_DENY : SLOT_DENY;
	case AUTHORIZATION_AUDIT:
		return SLOT_AUDIT;
	case AUTHORIZATION_CUSTOM:
		return SLOT_CUSTOM;
	default:
		return authorization->dry_run ? SLOT_SHADOW_ALLOW : SLOT_ALLOW;
	}
}

static bool authorization_selects(const struct policy *policy,
				  const struct compiled_authorization *authorization,
				  const struct policy_target *target)
{
	const struct authorization_policy *source = authorization->source;
	bool has_list = source->target_refs.count > 0;

	/* A dry run of AUDIT or CUSTOM has nothing to show: Istio leaves them out. */
	if (authorization->dry_run && source->action != AUTHORIZATION_ALLOW
	    && source->action != AUTHORIZATION_DENY)
		return false;
	return scope_selects(policy, &source->meta, source->selector,
			     has_list ? source->target_refs.items : source->target_ref,
			     has_list                     ? source->target_refs.count
			     : source->target_ref != NULL ? 1
							  : 0,
			     target);
}

static const struct extension_provider *find_provider(const struct policy *policy, struct text name)
{
	const struct mesh_config *mesh = resource_set_mesh_config(policy->set);

	for (size_t i = 0; i < mesh->extension_providers.count; i++)
		if (text_equal(mesh->extension_providers.items[i].name, name))
			return &mesh->extension_providers.items[i];
	return NULL;
}

/* One external authorizer a workload: with two, or one that MeshConfig does not have, whatever
 * matches is denied. One that speaks HTTP is not asked about TCP. */
static void note_provider(struct workload_policy *workload, enum request_protocol protocol,
			  const struct authorization_policy *source)
{
	const char **chosen = &workload->custom_provider[protocol];
	const struct extension_provider *provider =
		find_provider(workload->policy, source->provider->name);

	if (protocol == REQUEST_TCP && provider != NULL && provider->envoy_ext_authz_http != NULL)
		return;
	if (*chosen != NULL && !text_is(source->provider->name, *chosen))
		workload->custom_denies[protocol] = true;
	if (provider == NULL
	    || (provider->envoy_ext_authz_http == NULL && provider->envoy_ext_authz_grpc == NULL))
		workload->custom_denies[protocol] = true;
	*chosen = source->provider->name.ptr;
}

static bool is_in_stage(const struct policy *policy,
			const struct compiled_authorization *authorization,
			const struct policy_target *target, enum stage_slot slot)
{
	return slot_of(authorization) == slot
	       && authorization_selects(policy, authorization, target);
}

static size_t count_rules(const struct policy *policy, const struct policy_target *target,
			  enum request_protocol protocol, enum stage_slot slot)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->authorization_count; i++)
		if (is_in_stage(policy, &policy->authorizations[i], target, slot))
			count += policy->authorizations[i].rules[protocol].count;
	return count;
}

/* The policy itself, where none of its rules is meant. */
static const struct rule_origin *policy_origin(struct workload_policy *workload,
					       const struct authorization_policy *source)
{
	struct rule_origin *origin = ARENA_NEW(&workload->arena, struct rule_origin);

	*origin = rule_origin_make(&workload->arena, &source->meta, 0, source->meta.name_at);
	return origin;
}

static void build_stage(struct workload_policy *workload, const struct policy_target *target,
			enum request_protocol protocol, enum stage_slot slot)
{
	const struct policy *policy = workload->policy;
	struct stage *stage = &workload->stages[protocol][slot];
	const struct rule_list *rules;
	const struct rule **items;

	items = ARENA_ARRAY(&workload->arena, count_rules(policy, target, protocol, slot),
			    const struct rule *);
	stage->rules.items = items;
	for (size_t i = 0; i < policy->authorization_count; i++) {
		const struct compiled_authorization *authorization = &policy->authorizations[i];

		if (!is_in_stage(policy, authorization, target, slot))
			continue;
		stage->policy_count++;
		if (stage->first == NULL)
			stage->first = policy_origin(workload, authorization->source);
		rules = &authorization->rules[protocol];
		for (size_t j = 0; j < rules->count; j++)
			items[stage->rules.count++] = rules->items[j];
		if (slot == SLOT_CUSTOM)
			note_provider(workload, protocol, authorization->source);
	}
	stage->index = rule_index_build(&workload->arena, stage->rules.items, stage->rules.count);
}

const struct extension_provider *workload_authorizer(const struct workload_policy *workload)
{
	const char *name = workload->custom_provider[REQUEST_HTTP];

	if (name == NULL || workload->custom_denies[REQUEST_HTTP])
		return NULL;
	return find_provider(workload->policy, text_of(name));
}

/* ---- the workload's policy ---- */

struct workload_policy *policy_select(struct policy *policy, const struct policy_target *target)
{
	struct workload_policy *workload = MEM_NEW(struct workload_policy);

	atomic_init(&workload->references, 1);
	arena_init(&workload->arena, 8192);
	workload->policy = policy_ref(policy);
	for (enum request_protocol protocol = 0; protocol < PROTOCOLS; protocol++)
		for (enum stage_slot slot = 0; slot < SLOT_COUNT; slot++)
			build_stage(workload, target, protocol, slot);
	select_peer_mode(policy, target, workload);
	select_providers(policy, target, workload);
	access_select(policy, target, workload);
	return workload;
}

struct workload_policy *workload_policy_ref(struct workload_policy *workload)
{
	atomic_fetch_add_explicit(&workload->references, 1, memory_order_relaxed);
	return workload;
}

void workload_policy_unref(struct workload_policy *workload)
{
	if (workload == NULL
	    || atomic_fetch_sub_explicit(&workload->references, 1, memory_order_acq_rel) > 1)
		return;
	policy_unref(workload->policy);
	arena_done(&workload->arena);
	mem_free(workload);
}
