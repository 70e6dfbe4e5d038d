/* SPDX-License-Identifier: Apache-2.0 */
/* What loads and hardly means what it says: a row that warns and one that does not for each. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define POLICY(spec)                                                                               \
	"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"                            \
	"metadata: {name: p, namespace: app}\nspec: " spec "\n"
#define OTHER(spec)                                                                                \
	"---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"                       \
	"metadata: {name: other, namespace: app}\nspec: " spec "\n"
#define MESH(text)                                                                                 \
	"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n" \
	"data: {mesh: \"" text "\"}\n"
#define WORKLOAD                                                                                   \
	"---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"                           \
	"metadata: {name: w, namespace: app}\nspec: {address: 127.0.0.1, labels: {app: web}}\n"
#define TOKENS                                                                                     \
	"---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\n"                     \
	"metadata: {name: j, namespace: app}\nspec: {jwtRules: [{issuer: i}]}\n"
#define ACCESS(rules)                                                                              \
	"apiVersion: mangrove.dev/v1\nkind: AccessPolicy\n"                                        \
	"metadata: {name: a, namespace: app}\nspec: {rules: [" rules "]}\n"

static const struct lint_case {
	const char *name, *yaml;
	const char *warns; /* NULL: nothing */
} rows[] = {
	{ "an ordinary policy", POLICY("{rules: [{to: [{operation: {paths: [\"/a*\"]}}]}]}"),
	  NULL },
	{ "three items where one rule was meant",
	  POLICY("{rules: [{from: [{source: {namespaces: [a]}}]}, {to: [{operation: {methods: "
		 "[GET]}}]}, {when: [{key: source.ip, notValues: [\"10.0.0.0/8\"]}]}]}"),
	  "these 3 rules are alternatives" },
	{ "two rules that say different things",
	  POLICY("{rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: "
		 "[GET]}}]}, {to: [{operation: {paths: [\"/p\"]}}]}]}"),
	  NULL },
	{ "two sources as two rules",
	  POLICY("{rules: [{from: [{source: {namespaces: [a]}}]}, {from: [{source: {namespaces: "
		 "[b]}}]}]}"),
	  NULL },
	{ "an empty rule beside others",
	  POLICY("{rules: [{}, {to: [{operation: {methods: [GET]}}]}]}"),
	  "an empty rule matches everything" },
	{ "a host without its ports", POLICY("{rules: [{to: [{operation: {hosts: [a.org]}}]}]}"),
	  "'a.org' does not match a Host with a port" },
	{ "a host with its ports",
	  POLICY("{rules: [{to: [{operation: {hosts: [a.org, \"a.org:*\"]}}]}]}"), NULL },
	{ "a host prefix", POLICY("{rules: [{to: [{operation: {hosts: [\"a.org*\"]}}]}]}"), NULL },
	{ "a denied host without its ports",
	  POLICY("{action: DENY, rules: [{to: [{operation: {hosts: [a.org], ports: "
		 "[\"80\"]}}]}]}"),
	  "gets around the denial" },
	{ "a DENY rule of HTTP alone",
	  POLICY("{action: DENY, rules: [{to: [{operation: {methods: [PUT]}}]}]}"),
	  "denies all TCP traffic" },
	{ "a DENY rule of HTTP on a port",
	  POLICY("{action: DENY, rules: [{to: [{operation: {methods: [PUT], ports: "
		 "[\"80\"]}}]}]}"),
	  NULL },
	{ "a denied path under BASE",
	  POLICY("{action: DENY, rules: [{to: [{operation: {paths: [\"/admin\"], ports: "
		 "[\"80\"]}}]}]}"),
	  "under pathNormalization BASE '//admin'" },
	{ "an excepted path under BASE",
	  POLICY("{rules: [{to: [{operation: {notPaths: [\"/admin\"]}}]}]}"),
	  "under pathNormalization BASE" },
	{ "a denied path under DECODE_AND_MERGE_SLASHES",
	  POLICY("{action: DENY, rules: [{to: [{operation: {paths: [\"/admin\"], ports: "
		 "[\"80\"]}}]}]}") MESH("pathNormalization: {normalization: "
					"DECODE_AND_MERGE_SLASHES}"),
	  NULL },
	{ "a denied path under NONE",
	  POLICY("{action: DENY, rules: [{to: [{operation: {paths: [\"/admin\"], ports: "
		 "[\"80\"]}}]}]}") MESH("pathNormalization: {normalization: NONE}"),
	  "under pathNormalization NONE" },
	{ "a request principal without a slash",
	  POLICY("{rules: [{from: [{source: {requestPrincipals: [me]}}]}]}") TOKENS,
	  "'me' never matches a real token" },
	{ "a request principal with a slash",
	  POLICY("{rules: [{from: [{source: {requestPrincipals: [\"me/*\"]}}]}]}") TOKENS, NULL },
	{ "tokens that nobody verifies",
	  POLICY("{rules: [{from: [{source: {requestPrincipals: [\"*\"]}}]}]}"),
	  "no RequestAuthentication of 'app'" },
	{ "a principal with its scheme",
	  POLICY("{rules: [{from: [{source: {principals: [\"spiffe://td/ns/a/sa/b\"]}}]}]}"),
	  "a principal is written without 'spiffe://'" },
	{ "a method in lower case", POLICY("{rules: [{to: [{operation: {methods: [get]}}]}]}"),
	  "'get' matches no usual method" },
	{ "a path without its slash", POLICY("{rules: [{to: [{operation: {paths: [api]}}]}]}"),
	  "'api' never matches" },
	{ "a path with a query", POLICY("{rules: [{to: [{operation: {paths: [\"/a?b=c\"]}}]}]}"),
	  "compared without their query" },
	{ "metadata of Envoy",
	  POLICY("{rules: [{when: [{key: \"experimental.envoy.filters.a[b]\", values: [c]}]}]}"),
	  "metadata of Envoy's filters" },
	{ "a selector of nobody",
	  POLICY("{selector: {matchLabels: {app: db}}, rules: [{}]}") WORKLOAD,
	  "selects none of the workloads" },
	{ "a selector of a workload",
	  POLICY("{selector: {matchLabels: {app: web}}, rules: [{}]}") WORKLOAD, NULL },
	{ "a selector where no workloads are known",
	  POLICY("{selector: {matchLabels: {app: db}}, rules: [{}]}"), NULL },
	{ "an ALLOW policy beside one of everything",
	  POLICY("{rules: [{}]}") OTHER("{rules: [{to: [{operation: {methods: [GET]}}]}]}"),
	  "app/p (row.yaml:1) allows everything" },
	{ "an ALLOW policy beside one of everything elsewhere",
	  POLICY("{selector: {matchLabels: {app: web}}, rules: [{}]}")
		  OTHER("{rules: [{to: [{operation: {methods: [GET]}}]}]}"),
	  NULL },
	{ "an ALLOW policy beside a DENY of everything",
	  POLICY("{action: DENY, rules: [{}]}")
		  OTHER("{rules: [{to: [{operation: {methods: [GET]}}]}]}"),
	  "denies everything" },
	{ "an AccessPolicy rule behind one of everything",
	  ACCESS("{name: all, priority: 9, sources: [\"*\"], action: ALLOW}, {name: late, "
		 "sources: [x], action: DENY}"),
	  "rule 'late' is never reached: 'all' comes before it" },
	{ "an AccessPolicy rule before one of everything",
	  ACCESS("{name: all, sources: [\"*\"], action: ALLOW}, {name: early, priority: 9, "
		 "sources: [x], action: DENY}"),
	  NULL },
};

static void check_row(void **state)
{
	const struct lint_case *row = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO(policy_unref) struct policy *policy = NULL;
	struct error err = { 0 };
	bool warned = false;

	diagnostics_init(&found);
	if (resource_set_parse("row.yaml", text_of(row->yaml), NULL, &found, &set, &err) != 0
	    || policy_compile(set, &policy, &found, &err) != 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < found.count; i++) {
		const struct error *problem = &found.items[i]->error;

		if (row->warns == NULL)
			fail_msg("warns: %s", problem->text);
		assert_true(problem->at.line > 0);
		warned = warned || strstr(problem->text, row->warns) != NULL;
	}
	assert_true(warned || row->warns == NULL);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_row,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
