/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include "policy/compiled.h"
#include "policy/explain_rule.h"

/* ---- stages ---- */

static struct explained_stage *add_stage(struct explanation *out, const char *name,
					 enum stage_outcome outcome, const char *text)
{
	struct explained_stage *stage = &out->stages[out->stage_count++];

	*stage = (struct explained_stage){ .name = name, .outcome = outcome, .text = text };
	return stage;
}

static bool is_past(const struct explanation *out, enum decision_stage stage)
{
	const struct decision *decision = &out->evaluation.decision;

	return decision->verdict == VERDICT_DENY && decision->stage < stage;
}

static bool is_of_mesh(const struct policy *policy, struct text peer)
{
	const struct text domain = identity_trust_domain(peer);

	for (size_t i = 0; i < policy->trust_domains.count; i++)
		if (text_equal(policy->trust_domains.items[i], domain))
			return true;
	return false;
}

/* Policies may name any trust domain; who may connect at all is the mesh's to say. */
static const char *describe_caller(const struct workload_policy *workload,
				   const struct evaluation_input *input, struct arena *arena)
{
	const struct text peer = input->facts.peer;

	if (peer.ptr == NULL)
		return "the caller comes in plaintext, without an identity";
	if (is_of_mesh(workload->policy, peer))
		return arena_printf(arena, "the caller is %.*s", TEXT_ARGS(peer));
	return arena_printf(arena,
			    "the caller is %.*s, of a trust domain that is neither the mesh's nor "
			    "an alias: a proxy refuses its handshake",
			    TEXT_ARGS(peer));
}

static void explain_peer(const struct workload_policy *workload,
			 const struct evaluation_input *input, struct explanation *out)
{
	const struct decision *decision = &out->evaluation.decision;
	uint16_t port = input->facts.destination_port;
	bool stopped =
		decision->verdict == VERDICT_DENY && decision->stage == STAGE_PEER_AUTHENTICATION;
	const char *who = describe_caller(workload, input, &out->arena);
	struct explained_stage *stage =
		add_stage(out, "peer authentication", stopped ? OUTCOME_STOPPED : OUTCOME_PASSED,
			  arena_printf(&out->arena, "mutual TLS is %s; %s",
				       mtls_mode_name(policy_mtls_mode(workload, port)), who));

	stage->at = policy_mtls_source(workload, port);
}

static void explain_custom(const struct workload_policy *workload, struct explanation *out)
{
	const struct evaluation *evaluation = &out->evaluation;
	bool stopped = evaluation->decision.verdict == VERDICT_DENY
		       && evaluation->decision.stage == STAGE_CUSTOM;
	struct explained_stage *stage;

	if (workload->custom_provider[evaluation->facts.protocol] == NULL) {
		add_stage(out, "custom", OUTCOME_NOTHING, "no policy");
		return;
	}
	if (is_past(out, STAGE_CUSTOM)) {
		add_stage(out, "custom", OUTCOME_NOT_REACHED, "not reached");
		return;
	}
	if (stopped)
		stage = add_stage(out, "custom", OUTCOME_STOPPED,
				  "several external authorizers, or one that MeshConfig does not "
				  "have: denied");
	else if (evaluation->custom_provider == NULL)
		stage = add_stage(out, "custom", OUTCOME_PASSED, "no rule matches");
	else
		stage = add_stage(out, "custom", OUTCOME_NOTED,
				  arena_printf(&out->arena, "'%s' would be asked; taken to allow",
					       evaluation->custom_provider));
	stage->by = evaluation->custom_rule;
}

static void explain_token(const struct workload_policy *workload, struct explanation *out)
{
	const struct evaluation *evaluation = &out->evaluation;
	const struct authentication *authentication = &evaluation->authentication;

	if (workload_skips_authentication(workload) || evaluation->facts.protocol == REQUEST_TCP) {
		add_stage(out, "jwt", OUTCOME_NOTHING, "no policy");
	} else if (is_past(out, STAGE_REQUEST_AUTHENTICATION)) {
		add_stage(out, "jwt", OUTCOME_NOT_REACHED, "not reached");
	} else if (!authentication->passed) {
		add_stage(out, "jwt", OUTCOME_STOPPED, authentication->body);
	} else if (authentication->token == NULL) {
		add_stage(out, "jwt", OUTCOME_PASSED, "no token, and none is required here");
	} else {
		struct text issuer = jwt_issuer(authentication->token);
		struct text subject = jwt_subject(authentication->token);

		add_stage(out, "jwt", OUTCOME_PASSED,
			  arena_printf(&out->arena, "a valid token of %.*s/%.*s", TEXT_ARGS(issuer),
				       TEXT_ARGS(subject)));
	}
}

static const char *count_text(struct explanation *out, const struct stage *stage, const char *rest)
{
	return arena_printf(&out->arena, "%zu %s in %zu %s, %s", stage->rules.count,
			    stage->rules.count == 1 ? "rule" : "rules", stage->policy_count,
			    stage->policy_count == 1 ? "policy" : "policies", rest);
}

static void explain_rules(const struct workload_policy *workload, struct explanation *out,
			  const char *name, enum stage_slot slot, enum decision_stage number)
{
	const struct decision *decision = &out->evaluation.decision;
	const struct stage *stage = &workload->stages[out->evaluation.facts.protocol][slot];
	bool decided = decision->stage == number;
	struct explained_stage *explained;

	if (stage->policy_count == 0) {
		add_stage(out, name, OUTCOME_NOTHING, "no policy");
	} else if (is_past(out, number)) {
		add_stage(out, name, OUTCOME_NOT_REACHED, "not reached");
	} else if (slot == SLOT_AUDIT) {
		explained = add_stage(
			out, name, decision->audited != NULL ? OUTCOME_NOTED : OUTCOME_PASSED,
			count_text(out, stage,
				   decision->audited != NULL ? "one matches" : "none matches"));
		explained->by = decision->audited;
	} else if (decided && decision->verdict == VERDICT_DENY) {
		explained = add_stage(
			out, name, OUTCOME_STOPPED,
			count_text(out, stage,
				   decision->by != NULL ? "one matches" : "none matches"));
		explained->by = decision->by;
	} else {
		explained =
			add_stage(out, name, OUTCOME_PASSED,
				  count_text(out, stage,
					     slot == SLOT_ALLOW ? "one matches" : "none matches"));
		explained->by = decided ? decision->by : NULL;
	}
}

static void explain_access(const struct workload_policy *workload, struct explanation *out)
{
	const struct decision *decision = &out->evaluation.decision;
	const struct access_stage *access = &workload->access;
	struct access_outcome outcome;
	struct explained_stage *stage;

	if (access->policy_count == 0) {
		add_stage(out, "access policy", OUTCOME_NOTHING, "no policy");
		return;
	}
	if (is_past(out, STAGE_ACCESS_POLICY)) {
		add_stage(out, "access policy", OUTCOME_NOT_REACHED, "not reached");
		return;
	}
	outcome = access_decide(access, &workload->policy->directory, &out->evaluation.facts);
	stage = add_stage(out, "access policy",
			  decision->verdict == VERDICT_DENY ? OUTCOME_STOPPED : OUTCOME_PASSED,
			  outcome.by == NULL
				  ? arena_printf(&out->arena, "%zu rules, none matches: denied",
						 access->rule_count)
				  : "the first rule that matches, by priority");
	stage->by = outcome.by;
}

/* ---- near misses ---- */

static void keep_nearest(struct explanation *out, const struct near_miss *miss)
{
	size_t at = out->miss_count;

	while (at > 0 && out->misses[at - 1].count > miss->count)
		at--;
	if (at == NEAR_MISSES_MAX)
		return;
	if (out->miss_count < NEAR_MISSES_MAX)
		out->miss_count++;
	for (size_t i = out->miss_count - 1; i > at; i--)
		out->misses[i] = out->misses[i - 1];
	out->misses[at] = *miss;
}

static void find_near_misses(const struct workload_policy *workload, struct explanation *out)
{
	const struct decision *decision = &out->evaluation.decision;
	const struct request_facts *facts = &out->evaluation.facts;
	const struct stage *allow = &workload->stages[facts->protocol][SLOT_ALLOW];

	if (decision->verdict == VERDICT_ALLOW || decision->by != NULL)
		return;
	for (size_t i = 0; decision->stage == STAGE_ALLOW && i < allow->rules.count; i++) {
		struct near_miss miss = rule_explain(&out->arena, allow->rules.items[i], facts);

		keep_nearest(out, &miss);
	}
	for (size_t i = 0;
	     decision->stage == STAGE_ACCESS_POLICY && i < workload->access.rule_count; i++) {
		struct near_miss miss = access_rule_explain(&out->arena, workload->access.rules[i],
							    &workload->policy->directory, facts);

		keep_nearest(out, &miss);
	}
}

void policy_explain(const struct workload_policy *workload, const struct evaluation_input *input,
		    struct explanation *out)
{
	*out = (struct explanation){ .stage_count = 0 };
	arena_init(&out->arena, 4096);
	policy_evaluate(workload, input, &out->evaluation);
	explain_peer(workload, input, out);
	explain_custom(workload, out);
	explain_token(workload, out);
	explain_rules(workload, out, "audit", SLOT_AUDIT, STAGE_DENY);
	explain_rules(workload, out, "deny", SLOT_DENY, STAGE_DENY);
	explain_rules(workload, out, "allow", SLOT_ALLOW, STAGE_ALLOW);
	explain_access(workload, out);
	find_near_misses(workload, out);
}

void explanation_done(struct explanation *explanation)
{
	evaluation_done(&explanation->evaluation);
	arena_done(&explanation->arena);
}
