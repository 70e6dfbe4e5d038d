/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes_checks.c — the table of checks for workloads and other objects. */
#include "check/families.h"
#include "check/kubernetes.h"

static const struct check checks[] = {
	{ .id = "K8S001",
	  .name = "unpinned-image",
	  .title = "An image has no tag, or latest",
	  .severity = FINDING_WARNING,
	  .why = "Which image runs changes under you, pod by pod.",
	  .mend = "Name a release tag, better still a digest.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a:1\n",
	  .run = k8_image_tag },
	{ .id = "K8S002",
	  .name = "image-without-digest",
	  .title = "An image is named by its tag, which can be moved",
	  .severity = FINDING_INFO,
	  .why = "Who can push to the registry can change what runs.",
	  .mend = "Add the digest: image:tag@sha256:…",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a:1\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a:1@sha256:00\n",
	  .run = k8_image_digest },
	{ .id = "K8S003",
	  .name = "no-memory-limit",
	  .title = "A container has no memory limit",
	  .severity = FINDING_WARNING,
	  .why = "One leak takes the node down, with everyone on it.",
	  .mend = "resources.limits.memory",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n    resources: {limits: {memory: 64Mi}}\n",
	  .run = k8_memory_limit },
	{ .id = "K8S004",
	  .name = "no-cpu-request",
	  .title = "A container asks for no CPU",
	  .severity = FINDING_INFO,
	  .why = "The scheduler puts it anywhere, and it starves first.",
	  .mend = "resources.requests.cpu",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n    resources: {requests: {cpu: 10m}}\n",
	  .run = k8_cpu_request },
	{ .id = "K8S005",
	  .name = "no-liveness-probe",
	  .title = "A container has no liveness probe",
	  .severity = FINDING_INFO,
	  .why = "One that hangs is never restarted.",
	  .mend = "livenessProbe",
	  .bad = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  "
		 "template:\n    spec:\n      containers:\n      - name: a\n        image: a:1\n",
	  .good = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  "
		  "template:\n    spec:\n      containers:\n      - name: a\n        image: a:1\n  "
		  "      livenessProbe: {httpGet: {port: 80}}\n",
	  .run = k8_liveness },
	{ .id = "K8S006",
	  .name = "no-readiness-probe",
	  .title = "A container has no readiness probe",
	  .severity = FINDING_INFO,
	  .why = "It gets requests before it can answer.",
	  .mend = "readinessProbe",
	  .bad = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  "
		 "template:\n    spec:\n      containers:\n      - name: a\n        image: a:1\n",
	  .good = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  "
		  "template:\n    spec:\n      containers:\n      - name: a\n        image: a:1\n  "
		  "      readinessProbe: {httpGet: {port: 80}}\n",
	  .run = k8_readiness },
	{ .id = "K8S007",
	  .name = "writable-root-filesystem",
	  .title = "A container may write into its image",
	  .severity = FINDING_WARNING,
	  .why = "An intruder can replace programs and leave tools.",
	  .mend = "readOnlyRootFilesystem: true, with an emptyDir where it has to write.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n    securityContext:\n      readOnlyRootFilesystem: "
		  "true\n",
	  .run = k8_read_only_root },
	{ .id = "K8S008",
	  .name = "token-mounted",
	  .title = "The service account's token is mounted",
	  .severity = FINDING_WARNING,
	  .why = "Whoever breaks the container can talk to the API server as it.",
	  .mend = "automountServiceAccountToken: false",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  "
		  "automountServiceAccountToken: false\n  containers:\n  - name: a\n    image: a\n",
	  .run = k8_token },
	{ .id = "K8S009",
	  .name = "default-service-account",
	  .title = "The pod runs as the default service account",
	  .severity = FINDING_INFO,
	  .why = "What is granted to one pod is granted to all that say nothing.",
	  .mend = "serviceAccountName with an account of its own.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  serviceAccountName: "
		  "a\n  containers:\n  - name: a\n    image: a\n",
	  .run = k8_default_account },
	{ .id = "K8S010",
	  .name = "secret-in-env-value",
	  .title = "A secret is written into the manifest",
	  .severity = FINDING_ERROR,
	  .why = "It is in the repository and in etcd, for everyone who reads pods.",
	  .mend = "A Secret, mounted as a file.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n    env:\n    - name: DB_PASSWORD\n      value: hunter2\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n    env:\n    - name: DB_PASSWORD_FILE\n      value: "
		  "/run/secrets/db\n",
	  .run = k8_secret_literal },
	{ .id = "K8S011",
	  .name = "secret-as-variable",
	  .title = "A Secret is handed over in the environment",
	  .severity = FINDING_INFO,
	  .why = "The environment is inherited, dumped and logged.",
	  .mend = "Mount it as a file.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: "
		 "a\n    image: a\n    env:\n    - name: A\n      valueFrom: {secretKeyRef: {name: "
		 "a, key: b}}\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n    env:\n    - name: A\n      valueFrom: "
		  "{configMapKeyRef: {name: a, key: b}}\n",
	  .run = k8_secret_env },
	{ .id = "K8S012",
	  .name = "sensitive-host-path",
	  .title = "A directory is mounted from which one gets to the host",
	  .severity = FINDING_ERROR,
	  .why = "The runtime's socket, /etc or /proc of the host are the host.",
	  .mend = "Drop it.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - name: "
		 "v\n    hostPath: {path: /var/run/docker.sock}\n  containers:\n  - name: a\n    "
		 "image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - name: "
		  "v\n    hostPath: {path: /data/a}\n  containers:\n  - name: a\n    image: a\n",
	  .run = k8_host_path },
	{ .id = "K8S013",
	  .name = "shared-process-namespace",
	  .title = "The containers of the pod see each other's processes",
	  .severity = FINDING_INFO,
	  .why = "One can read the environment and the files of the others.",
	  .mend = "Drop shareProcessNamespace.",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  shareProcessNamespace: "
		 "true\n  containers:\n  - name: a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n",
	  .run = k8_shared_processes },
	{ .id = "K8S014",
	  .name = "unbounded-empty-dir",
	  .title = "An emptyDir has no limit",
	  .severity = FINDING_INFO,
	  .why = "It fills the node's disk, and pods are evicted.",
	  .mend = "emptyDir.sizeLimit",
	  .bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - name: "
		 "v\n    emptyDir: {}\n  containers:\n  - name: a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - name: "
		  "v\n    emptyDir: {sizeLimit: 1Mi}\n  containers:\n  - name: a\n    image: a\n",
	  .run = k8_unbounded_volume },
	{ .id = "K8S020",
	  .name = "removed-api",
	  .title = "The API is no longer served",
	  .severity = FINDING_ERROR,
	  .why = "The manifest cannot be applied.",
	  .mend = "The message names what took its place.",
	  .bad = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: a\nspec: "
		 "{}\n",
	  .good = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: a\nspec: "
		  "{}\n",
	  .run = k8_removed_api },
	{ .id = "K8S021",
	  .name = "secret-in-manifest",
	  .title = "A Secret lies in the repository with its data",
	  .severity = FINDING_WARNING,
	  .why = "base64 hides nothing, and history keeps it.",
	  .mend = "Seal it, or make it where it is used.",
	  .bad = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata: {a: Yg==}\n",
	  .good = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ntype: Opaque\n",
	  .run = k8_secret_object },
	{ .id = "K8S022",
	  .name = "service-exposed",
	  .title = "A Service is open wider than it says",
	  .severity = FINDING_WARNING,
	  .why = "externalIPs, load balancers and node ports get around policies.",
	  .mend = "A ClusterIP behind a gateway, or loadBalancerSourceRanges.",
	  .bad = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: {type: NodePort}\n",
	  .good = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: {type: ClusterIP}\n",
	  .run = k8_service_exposed },
	{ .id = "K8S023",
	  .name = "ingress-weak",
	  .title = "An Ingress has no TLS, or snippets",
	  .severity = FINDING_WARNING,
	  .why = "Traffic is in clear, or the Ingress controls the controller.",
	  .mend = "spec.tls; no snippet annotations.",
	  .bad = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\nspec: "
		 "{}\n",
	  .good = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\nspec: "
		  "{tls: [{hosts: [a]}]}\n",
	  .run = k8_ingress },
	{ .id = "K8S024",
	  .name = "namespace-level",
	  .title = "A namespace enforces no Pod Security level",
	  .severity = FINDING_WARNING,
	  .why = "Any pod may run in it, privileged ones too.",
	  .mend = "pod-security.kubernetes.io/enforce: restricted",
	  .bad = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n",
	  .good = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: "
		  "{pod-security.kubernetes.io/enforce: restricted}\n",
	  .run = k8_namespace_level },
	{ .id = "K8S025",
	  .name = "pod-security-policy",
	  .title = "A PodSecurityPolicy lets pods through that restricted refuses",
	  .severity = FINDING_WARNING,
	  .why = "It also no longer works: Kubernetes 1.25 removed it.",
	  .mend = "Label the namespace pod-security.kubernetes.io/enforce: restricted; for finer "
		  "rules ValidatingAdmissionPolicy.",
	  .bad = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: a\nspec: "
		 "{privileged: true}\n",
	  .good = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  privileged: false\n  allowPrivilegeEscalation: false\n  "
		  "readOnlyRootFilesystem: true\n  requiredDropCapabilities: [ALL]\n  runAsUser: "
		  "{rule: MustRunAsNonRoot}\n  seLinux: {rule: RunAsAny}\n  fsGroup: {rule: "
		  "RunAsAny}\n  supplementalGroups: {rule: RunAsAny}\n",
	  .run = k8_psp },
	{ .id = "K8S026",
	  .name = "security-context-constraints",
	  .title = "SecurityContextConstraints let pods through that restricted-v2 refuses",
	  .severity = FINDING_WARNING,
	  .why = "On OpenShift this is what stands between a pod and its node.",
	  .mend = "Use restricted-v2 as it is, or take its fields.",
	  .bad = "apiVersion: security.openshift.io/v1\nkind: "
		 "SecurityContextConstraints\nmetadata:\n  name: a\nallowPrivilegedContainer: "
		 "true\n",
	  .good = "apiVersion: security.openshift.io/v1\nkind: "
		  "SecurityContextConstraints\nmetadata:\n  name: a\nallowPrivilegeEscalation: "
		  "false\nreadOnlyRootFilesystem: true\nrequiredDropCapabilities: "
		  "[ALL]\nrunAsUser: {type: MustRunAsNonRoot}\nseccompProfiles: "
		  "[runtime/default]\n",
	  .run = k8_scc },
	{
		.id = "K8S027",
		.name = "duplicate-key",
		.title = "A key stands twice in a mapping",
		.severity = FINDING_WARNING,
		.why = "One of the two is ignored, and readers believe the other.",
		.mend = "Drop one.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n",
	},
	{ .id = "K8S028",
	  .name = "legacy-policy-refuses",
	  .title = "No PodSecurityPolicy or SecurityContextConstraints lets the pods through",
	  .severity = FINDING_WARNING,
	  .why = "They never start, and only events of their ReplicaSet say so.",
	  .mend = "Mend what the message names, or let the account use another policy.",
	  .bad = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: "
		 "p\nspec:\n  privileged: false\n  volumes: [configMap]\n  runAsUser: {rule: "
		 "MustRunAsNonRoot}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n "
		 " containers:\n  - name: a\n    image: a\n    securityContext: {privileged: "
		 "true}\n",
	  .good = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: "
		  "p\nspec:\n  privileged: false\n  volumes: [configMap]\n  runAsUser: {rule: "
		  "MustRunAsNonRoot}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: "
		  "a\nspec:\n  containers:\n  - name: a\n    image: a\n",
	  .run = k8_legacy_refuses,
	  .across = true },
	{ .id = "K8S029",
	  .name = "legacy-policy-migration",
	  .title = "A PodSecurityPolicy or SecurityContextConstraints lets the pods through",
	  .severity = FINDING_INFO,
	  .why = "PodSecurityPolicy is gone since Kubernetes 1.25: what takes its place for these "
		 "pods?",
	  .mend = "Label the namespace with the level that the message names.",
	  .bad = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: "
		 "p\nspec:\n  privileged: false\n  volumes: [configMap]\n  runAsUser: {rule: "
		 "MustRunAsNonRoot}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n "
		 " containers:\n  - name: a\n    image: a\n",
	  .good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		  "name: a\n    image: a\n",
	  .run = k8_legacy_migration,
	  .across = true },
};

const struct family kubernetes_family = {
	.name = "kubernetes",
	.title = "Kubernetes objects",
	.artifact = ARTIFACT_MANIFEST,
	.checks = checks,
	.count = COUNT_OF(checks),
};
