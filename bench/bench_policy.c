/* SPDX-License-Identifier: Apache-2.0 */
/* bench_policy.c — how long one authorization decision takes, for few rules and for many.
 *
 * Each rule lets another service account GET paths of its own under a host, as policies of a real
 * mesh do. Requests are spread over the rules; one in four matches none. Prints nanoseconds a
 * decision and heap calls a decision, which must be none. */
#include "policy/policy.h"

#include <stdio.h>

#define ROUNDS         8 /* the fastest counts: others use this machine too */
#define DECISIONS      250000
#define REQUESTS       1024
#define RULES_A_POLICY 250

struct request {
	char peer[128], path[64];
	struct request_facts facts;
};

static void write_rule(struct buffer *out, unsigned number)
{
	buffer_printf(out,
		      "  - from:\n    - source:\n"
		      "        principals: [\"cluster.local/ns/ns-%u/sa/service-%u\"]\n"
		      "    to:\n    - operation:\n        methods: [GET, HEAD]\n"
		      "        paths: [\"/api/v%u/items/*\", \"/health\"]\n"
		      "        hosts: [\"web.example.org\", \"*.internal\"]\n",
		      number % 40, number, number % 7);
}

static void write_policies(struct buffer *out, unsigned rules)
{
	for (unsigned i = 0; i < rules; i++) {
		if (i % RULES_A_POLICY == 0)
			buffer_printf(out,
				      "---\napiVersion: security.istio.io/v1\n"
				      "kind: AuthorizationPolicy\n"
				      "metadata: {name: policy-%u, namespace: bench}\n"
				      "spec:\n  rules:\n",
				      i / RULES_A_POLICY);
		write_rule(out, i);
	}
}

static void make_requests(struct request *requests, unsigned rules)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct request *request = &requests[i];
		unsigned rule = (i * 7919) % rules;

		snprintf(request->peer, sizeof(request->peer),
			 "spiffe://cluster.local/ns/ns-%u/sa/service-%u", rule % 40, rule);
		snprintf(request->path, sizeof(request->path), "/api/v%u/items/%u",
			 i % 4 == 0 ? 9 : rule % 7, i);
		request->facts = (struct request_facts){
			.peer = text_of(request->peer),
			.destination_port = 8080,
			.method = TEXT("GET"),
			.host = TEXT("web.example.org"),
			.path = text_of(request->path),
		};
	}
}

static double time_round(const struct workload_policy *workload, const struct request *requests,
			 unsigned *allowed)
{
	uint64_t start = clock_monotonic_ns();

	for (unsigned i = 0; i < DECISIONS; i++) {
		struct decision decision;

		*allowed += policy_decide(workload, &requests[i % REQUESTS].facts, &decision)
			    == VERDICT_ALLOW;
	}
	return (double)(clock_monotonic_ns() - start) / DECISIONS;
}

static int measure(unsigned rules, double *ns)
{
	AUTO_BUFFER struct buffer yaml = { 0 };
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO(policy_unref) struct policy *policy = NULL;
	AUTO(workload_policy_unref) struct workload_policy *workload = NULL;
	static struct request requests[REQUESTS];
	const struct policy_target target = { .namespace = TEXT("bench") };
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err = { 0 };
	unsigned allowed = 0;
	uint64_t start, allocations;

	diagnostics_init(&found);
	write_policies(&yaml, rules);
	if (resource_set_parse("bench.yaml", buffer_text(&yaml), NULL, &found, &set, &err) != 0
	    || policy_compile(set, &policy, NULL, &err) != 0) {
		fprintf(stderr, "bench_policy: %s\n", err.text);
		return 1;
	}
	start = clock_monotonic_ns();
	workload = policy_select(policy, &target);

	double select_ms = (double)(clock_monotonic_ns() - start) / (double)NS_PER_MS;

	make_requests(requests, rules);
	allocations = mem_thread_allocations();
	*ns = 1e9;
	for (int round = 0; round < ROUNDS; round++)
		*ns = MIN_OF(*ns, time_round(workload, requests, &allowed));
	printf("%6u rules  %7.0f ns a decision  %4.0f%% allowed  %llu heap calls  indexed in %.1f "
	       "ms\n",
	       rules, *ns, 100.0 * allowed / DECISIONS / ROUNDS,
	       (unsigned long long)(mem_thread_allocations() - allocations), select_ms);
	return 0;
}

int main(void)
{
	double few = 0, many = 0, between = 0;

	if (measure(10, &few) != 0 || measure(1000, &between) != 0 || measure(10000, &many) != 0)
		return 1;
	printf("10,000 rules cost %.2f times 10 rules\n", many / few);
	return 0;
}
