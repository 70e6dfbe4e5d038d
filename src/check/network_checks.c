/* SPDX-License-Identifier: Apache-2.0 */
/* network_checks.c — the table of checks for network policies. */
#include "check/families.h"
#include "check/kubernetes.h"

static const struct check checks[] = {
	{ .id = "NP001",
	  .name = "open-to-the-world",
	  .title = "A rule allows every address",
	  .severity = FINDING_WARNING,
	  .why = "An empty list of peers means all, not none.",
	  .mend = "Name peers; to block, leave the rule out.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {}\n  egress:\n  - to: []\n    ports: [{port: 443}]\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  egress:\n  - to: [{podSelector: {}}]\n",
	  .run = np_world },
	{ .id = "NP002",
	  .name = "every-namespace",
	  .title = "A rule allows every pod of every namespace",
	  .severity = FINDING_INFO,
	  .why = "An empty namespaceSelector selects all.",
	  .mend = "Name namespaces by kubernetes.io/metadata.name.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {}\n  ingress:\n  - from: [{namespaceSelector: {}}]\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  ingress:\n  - from: [{podSelector: {}}]\n",
	  .run = np_any_namespace },
	{ .id = "NP003",
	  .name = "peers-are-alternatives",
	  .title = "namespaceSelector and podSelector are two peers: either is enough",
	  .severity = FINDING_INFO,
	  .why = "Every pod of the namespace is allowed, and every such pod here.",
	  .mend = "If both were meant, put both into one item.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {}\n  ingress:\n  - from:\n    - namespaceSelector: "
		 "{matchLabels: {a: b}}\n    - podSelector: {matchLabels: {c: d}}\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  ingress:\n  - from:\n    - namespaceSelector: "
		  "{matchLabels: {a: b}}\n      podSelector: {matchLabels: {c: d}}\n",
	  .run = np_alternatives },
	{ .id = "NP004",
	  .name = "unlabelled-namespace",
	  .title = "A namespace is selected by a label that nothing sets",
	  .severity = FINDING_INFO,
	  .why = "Kubernetes sets only kubernetes.io/metadata.name; the rule matches nobody.",
	  .mend = "Select by kubernetes.io/metadata.name.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {}\n  ingress:\n  - from: [{namespaceSelector: "
		 "{matchLabels: {name: kube-system}}}]\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  ingress:\n  - from: [{namespaceSelector: "
		  "{matchLabels: {kubernetes.io/metadata.name: kube-system}}}]\n",
	  .run = np_unlabelled_namespace },
	{ .id = "NP005",
	  .name = "unselected-pods",
	  .title = "No NetworkPolicy selects the pods",
	  .severity = FINDING_WARNING,
	  .why = "Everyone may reach them, and they everyone.",
	  .mend = "A policy whose podSelector matches, or one for all pods.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {matchLabels: {x: y}}\n  egress: []\n---\napiVersion: "
		 "v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    "
		 "image: a\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  egress: []\n---\napiVersion: v1\nkind: "
		  "Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: a\n",
	  .run = np_unselected,
	  .across = true },
	{ .id = "NP006",
	  .name = "egress-open",
	  .title = "The policy says nothing of egress: pods may call everything",
	  .severity = FINDING_INFO,
	  .why = "An intruder fetches tools and sends data out.",
	  .mend = "policyTypes: [Ingress, Egress], with the calls that are needed.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  podSelector: {}\n  ingress: []\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  podSelector: {}\n  egress: []\n",
	  .run = np_no_egress },
};

const struct family network_family = {
	.name = "network",
	.title = "network policies",
	.artifact = ARTIFACT_MANIFEST,
	.checks = checks,
	.count = COUNT_OF(checks),
};
