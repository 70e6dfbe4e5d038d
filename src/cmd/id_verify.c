/* SPDX-License-Identifier: Apache-2.0 */
/* id_verify.c — `mangrove id verify`: would a peer with this certificate be let in? */
#include "cmd/id.h"

#include "cmd/explain_request.h"

#include <errno.h>
#include <stdio.h>

struct judgement {
	struct peer_identity peer;
	bool is_denied; /* by policy, though the certificate is good */
	uint64_t took_ns;
	char details[ERROR_TEXT_MAX];
};

/* The bundle file speaks for the trust domain that is given, or for the leaf's own. */
static int bundles_from_file(const struct id_arguments *arguments, X509 *leaf, struct bundles **out,
			     struct error *err)
{
	AUTO_CHAIN STACK_OF(X509) *authorities = NULL;
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	struct peer_identity identity = { 0 };
	struct text trust_domain = text_of(arguments->trust_domain);
	int result = identity_read_certificates(arguments->bundle, &authorities, err);

	if (trust_domain.ptr == NULL && identity_check_leaf(leaf, &identity, NULL) == 0)
		trust_domain = identity.id.trust_domain;
	for (int i = 0; result == 0 && trust_domain.ptr != NULL && i < sk_X509_num(authorities);
	     i++)
		result = bundles_add(bundles, trust_domain, sk_X509_value(authorities, i), err);
	if (result < 0)
		return error_prefix(err, "%s", arguments->bundle);
	*out = TAKE(bundles);
	return 0;
}

static int find_bundles(const struct id_arguments *arguments, X509 *leaf, struct bundles **out,
			struct error *err)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;

	if (arguments->bundle != NULL)
		return bundles_from_file(arguments, leaf, out, err);

	const int result = id_fetch(arguments, &set, err);

	if (result == 0)
		*out = bundles_ref(set->bundles);
	return result;
}

/* ---- by these resources: is it revoked, may it speak to that service? ---- */

static int open_world(const struct id_arguments *arguments, struct explain_world *world)
{
	size_t count = 0;

	while (arguments->resources[count] != NULL)
		count++;
	return explain_world_open(world, arguments->resources, count, false);
}

static void check_revoked(const struct explain_world *world, struct peer_identity *peer,
			  struct error *err)
{
	AUTO(revocations_unref) struct revocations *revocations = revocations_compile(world->set);
	const struct denial *denial = revocations_find(revocations, text_of(peer->text),
						       &peer->credential, clock_wall_ns());

	if (denial_refuse(denial, err) < 0)
		peer->reason = denial_is_of_id(denial) ? VERIFY_REVOKED_ID : VERIFY_REVOKED;
}

static void describe_denial(const struct decision *decision, struct judgement *judgement)
{
	const struct rule_origin *by = decision->by != NULL ? decision->by : decision->unmatched;

	char *out = judgement->details;
	const size_t size = sizeof(judgement->details);

	if (by == NULL)
		snprintf(out, size, "denied at the stage %s", decision_stage_name(decision->stage));
	else if (decision->by == NULL)
		snprintf(out, size, "no rule allows it; %s/%s (%s:%u) asks for one", by->namespace,
			 by->policy, by->at.file, by->at.line);
	else
		snprintf(out, size, "denied by rule %u of %s/%s (%s:%u)", by->rule, by->namespace,
			 by->policy, by->at.file, by->at.line);
}

/* Does any request of this peer reach the service? A rule that wants more than an identity (a path,
 * a token) may say no here and yes there: 'mangrove explain' asks about one request. */
static int check_service(struct explain_world *world, const struct id_arguments *arguments,
			 struct judgement *judgement, struct error *err)
{
	AUTO_ARENA struct arena arena;
	struct explain_request request;
	struct explanation explanation;
	const struct explain_workload *workload;
	const char *problem;

	arena_init(&arena, 4096);
	explain_request_init(&request, &arena);
	request.input.facts.time_ns = clock_wall_ns();
	problem = explain_set_target(&request, text_of(arguments->service));
	if (problem == NULL) /* the principal is the SPIFFE ID without its scheme */
		problem = explain_set_principal(
			&request, text_from(text_of(judgement->peer.text), strlen("spiffe://")));
	if (problem != NULL)
		return error_set(err, -EINVAL, "--for %s: %s", arguments->service, problem);
	workload = explain_world_find(world, request.namespace, request.workload);
	if (workload == NULL || explain_request_finish(&request, world, workload) != 0)
		return error_set(err, -EINVAL, "--for %s: the name is too long",
				 arguments->service);
	policy_explain(workload->policy, &request.input, &explanation);
	judgement->is_denied = explanation.evaluation.decision.verdict != VERDICT_ALLOW;
	describe_denial(&explanation.evaluation.decision, judgement);
	explanation_done(&explanation);
	return 0;
}

static int ask_resources(const struct id_arguments *arguments, struct judgement *judgement,
			 struct error *err)
{
	struct explain_world world;
	int result = open_world(arguments, &world);

	if (result < 0) {
		error_set(err, result, "the resources do not load");
	} else {
		struct error revoked = { 0 };

		check_revoked(&world, &judgement->peer, &revoked);
		if (revoked.code < 0)
			snprintf(judgement->details, sizeof(judgement->details), "%s",
				 revoked.text);
		else if (arguments->service != NULL)
			result = check_service(&world, arguments, judgement, err);
	}
	explain_world_done(&world);
	return result;
}

/* ---- the answer ---- */

static const char *code_of(const struct judgement *judgement)
{
	return judgement->is_denied ? VERIFY_CODE_DENIED
				    : verify_reason_code(judgement->peer.reason);
}

static void print_json(const struct judgement *judgement)
{
	const bool allowed = code_of(judgement) == NULL;
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_begin_object(&json);
	json_key(&json, "trusted");
	json_bool(&json, judgement->peer.reason == VERIFY_TRUSTED);
	json_key(&json, "allowed");
	json_bool(&json, allowed);
	json_key(&json, "reason");
	json_cstring(&json, verify_reason_name(judgement->peer.reason));
	json_key(&json, "code");
	json_cstring(&json, code_of(judgement));
	json_key(&json, judgement->peer.reason == VERIFY_TRUSTED ? "id" : "text");
	json_cstring(&json, judgement->peer.reason == VERIFY_TRUSTED ? judgement->peer.text
								     : judgement->details);
	if (judgement->is_denied) {
		json_key(&json, "text");
		json_cstring(&json, judgement->details);
	}
	json_key(&json, "validationMs");
	json_double(&json, (double)judgement->took_ns / (double)NS_PER_MS);
	json_end_object(&json);
	puts(out.data);
}

static void print_text(const struct judgement *judgement)
{
	const char *code = code_of(judgement);

	if (judgement->is_denied)
		printf("%s: %s\n", code, judgement->details);
	else if (code == NULL)
		printf("%s: %s\n", verify_reason_name(judgement->peer.reason),
		       judgement->peer.text);
	else
		printf("%s: %s (%s)\n", verify_reason_name(judgement->peer.reason),
		       judgement->details, code);
	printf("validated in %.3f ms\n", (double)judgement->took_ns / (double)NS_PER_MS);
}

static int judge(const struct id_arguments *arguments, const struct bundles *bundles,
		 STACK_OF(X509) * chain, struct judgement *judgement, struct error *err)
{
	const uint64_t started = clock_monotonic_ns();
	struct error rejection = { 0 };
	int result = 0;

	identity_verify_peer(bundles, sk_X509_value(chain, 0), chain, arguments->role,
			     clock_wall_ns(), &judgement->peer, &rejection);
	if (rejection.code < 0)
		snprintf(judgement->details, sizeof(judgement->details), "%s", rejection.text);
	else if (arguments->resources[0] != NULL)
		result = ask_resources(arguments, judgement, err);
	judgement->took_ns = clock_monotonic_ns() - started;
	return result;
}

int id_verify(const struct id_arguments *arguments)
{
	AUTO_CHAIN STACK_OF(X509) *chain = NULL;
	AUTO(bundles_unref) struct bundles *bundles = NULL;
	struct judgement judgement = { 0 };
	struct error err = { 0 };

	if (arguments->service != NULL && arguments->resources[0] == NULL) {
		fputs("mangrove id: --for needs the files that say so: --resources PATH\n", stderr);
		return STATUS_USAGE;
	}
	if (identity_read_certificates(arguments->subject, &chain, &err) < 0
	    || find_bundles(arguments, sk_X509_value(chain, 0), &bundles, &err) < 0
	    || judge(arguments, bundles, chain, &judgement, &err) < 0)
		return id_fail(&err);
	if (arguments->json)
		print_json(&judgement);
	else
		print_text(&judgement);
	return code_of(&judgement) == NULL ? STATUS_FINE : STATUS_NO;
}
