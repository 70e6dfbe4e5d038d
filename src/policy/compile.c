/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compiled.h"
#include "policy/lint.h"
#include "policy/rule_share.h"
#include "policy/validate.h"

#include <errno.h>
#include <stdio.h>

/* ---- collecting what is wrong ---- */

struct problems {
	struct diagnostics *all; /* may be NULL */
	struct error *first;     /* may be NULL */
	size_t errors;
};

static void note_problem(void *context, enum severity severity, struct source_pos at,
			 const char *text)
{
	struct problems *problems = context;
	struct error error = { 0 };

	error_at(&error, -EINVAL, at, "%s", text);
	if (problems->all != NULL)
		diagnostics_add(problems->all, severity, &error, (struct text){ 0 });
	if (severity == SEVERITY_ERROR && problems->errors++ == 0 && problems->first != NULL)
		*problems->first = error;
}

static void validate_one(const struct resource *item, struct problems *problems)
{
	switch (item->kind) {
	case KIND_AUTHORIZATION_POLICY:
		authorization_validate(authorization_policy_of(item), note_problem, problems);
		break;
	case KIND_REQUEST_AUTHENTICATION:
		request_authentication_validate(request_authentication_of(item), note_problem,
						problems);
		break;
	case KIND_ACCESS_POLICY:
		access_validate(access_policy_of(item), note_problem, problems);
		break;
	default:
		break;
	}
}

static void validate_all(const struct resource_set *set, struct problems *problems)
{
	static const enum resource_kind kinds[] = { KIND_REQUEST_AUTHENTICATION,
						    KIND_AUTHORIZATION_POLICY, KIND_ACCESS_POLICY };

	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct resource_list list = resource_set_list(set, kinds[k]);

		for (size_t i = 0; i < list.count; i++)
			validate_one(list.items[i], problems);
	}
}

/* Warnings about what loads; nobody asked for them without diagnostics. */
static void lint_all(const struct resource_set *set, struct problems *problems)
{
	const struct problem_sink sink = { note_problem, problems };
	struct resource_list list = resource_set_list(set, KIND_AUTHORIZATION_POLICY);

	if (problems->all == NULL)
		return;
	for (size_t i = 0; i < list.count; i++)
		lint_authorization(&sink, authorization_policy_of(list.items[i]),
				   resource_set_mesh_config(set)->path_normalization);
	lint_set(&sink, set);
}

/* ---- compiling ---- */

static void compile_mesh(struct policy *policy)
{
	const struct mesh_config *mesh = resource_set_mesh_config(policy->set);
	size_t aliases = mesh->trust_domain_aliases.count;
	struct text *trust_domains = ARENA_ARRAY(&policy->arena, aliases + 1, struct text);

	policy->root_namespace = resource_set_root_namespace(policy->set);
	trust_domains[0] = mesh->trust_domain.len > 0 ? mesh->trust_domain : TEXT("cluster.local");
	for (size_t i = 0; i < aliases; i++)
		trust_domains[i + 1] = mesh->trust_domain_aliases.items[i];
	policy->trust_domains = (struct trust_domains){ trust_domains, aliases + 1 };
}

static void compile_authorization(struct policy *policy, struct rule_share *share,
				  const struct authorization_policy *source,
				  struct compiled_authorization *out)
{
	const struct term_context context = { .arena = &policy->arena,
					      .trust_domains = &policy->trust_domains,
					      .policy_namespace = source->meta.namespace };
	const struct rule **http =
		ARENA_ARRAY(&policy->arena, source->rules.count, const struct rule *);
	const struct rule **tcp =
		ARENA_ARRAY(&policy->arena, source->rules.count, const struct rule *);
	size_t tcp_count = 0;

	for (size_t i = 0; i < source->rules.count; i++) {
		http[i] = rule_compile(&context, share, source, i, REQUEST_HTTP);
		tcp[tcp_count] = rule_uses_http(&source->rules.items[i])
					 ? rule_compile(&context, share, source, i, REQUEST_TCP)
					 : http[i];
		tcp_count += tcp[tcp_count] != NULL;
	}
	out->source = source;
	out->dry_run = resource_is_dry_run(&source->meta);
	out->rules[REQUEST_HTTP] = (struct rule_list){ http, source->rules.count };
	out->rules[REQUEST_TCP] = (struct rule_list){ tcp, tcp_count };
}

static void compile_authorizations(struct policy *policy)
{
	struct resource_list list = resource_set_list(policy->set, KIND_AUTHORIZATION_POLICY);
	struct rule_share share = { .arena = &policy->arena };

	policy->authorizations =
		ARENA_ARRAY(&policy->arena, list.count, struct compiled_authorization);
	policy->authorization_count = list.count;
	for (size_t i = 0; i < list.count; i++)
		compile_authorization(policy, &share, authorization_policy_of(list.items[i]),
				      &policy->authorizations[i]);
	rule_share_done(&share);
}

static void compile_accesses(struct policy *policy)
{
	struct resource_list list = resource_set_list(policy->set, KIND_ACCESS_POLICY);

	access_directory_build(&policy->directory, &policy->arena, policy->set);
	policy->accesses = ARENA_ARRAY(&policy->arena, list.count, struct compiled_access);
	policy->access_count = list.count;
	for (size_t i = 0; i < list.count; i++)
		access_compile(&policy->arena, access_policy_of(list.items[i]),
			       &policy->accesses[i]);
}

int policy_compile(struct resource_set *set, struct policy **out, struct diagnostics *diagnostics,
		   struct error *err)
{
	struct problems problems = { .all = diagnostics, .first = err };

	validate_all(set, &problems);
	if (problems.errors > 0)
		return -EINVAL;
	lint_all(set, &problems);

	struct policy *policy = MEM_NEW(struct policy);

	atomic_init(&policy->references, 1);
	arena_init(&policy->arena, 16384);
	policy->set = resource_set_ref(set);
	compile_mesh(policy);
	compile_authorizations(policy);
	compile_providers(policy);
	compile_accesses(policy);
	*out = policy;
	return 0;
}

struct policy *policy_ref(struct policy *policy)
{
	atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
	return policy;
}

void policy_unref(struct policy *policy)
{
	if (policy == NULL
	    || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < policy->provider_count; i++)
		jwks_unref(policy->providers[i].inline_keys);
	access_directory_done(&policy->directory);
	resource_set_unref(policy->set);
	arena_done(&policy->arena);
	mem_free(policy);
}
