/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.h — a request's whole way through a workload's policies, as the proxy walks it: peer
 * authentication, CUSTOM, JWT, then policy_decide. For explain, compare and tests; an external
 * authorizer is taken to say yes, for nobody asks it here. */
#pragma once

#include "policy/authenticate.h"
#include "policy/decision.h"
#include "policy/facts.h"

struct workload_policy;

struct evaluation_input {
	struct request_facts facts; /* without token */
	struct text query, scheme;
	key_lookup_fn *keys;
	const void *keys_context;
};

struct evaluation {
	struct decision decision;
	struct authentication authentication; /* release with evaluation_done */
	const char *custom_provider;          /* who would be asked; or NULL */
	const struct rule_origin *custom_rule;
	struct request_facts facts; /* as the last stage saw them */
};

void policy_evaluate(const struct workload_policy *workload, const struct evaluation_input *input,
		     struct evaluation *out);
void evaluation_done(struct evaluation *evaluation);
