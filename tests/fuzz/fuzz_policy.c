/* SPDX-License-Identifier: Apache-2.0 */
/* Policies. Bytes that begin with 'Y' are YAML text, which may do anything but crash the compiler,
 * and under which nobody without an identity may pass where a DENY of just them is added. All else
 * makes policies and requests, on which src/policy and the reference must agree. */
#include "policy/policy.h"
#include "policy/policy_agree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char deny_plaintext[] =
	"\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
	"metadata: {name: zzz-deny-plaintext, namespace: app}\n"
	"spec: {action: DENY, rules: [{from: [{source: {notPrincipals: [\"*\"]}}]}]}\n";

static void try_text(struct text text)
{
	AUTO_BUFFER struct buffer yaml = { 0 };
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO(policy_unref) struct policy *policy = NULL;
	AUTO(workload_policy_unref) struct workload_policy *workload = NULL;
	const struct policy_target target = { .namespace = TEXT("app") };
	const struct request_facts anonymous = { .method = TEXT("GET"), .path = TEXT("/") };
	struct decision decision;

	diagnostics_init(&found);
	buffer_add(&yaml, text.ptr, text.len);
	buffer_add_text(&yaml, deny_plaintext);
	if (resource_set_parse("fuzz.yaml", buffer_text(&yaml), NULL, &found, &set, NULL) != 0
	    || policy_compile(set, &policy, &found, NULL) != 0
	    || resource_find(set, KIND_AUTHORIZATION_POLICY, TEXT("app"),
			     TEXT("zzz-deny-plaintext"))
		       == NULL)
		return;
	workload = policy_select(policy, &target);
	if (policy_decide(workload, &anonymous, &decision) == VERDICT_ALLOW)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'Y')
		try_text((struct text){ (const char *)data + 1, size - 1 });
	else
		policy_agree(data, size);
	return 0;
}
