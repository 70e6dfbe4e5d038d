/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/evaluate.h"

#include "policy/compiled.h"

static void stop(struct evaluation *out, enum decision_stage stage, unsigned status,
		 const char *detail, const struct rule_origin *by)
{
	out->decision = (struct decision){ .verdict = VERDICT_DENY,
					   .status = status,
					   .stage = stage,
					   .by = by,
					   .detail = detail };
}

/* STRICT takes mutual TLS only. DISABLE terminates none: HTTP cannot be read out of it, and of a
 * TCP connection the caller stays unknown. */
static bool peer_passes(const struct workload_policy *workload, struct evaluation *out)
{
	enum mtls_mode mode = policy_mtls_mode(workload, out->facts.destination_port);
	bool has_identity = out->facts.peer.ptr != NULL;

	if (mode == MTLS_STRICT && !has_identity) {
		stop(out, STAGE_PEER_AUTHENTICATION, 0,
		     "plaintext is refused: mutual TLS is STRICT", NULL);
		return false;
	}
	if (mode == MTLS_DISABLE && has_identity && out->facts.protocol == REQUEST_HTTP) {
		stop(out, STAGE_PEER_AUTHENTICATION, 0,
		     "mutual TLS is DISABLEd: a TLS handshake is no HTTP", NULL);
		return false;
	}
	if (mode == MTLS_DISABLE) {
		out->facts.peer = (struct text){ 0 };
		out->facts.peer_fingerprint = NULL;
	}
	return true;
}

static bool custom_passes(const struct workload_policy *workload, struct evaluation *out)
{
	struct custom_match custom = policy_custom(workload, &out->facts);

	out->custom_provider = custom.provider;
	out->custom_rule = custom.by;
	if (!custom.denied)
		return true;
	stop(out, STAGE_CUSTOM, out->facts.protocol == REQUEST_HTTP ? 403 : 0,
	     "rbac_access_denied_matched_policy[deny-due-to-bad-CUSTOM-action]", custom.by);
	return false;
}

static bool token_passes(const struct workload_policy *workload,
			 const struct evaluation_input *input, struct evaluation *out)
{
	const struct authentication_input authentication = {
		.facts = &out->facts,
		.query = input->query,
		.scheme = input->scheme,
		.keys = input->keys,
		.keys_context = input->keys_context,
	};

	request_authenticate(workload, &authentication, &out->authentication);
	out->facts.token = out->authentication.token;
	if (out->authentication.passed)
		return true;
	stop(out, STAGE_REQUEST_AUTHENTICATION, out->authentication.http_status,
	     out->authentication.body, NULL);
	return false;
}

void policy_evaluate(const struct workload_policy *workload, const struct evaluation_input *input,
		     struct evaluation *out)
{
	*out = (struct evaluation){ .facts = input->facts };
	if (peer_passes(workload, out) && custom_passes(workload, out)
	    && token_passes(workload, input, out))
		policy_decide(workload, &out->facts, &out->decision);
}

void evaluation_done(struct evaluation *evaluation)
{
	authentication_done(&evaluation->authentication);
}
