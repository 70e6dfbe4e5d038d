/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_agree.h"

#include "policy/policy.h"
#include "policy/policy_reference.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUESTS_A_CASE 8

static bool find_header(const void *context, struct text name, struct text *value)
{
	const struct ref_request *request = context;

	*value = text_of(request->values[REF_HEADER]);
	return text_is(name, "x-a") && value->ptr != NULL;
}

static enum verdict decide(struct workload_policy *workload, const struct ref_request *request,
			   struct decision *decision)
{
	char peer[128];
	uint64_t port = 0;
	struct request_facts facts = { .protocol = request->is_tcp ? REQUEST_TCP : REQUEST_HTTP };

	if (request->values[REF_PRINCIPAL] != NULL) {
		snprintf(peer, sizeof(peer), "spiffe://%s", request->values[REF_PRINCIPAL]);
		facts.peer = text_of(peer);
	}
	ip_parse(text_of(request->values[REF_IP]), &facts.source_ip);
	text_parse_number(text_of(request->values[REF_PORT]), UINT16_MAX, &port);
	facts.destination_port = (uint16_t)port;
	facts.host = text_of(request->values[REF_HOST]);
	facts.method = text_of(request->values[REF_METHOD]);
	facts.path = text_of(request->values[REF_PATH]);
	if (!request->is_tcp) {
		facts.header = find_header;
		facts.header_context = request;
	}
	return policy_decide(workload, &facts, decision);
}

static struct policy *compile(const struct ref_policies *policies, struct buffer *yaml)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	struct policy *policy = NULL;
	struct error err = { 0 };

	diagnostics_init(&found);
	ref_write(policies, yaml);
	if (resource_set_parse("case.yaml", buffer_text(yaml), NULL, &found, &set, &err) != 0
	    || policy_compile(set, &policy, &found, &err) != 0) {
		fprintf(stderr, "does not load: %s\n%s", err.text, yaml->data);
		abort();
	}
	return policy;
}

static struct workload_policy *select_workload(struct policy *policy,
					       const struct ref_request *request)
{
	const struct text_pair app = { .key = TEXT("app"), .value = text_of(request->app) };
	const struct text_map labels = { &app, 1 };
	const struct policy_target target = { .namespace = text_of(request->namespace),
					      .labels = &labels };

	return policy_select(policy, &target);
}

static void complain(const char *what, const struct buffer *yaml, const struct ref_request *request)
{
	fprintf(stderr, "%s\n%s\nto %s/%s%s", what, yaml->data, request->namespace, request->app,
		request->is_tcp ? ", TCP" : "");
	for (enum ref_field field = 0; field < REF_FIELDS; field++)
		fprintf(stderr, ", %s",
			request->values[field] != NULL ? request->values[field] : "-");
	fprintf(stderr, "\n");
	abort();
}

/* The same policies and one DENY policy more, on all of the namespace. */
static struct ref_policies with_a_denial(const struct ref_policies *policies,
					 struct ref_bytes *bytes)
{
	struct ref_policies more = { .count = 0 }, result = *policies;

	while (more.count == 0 && bytes->size > 0)
		ref_make_policies(bytes, &more);
	if (more.count == 0)
		return result;
	more.items[0].action = REF_DENY;
	more.items[0].dry_run = false;
	if (more.items[0].rule_count == 0)
		more.items[0].rule_count = 1;
	result.items[result.count++] = more.items[0];
	return result;
}

void policy_agree(const uint8_t *data, size_t size)
{
	struct ref_bytes bytes = { data, size };
	struct ref_policies policies, denying;
	AUTO_BUFFER struct buffer yaml = { 0 }, denying_yaml = { 0 };
	AUTO(policy_unref) struct policy *policy = NULL;
	AUTO(policy_unref) struct policy *with_denial = NULL;

	ref_make_policies(&bytes, &policies);
	denying = with_a_denial(&policies, &bytes);
	policy = compile(&policies, &yaml);
	with_denial = compile(&denying, &denying_yaml);
	for (int i = 0; i < REQUESTS_A_CASE; i++) {
		AUTO(workload_policy_unref) struct workload_policy *before = NULL;
		AUTO(workload_policy_unref) struct workload_policy *after = NULL;
		struct ref_request request;
		struct ref_verdict wanted;
		struct decision decision, narrower;

		ref_make_request(&bytes, &request);
		wanted = ref_judge(&policies, &request);
		before = select_workload(policy, &request);
		after = select_workload(with_denial, &request);
		if ((decide(before, &request, &decision) == VERDICT_ALLOW) != wanted.allowed)
			complain(wanted.allowed ? "denied, the reference allows"
						: "allowed, the reference denies",
				 &yaml, &request);
		if (decision.verdict == VERDICT_ALLOW && wanted.has_allow
		    && !wanted.some_allow_matches)
			complain("passes without an ALLOW rule", &yaml, &request);
		if (decide(after, &request, &narrower) == VERDICT_ALLOW
		    && decision.verdict == VERDICT_DENY)
			complain("a DENY rule more lets it pass", &denying_yaml, &request);
	}
}
