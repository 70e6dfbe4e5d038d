/* SPDX-License-Identifier: Apache-2.0 */
/* pod_checks.c — the texts of the Pod Security Standards; names are those of Kubernetes. */
#include "check/families.h"

static const struct check checks[] = {
	{
		.id = "PS001",
		.name = "windowsHostProcess",
		.title = "A Windows HostProcess container has the host",
		.severity = FINDING_ERROR,
		.why = "It runs on the host itself, without isolation.",
		.mend = "Drop windowsOptions.hostProcess.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      windowsOptions:\n       "
		       " hostProcess: true\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n",
	},
	{
		.id = "PS002",
		.name = "hostNamespaces",
		.title = "The pod shares a namespace of the host",
		.severity = FINDING_ERROR,
		.why = "It sees the host's network, processes or memory.",
		.mend = "Drop hostNetwork, hostPID and hostIPC.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  hostNetwork: "
		       "true\n  containers:\n  - name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  hostNetwork: "
			"false\n  containers:\n  - name: a\n    image: a\n",
	},
	{
		.id = "PS003",
		.name = "privileged",
		.title = "A container is privileged",
		.severity = FINDING_ERROR,
		.why = "It is root on the host in all but name.",
		.mend = "Drop privileged; name the one capability or device it needs.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      privileged: true\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      privileged: false\n",
	},
	{
		.id = "PS004",
		.name = "capabilities_baseline",
		.title = "A container adds a capability beyond the default ones",
		.severity = FINDING_ERROR,
		.why = "Such capabilities lead to the host.",
		.mend = "Drop it from capabilities.add.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext: {capabilities: {add: "
		       "[SYS_ADMIN]}}\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext: {capabilities: {add: "
			"[CHOWN]}}\n",
	},
	{
		.id = "PS005",
		.name = "hostPathVolumes",
		.title = "A volume is a directory of the host",
		.severity = FINDING_ERROR,
		.why = "What lies there belongs to the host and to others.",
		.mend = "Use a claim, an emptyDir or a configMap.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n  volumes:\n  - name: v\n    hostPath: {path: "
		       "/var/log}\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n  volumes:\n  - name: v\n    emptyDir: {}\n",
	},
	{
		.id = "PS006",
		.name = "hostPorts",
		.title = "A container uses a port of the host",
		.severity = FINDING_ERROR,
		.why = "It gets around Services and network policies.",
		.mend = "Drop hostPort; use a Service.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    ports:\n    - containerPort: 80\n      "
		       "hostPort: 80\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    ports:\n    - containerPort: 80\n",
	},
	{
		.id = "PS007",
		.name = "hostProbesAndHostLifecycle",
		.title = "A probe or hook chooses its host",
		.severity = FINDING_ERROR,
		.why = "The kubelet can be made to call anything it reaches.",
		.mend = "Drop host; the pod itself is meant then.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    livenessProbe:\n      httpGet:\n        host: "
		       "169.254.169.254\n        port: 80\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    livenessProbe:\n      httpGet:\n        "
			"port: 80\n",
	},
	{
		.id = "PS008",
		.name = "appArmorProfile",
		.title = "AppArmor is turned off",
		.severity = FINDING_ERROR,
		.why = "One of the walls around the container is missing.",
		.mend = "RuntimeDefault, or Localhost with a profile of yours.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      appArmorProfile:\n      "
		       "  type: Unconfined\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      appArmorProfile:\n   "
			"     type: RuntimeDefault\n",
	},
	{
		.id = "PS009",
		.name = "seLinuxOptions",
		.title = "SELinux options beyond the container types are set",
		.severity = FINDING_ERROR,
		.why = "Another type may see the host's files.",
		.mend = "Drop seLinuxOptions.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      seLinuxOptions:\n       "
		       " type: spc_t\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      seLinuxOptions:\n    "
			"    type: container_t\n",
	},
	{
		.id = "PS010",
		.name = "procMount",
		.title = "/proc is not masked",
		.severity = FINDING_ERROR,
		.why = "It shows the host and lets the container change it.",
		.mend = "Drop procMount.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext: {procMount: Unmasked}\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext: {procMount: Default}\n",
	},
	{
		.id = "PS011",
		.name = "seccompProfile_baseline",
		.title = "seccomp is turned off",
		.severity = FINDING_ERROR,
		.why = "Every system call of the kernel is open.",
		.mend = "RuntimeDefault, or Localhost with a profile of yours.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext: {seccompProfile: {type: "
		       "Unconfined}}\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n",
	},
	{
		.id = "PS012",
		.name = "sysctls",
		.title = "An unsafe sysctl is set",
		.severity = FINDING_ERROR,
		.why = "It changes the node for all its pods.",
		.mend = "Drop it.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  "
		       "securityContext:\n    sysctls:\n    - name: kernel.msgmax\n      value: "
		       "'1'\n  containers:\n  - name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  "
			"securityContext:\n    sysctls:\n    - name: net.ipv4.tcp_syncookies\n     "
			" value: '1'\n  containers:\n  - name: a\n    image: a\n",
	},
	{
		.id = "PS013",
		.name = "restrictedVolumes",
		.title = "A volume is of a type that is not allowed",
		.severity = FINDING_WARNING,
		.why = "Drivers of such volumes run with the rights of the host.",
		.mend = "Use a claim, an emptyDir, a configMap, a secret, projected or CSI.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - "
		       "name: v\n    nfs: {server: a, path: /}\n  containers:\n  - name: a\n    "
		       "image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  volumes:\n  - "
			"name: v\n    emptyDir: {}\n  containers:\n  - name: a\n    image: a\n",
	},
	{
		.id = "PS014",
		.name = "allowPrivilegeEscalation",
		.title = "A container may gain privileges",
		.severity = FINDING_WARNING,
		.why = "A setuid program in the image gives root back.",
		.mend = "allowPrivilegeEscalation: false",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      "
			"allowPrivilegeEscalation: false\n",
	},
	{
		.id = "PS015",
		.name = "runAsNonRoot",
		.title = "A container may run as root",
		.severity = FINDING_WARNING,
		.why = "Whoever breaks it is root in it, and one kernel fault away from the host.",
		.mend = "runAsNonRoot: true",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      runAsNonRoot: true\n",
	},
	{
		.id = "PS016",
		.name = "runAsUser",
		.title = "A container runs as user 0",
		.severity = FINDING_WARNING,
		.why = "That is root.",
		.mend = "Another number.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      runAsUser: 0\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      runAsUser: 10001\n",
	},
	{
		.id = "PS017",
		.name = "seccompProfile_restricted",
		.title = "A container has no seccomp profile",
		.severity = FINDING_WARNING,
		.why = "Without one every system call of the kernel is open.",
		.mend = "seccompProfile: {type: RuntimeDefault}",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  "
			"securityContext:\n    seccompProfile:\n      type: RuntimeDefault\n  "
			"containers:\n  - name: a\n    image: a\n",
	},
	{
		.id = "PS018",
		.name = "capabilities_restricted",
		.title = "A container keeps capabilities",
		.severity = FINDING_WARNING,
		.why = "The default ones include changing owners and raw sockets.",
		.mend = "capabilities: {drop: [ALL]}, and add NET_BIND_SERVICE at most.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      capabilities:\n      "
			"  drop: [ALL]\n",
	},
	{
		.id = "PS019",
		.name = "procMount_restricted",
		.title = "/proc is not masked",
		.severity = FINDING_WARNING,
		.why = "It shows the host and lets the container change it.",
		.mend = "Drop procMount.",
		.bad = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - "
		       "name: a\n    image: a\n    securityContext:\n      procMount: Unmasked\n",
		.good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  "
			"- name: a\n    image: a\n    securityContext:\n      procMount: Default\n",
	},
};

const struct family pod_security_family = {
	.name = "pod-security",
	.title = "the Pod Security Standards",
	.artifact = ARTIFACT_MANIFEST,
	.checks = checks,
	.count = COUNT_OF(checks),
};
