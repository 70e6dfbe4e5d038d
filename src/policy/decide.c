/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compiled.h"

#define ALLOWED_STATUS 200
#define DENIED_STATUS  403

static const struct rule_origin *first_match(const struct workload_policy *workload,
					     enum stage_slot slot,
					     const struct request_facts *facts)
{
	const struct stage *stage = &workload->stages[facts->protocol][slot];
	const struct rule *rule = rule_index_first(stage->index, facts);

	return rule != NULL ? &rule->origin : NULL;
}

static enum verdict deny(struct decision *out, enum decision_stage stage,
			 const struct rule_origin *by, const struct request_facts *facts)
{
	out->verdict = VERDICT_DENY;
	out->status = facts->protocol == REQUEST_HTTP ? DENIED_STATUS : 0;
	out->stage = stage;
	out->by = by;
	out->detail = by != NULL ? by->detail : "rbac_access_denied_matched_policy[none]";
	return VERDICT_DENY;
}

static void decide_shadows(const struct workload_policy *workload,
			   const struct request_facts *facts, struct decision *out)
{
	const struct stage *allow = &workload->stages[facts->protocol][SLOT_SHADOW_ALLOW];

	out->audited = first_match(workload, SLOT_AUDIT, facts);
	out->shadow_deny = first_match(workload, SLOT_SHADOW_DENY, facts);
	out->shadow_allow = first_match(workload, SLOT_SHADOW_ALLOW, facts);
	out->shadow_allow_denies = allow->policy_count > 0 && out->shadow_allow == NULL;
}

enum verdict policy_decide(const struct workload_policy *workload,
			   const struct request_facts *facts, struct decision *out)
{
	const struct stage *allow = &workload->stages[facts->protocol][SLOT_ALLOW];
	const struct rule_origin *by;

	*out = (struct decision){ .verdict = VERDICT_ALLOW, .detail = "" };
	out->status = facts->protocol == REQUEST_HTTP ? ALLOWED_STATUS : 0;
	decide_shadows(workload, facts, out);

	by = first_match(workload, SLOT_DENY, facts);
	if (by != NULL)
		return deny(out, STAGE_DENY, by, facts);
	if (allow->policy_count > 0) {
		by = first_match(workload, SLOT_ALLOW, facts);
		if (by == NULL) {
			out->unmatched = allow->first;
			return deny(out, STAGE_ALLOW, NULL, facts);
		}
		out->stage = STAGE_ALLOW;
		out->by = by;
	}
	if (workload->access.policy_count > 0) {
		struct access_outcome outcome =
			access_decide(&workload->access, &workload->policy->directory, facts);

		if (outcome.verdict == VERDICT_DENY)
			return deny(out, STAGE_ACCESS_POLICY, outcome.by, facts);
		if (out->by == NULL) {
			out->stage = STAGE_ACCESS_POLICY;
			out->by = outcome.by;
		}
	}
	return VERDICT_ALLOW;
}

struct custom_match policy_custom(const struct workload_policy *workload,
				  const struct request_facts *facts)
{
	struct custom_match match = { 0 };

	if (workload->custom_provider[facts->protocol] == NULL)
		return match;
	match.by = first_match(workload, SLOT_CUSTOM, facts);
	if (match.by == NULL)
		return match;
	match.provider = workload->custom_provider[facts->protocol];
	match.denied = workload->custom_denies[facts->protocol];
	return match;
}
