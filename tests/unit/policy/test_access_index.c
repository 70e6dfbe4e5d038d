/* SPDX-License-Identifier: Apache-2.0 */
/* The index over AccessPolicy rules finds the rule that a walk over all of them finds first. */
#include "policy/compiled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const sources[] = {
	"*",      "web",      "web-*", "*-prod", "shop/web",
	"shop/*", "shop/we*", "batch", "b*",     "shop/*-prod",
};
static const char *const callers[] = {
	"spiffe://td/ns/app/sa/web",      "spiffe://td/ns/app/sa/web-1",
	"spiffe://td/ns/shop/sa/web",     "spiffe://td/ns/shop/sa/api-prod",
	"spiffe://td/ns/app/sa/api-prod", "spiffe://td/ns/other/sa/web",
	"spiffe://td/ns/app/sa/batch",    "spiffe://td/ns/app/sa/alias-account",
	"spiffe://td/elsewhere",          NULL,
};

static void write_rules(struct buffer *out, unsigned count)
{
	buffer_add_text(out, "apiVersion: mangrove.dev/v1\nkind: Workload\n"
			     "metadata: {name: web, namespace: app}\n"
			     "spec: {serviceAccount: alias-account, processes: [{uid: 1}]}\n---\n"
			     "apiVersion: mangrove.dev/v1\nkind: AccessPolicy\n"
			     "metadata: {name: p, namespace: app}\nspec:\n  rules:\n");
	for (unsigned i = 0; i < count; i++) {
		buffer_printf(out, "  - {name: r%u, priority: %u, action: %s, sources: [\"%s\"", i,
			      (unsigned)random_below(5), random_below(2) ? "ALLOW" : "DENY",
			      sources[random_below(COUNT_OF(sources))]);
		if (random_below(3) == 0)
			buffer_printf(out, ", \"%s\"", sources[random_below(COUNT_OF(sources))]);
		buffer_printf(out, "]%s}\n", random_below(2) ? ", operations: [\"GET /a\"]" : "");
	}
}

static const struct rule_origin *walk(const struct workload_policy *workload,
				      const struct request_facts *facts)
{
	const struct access_stage *stage = &workload->access;
	struct access_mismatch failed;

	for (size_t i = 0; i < stage->rule_count; i++)
		if (access_rule_matches(stage->rules[i], &workload->policy->directory, facts,
					&failed))
			return &stage->rules[i]->origin;
	return NULL;
}

static void compare_all(const struct workload_policy *workload)
{
	for (size_t i = 0; i < COUNT_OF(callers); i++) {
		for (int path = 0; path < 2; path++) {
			const struct request_facts facts = {
				.peer = text_of(callers[i]),
				.method = TEXT("GET"),
				.path = path == 0 ? TEXT("/a") : TEXT("/b"),
			};
			const struct access_outcome found = access_decide(
				&workload->access, &workload->policy->directory, &facts);

			assert_ptr_equal(found.by, walk(workload, &facts));
		}
	}
}

static void finds_what_a_walk_finds(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		AUTO_BUFFER struct buffer yaml = { 0 };
		AUTO(resource_set_unref) struct resource_set *set = NULL;
		AUTO(policy_unref) struct policy *policy = NULL;
		AUTO(workload_policy_unref) struct workload_policy *workload = NULL;
		AUTO_DIAGNOSTICS struct diagnostics found;
		const struct policy_target target = { .namespace = TEXT("app") };
		struct error err = { 0 };

		diagnostics_init(&found);
		write_rules(&yaml, 1 + (unsigned)random_below(12));
		assert_int_equal(
			resource_set_parse("t.yaml", buffer_text(&yaml), NULL, &found, &set, &err),
			0);
		assert_int_equal(policy_compile(set, &policy, NULL, &err), 0);
		workload = policy_select(policy, &target);
		compare_all(workload);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(finds_what_a_walk_finds) };

	return cmocka_run_group_tests_name("access_index", tests, NULL, NULL);
}
