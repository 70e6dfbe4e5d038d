/* SPDX-License-Identifier: Apache-2.0 */
/* rbac_checks.c — the table of checks for roles and bindings. */
#include "check/families.h"
#include "check/kubernetes.h"

static const struct check checks[] = {
	{ .id = "RB001",
	  .name = "wildcard",
	  .title = "A role grants by wildcard",
	  .severity = FINDING_ERROR,
	  .why = "It grants what will exist tomorrow, too.",
	  .mend = "Name verbs and resources.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"pods\"]\n  verbs: [\"*\"]\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"pods\"]\n  verbs: [\"get\"]\n",
	  .run = rb_wildcard },
	{ .id = "RB002",
	  .name = "reads-secrets",
	  .title = "A role reads all secrets of the namespace",
	  .severity = FINDING_WARNING,
	  .why = "Tokens of other accounts and credentials are among them.",
	  .mend = "resourceNames, or mount the one secret.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"secrets\"]\n  verbs: "
		 "[\"list\"]\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"configmaps\"]\n  verbs: "
		  "[\"list\"]\n",
	  .run = rb_secrets },
	{ .id = "RB003",
	  .name = "escalation",
	  .title = "A role leads to more rights than it grants",
	  .severity = FINDING_ERROR,
	  .why = "From it one gets to everything else.",
	  .mend = "Drop the verb.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"serviceaccounts\"]\n  verbs: "
		 "[\"impersonate\"]\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"serviceaccounts\"]\n  verbs: "
		  "[\"get\"]\n",
	  .run = rb_escalation },
	{ .id = "RB004",
	  .name = "enters-pods",
	  .title = "A role lets one into pods",
	  .severity = FINDING_WARNING,
	  .why = "Whoever is in a pod has its secrets and its network.",
	  .mend = "Drop it; debug with a role that is bound for the time it takes.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"pods/exec\"]\n  verbs: "
		 "[\"create\"]\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules:\n- apiGroups: [\"\"]\n  resources: [\"pods/log\"]\n  verbs: "
		  "[\"get\"]\n",
	  .run = rb_exec },
	{ .id = "RB005",
	  .name = "cluster-admin",
	  .title = "An administrator's role is bound",
	  .severity = FINDING_ERROR,
	  .why = "The account is as good as the cluster.",
	  .mend = "A role with what is needed.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		 "a\nroleRef: {name: cluster-admin}\nsubjects:\n- kind: ServiceAccount\n  name: "
		 "a\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		  "a\nroleRef: {name: a}\nsubjects:\n- kind: ServiceAccount\n  name: a\n",
	  .run = rb_cluster_admin },
	{ .id = "RB006",
	  .name = "everyone",
	  .title = "A role is bound to everyone",
	  .severity = FINDING_ERROR,
	  .why = "Whoever reaches the API server has it.",
	  .mend = "Name accounts.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		 "a\nroleRef: {name: a}\nsubjects:\n- kind: Group\n  name: system:authenticated\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		  "a\nroleRef: {name: a}\nsubjects:\n- kind: Group\n  name: team\n",
	  .run = rb_everyone },
	{ .id = "RB007",
	  .name = "default-account-bound",
	  .title = "A role is bound to the default service account",
	  .severity = FINDING_WARNING,
	  .why = "Every pod that says nothing has it.",
	  .mend = "An account of its own.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		 "a\nroleRef: {name: a}\nsubjects:\n- kind: ServiceAccount\n  name: default\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		  "a\nroleRef: {name: a}\nsubjects:\n- kind: ServiceAccount\n  name: a\n",
	  .run = rb_default_account },
	{ .id = "RB008",
	  .name = "makes-pods",
	  .title = "A role makes pods, or what makes pods",
	  .severity = FINDING_INFO,
	  .why = "A pod of one's own mounts every Secret and takes every account of the namespace.",
	  .mend = "Give it to the deployer alone; keep what must not be reached in another "
		  "namespace.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules:\n- {apiGroups: [apps], resources: [deployments], verbs: [create]}\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules:\n- {apiGroups: [apps], resources: [deployments], verbs: [get]}\n",
	  .run = rb_makes_pods },
	{ .id = "RB009",
	  .name = "masters",
	  .title = "Someone is put into system:masters, which no policy can hold",
	  .severity = FINDING_ERROR,
	  .why = "It passes every authorizer and every webhook, and cannot be taken back.",
	  .mend = "Bind a role instead.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		 "a\nroleRef: {kind: Role, name: a}\nsubjects:\n- {kind: Group, name: "
		 "system:masters}\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: "
		  "a\nroleRef: {kind: Role, name: a}\nsubjects:\n- {kind: Group, name: team}\n",
	  .run = rb_masters },
	{ .id = "RB010",
	  .name = "every-url",
	  .title = "A role grants every URL of the API server",
	  .severity = FINDING_WARNING,
	  .why = "Profiles and logs of the control plane are among them.",
	  .mend = "Name the URLs: /healthz, /metrics.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: "
		 "a\nrules:\n- {nonResourceURLs: [\"*\"], verbs: [get]}\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: "
		  "a\nrules:\n- {nonResourceURLs: [/metrics], verbs: [get]}\n",
	  .run = rb_every_url },
	{ .id = "RB011",
	  .name = "dangling-role",
	  .title = "A binding names a role that no file has",
	  .severity = FINDING_INFO,
	  .why = "Whoever makes a role of that name decides what is granted.",
	  .mend = "Name a role that is there.",
	  .bad = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		 "a\nrules: []\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: "
		 "RoleBinding\nmetadata:\n  name: a\nroleRef: {kind: Role, name: other}\n",
	  .good = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "
		  "a\nrules: []\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: "
		  "RoleBinding\nmetadata:\n  name: a\nroleRef: {kind: Role, name: a}\n",
	  .run = rb_dangling,
	  .across = true },
};

const struct family rbac_family = {
	.name = "rbac",
	.title = "roles and bindings",
	.artifact = ARTIFACT_MANIFEST,
	.checks = checks,
	.count = COUNT_OF(checks),
};
