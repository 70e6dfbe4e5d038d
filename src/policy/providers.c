/* SPDX-License-Identifier: Apache-2.0 */
/* providers.c — RequestAuthentication's rules: sorted by issuer, their keys compiled, and picked
 * for a workload. */
#include "policy/compiled.h"
#include "policy/validate.h"

#include <stdlib.h>

#define FETCH_TIMEOUT_NS (5 * NS_PER_SEC)

static const struct key_source *key_source_of(struct policy *policy, const struct jwt_rule *rule)
{
	for (size_t i = 0; i < policy->provider_count; i++) {
		const struct key_source *known = policy->providers[i].keys;

		if (known != NULL && text_equal(text_of(known->uri), rule->jwks_uri)
		    && (rule->jwks_uri.ptr != NULL
			|| text_equal(text_of(known->issuer), rule->issuer)))
			return known;
	}

	struct key_source *source = ARENA_NEW(&policy->arena, struct key_source);

	source->uri = rule->jwks_uri.len > 0 ? rule->jwks_uri.ptr : NULL;
	source->issuer = rule->issuer.len > 0 ? rule->issuer.ptr : NULL;
	source->timeout_ns = rule->timeout.is_set ? rule->timeout.ns : FETCH_TIMEOUT_NS;
	source->at = rule->at;
	return source;
}

static void add_provider(struct policy *policy, const struct request_authentication *source,
			 const struct jwt_rule *rule)
{
	static atomic_uint_fast64_t numbers;
	struct provider provider = {
		.number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed),
		.rule = rule,
		.policy = source,
	};
	size_t at = policy->provider_count;

	if (rule->jwks.len > 0)
		jwks_parse(rule->jwks, &provider.inline_keys, NULL);
	else
		provider.keys = key_source_of(policy, rule);
	/* Insertion by issuer, after its equals. */
	while (at > 0) {
		struct text before = policy->providers[at - 1].rule->issuer;
		size_t shared = MIN_OF(before.len, rule->issuer.len);
		int order = shared > 0 ? memcmp(before.ptr, rule->issuer.ptr, shared) : 0;

		if (order < 0 || (order == 0 && before.len <= rule->issuer.len))
			break;
		policy->providers[at] = policy->providers[at - 1];
		at--;
	}
	policy->providers[at] = provider;
	policy->provider_count++;
}

void compile_providers(struct policy *policy)
{
	struct resource_list list = resource_set_list(policy->set, KIND_REQUEST_AUTHENTICATION);
	size_t rules = 0;

	for (size_t i = 0; i < list.count; i++)
		rules += request_authentication_of(list.items[i])->jwt_rules.count;
	policy->providers = ARENA_ARRAY(&policy->arena, rules, struct provider);
	for (size_t i = 0; i < list.count; i++) {
		const struct request_authentication *source =
			request_authentication_of(list.items[i]);

		for (size_t j = 0; j < source->jwt_rules.count; j++)
			add_provider(policy, source, &source->jwt_rules.items[j]);
	}
}

/* ---- for a workload ---- */

static bool provider_selects(const struct policy *policy, const struct provider *provider,
			     const struct policy_target *target)
{
	const struct request_authentication *source = provider->policy;
	bool has_list = source->target_refs.count > 0;

	return scope_selects(policy, &source->meta, source->selector,
			     has_list ? source->target_refs.items : source->target_ref,
			     has_list                     ? source->target_refs.count
			     : source->target_ref != NULL ? 1
							  : 0,
			     target);
}

static void add_key_source(struct workload_policy *workload, const struct key_source *source)
{
	for (size_t i = 0; i < workload->key_source_count; i++)
		if (workload->key_sources[i] == source)
			return;
	if (source != NULL)
		workload->key_sources[workload->key_source_count++] = source;
}

static void add_spoofable(struct workload_policy *workload, struct text name)
{
	char *lower;

	if (name.len == 0)
		return;
	lower = arena_strndup(&workload->arena, name.ptr, name.len);
	for (char *c = lower; *c != '\0'; c++)
		*c = char_lower(*c);
	workload->spoofable_headers[workload->spoofable_header_count++] = lower;
}

static size_t spoofable_count(const struct workload_policy *workload)
{
	size_t count = 0;

	for (size_t i = 0; i < workload->provider_count; i++)
		count += 1 + workload->providers[i]->rule->output_claim_to_headers.count;
	return count;
}

void select_providers(const struct policy *policy, const struct policy_target *target,
		      struct workload_policy *workload)
{
	size_t most = policy->provider_count;

	workload->providers = ARENA_ARRAY(&workload->arena, most, const struct provider *);
	workload->key_sources = ARENA_ARRAY(&workload->arena, most, const struct key_source *);
	for (size_t i = 0; i < most; i++)
		if (provider_selects(policy, &policy->providers[i], target)) {
			workload->providers[workload->provider_count++] = &policy->providers[i];
			add_key_source(workload, policy->providers[i].keys);
		}
	workload->spoofable_headers =
		ARENA_ARRAY(&workload->arena, spoofable_count(workload), const char *);
	for (size_t i = 0; i < workload->provider_count; i++) {
		const struct jwt_rule *rule = workload->providers[i]->rule;

		add_spoofable(workload, rule->output_payload_to_header);
		for (size_t j = 0; j < rule->output_claim_to_headers.count; j++)
			add_spoofable(workload, rule->output_claim_to_headers.items[j].header);
	}
}

const struct key_source *const *workload_key_sources(const struct workload_policy *workload,
						     size_t *count)
{
	*count = workload->key_source_count;
	return workload->key_sources;
}

bool workload_skips_authentication(const struct workload_policy *workload)
{
	return workload->provider_count == 0;
}

const char *const *workload_spoofable_headers(const struct workload_policy *workload, size_t *count)
{
	*count = workload->spoofable_header_count;
	return workload->spoofable_headers;
}
