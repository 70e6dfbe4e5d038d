/* SPDX-License-Identifier: Apache-2.0 */
/* compiled.h — what policy_compile makes and policy_select picks from; only for this room. */
#pragma once

#include "policy/access.h"
#include "policy/policy.h"
#include "policy/rule_index.h"

#include <stdatomic.h>

#define PROTOCOLS 2 /* enum request_protocol */

struct rule_list {
	const struct rule *const *items;
	size_t count;
};

struct compiled_authorization {
	const struct authorization_policy *source;
	bool dry_run;
	struct rule_list rules[PROTOCOLS];
};

struct provider {        /* of a RequestAuthentication's jwtRule */
	uint64_t number; /* no other provider of this process ever has it */
	const struct jwt_rule *rule;
	const struct request_authentication *policy;
	struct jwks *inline_keys;      /* owned; NULL: remote */
	const struct key_source *keys; /* NULL where inline */
};

struct policy {
	atomic_uint references;
	struct arena arena;
	struct resource_set *set; /* one reference: all texts are its */
	struct text root_namespace;
	struct trust_domains trust_domains;
	struct compiled_authorization *authorizations; /* in order of resource_set_list */
	size_t authorization_count;
	struct provider *providers; /* sorted by issuer, stable */
	size_t provider_count;
	struct access_directory directory;
	struct compiled_access *accesses;
	size_t access_count;
};

/* A stage's policies for one workload and protocol. */
struct stage {
	size_t policy_count; /* that select the workload, rules or not */
	struct rule_list rules;
	const struct rule_index *index;
	const struct rule_origin *first; /* of the policies; NULL: there is none */
};

enum stage_slot {
	SLOT_AUDIT = 0,
	SLOT_DENY,
	SLOT_ALLOW,
	SLOT_CUSTOM,
	SLOT_SHADOW_DENY,
	SLOT_SHADOW_ALLOW,
	SLOT_COUNT,
};

struct peer_mode {
	enum mtls_mode mode;
	struct source_pos at;
};

struct workload_policy {
	atomic_uint references;
	struct arena arena;
	struct policy *policy; /* one reference */
	struct text namespace;
	struct stage stages[PROTOCOLS][SLOT_COUNT];
	const char *custom_provider[PROTOCOLS]; /* NULL: none */
	bool custom_denies[PROTOCOLS];          /* several providers, or one that is unknown */
	struct peer_mode peer;
	const struct peer_authentication *peer_ports; /* whose portLevelMtls counts; or NULL */
	const struct provider **providers;
	size_t provider_count;
	const struct key_source **key_sources;
	size_t key_source_count;
	const char **spoofable_headers;
	size_t spoofable_header_count;
	struct access_stage access, shadow_access;
};

/* Whether a policy of this namespace with this selector and these targetRefs is for the target. */
bool scope_selects(const struct policy *policy, const struct resource *meta,
		   const struct workload_selector *selector,
		   const struct policy_target_reference *target_refs, size_t target_ref_count,
		   const struct policy_target *target);

void select_peer_mode(const struct policy *policy, const struct policy_target *target,
		      struct workload_policy *workload);
void select_providers(const struct policy *policy, const struct policy_target *target,
		      struct workload_policy *workload);
void access_select(const struct policy *policy, const struct policy_target *target,
		   struct workload_policy *workload);
void compile_providers(struct policy *policy); /* the rules were validated */

static inline bool resource_is_dry_run(const struct resource *meta)
{
	return text_is(text_map_get(&meta->annotations, TEXT("istio.io/dry-run")), "true");
}
