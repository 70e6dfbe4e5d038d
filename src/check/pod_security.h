/* SPDX-License-Identifier: Apache-2.0 */
/* pod_security.h — the Pod Security Standards, judged as kubernetes/pod-security-admission judges:
 * every control with the levels and the versions it belongs to. Rows are in pod_controls.c. */
#pragma once

#include "check/manifest.h"

struct judged_pod {
	struct examination *exam;
	const struct manifest_object *object;
	const struct value *spec, *metadata;
	unsigned minor;  /* judged as of v1.minor; the newest rules are those of v1.37 */
	bool host_users; /* false: the pod has a user namespace of its own */
	bool is_windows;
};

struct pod_control {
	const char *id;                /* of its check */
	const char *reason;            /* as Kubernetes words a refusal */
	enum pod_security_level level; /* the lowest that has it */
	unsigned since;                /* v1.since */
	unsigned windows_exempt_since; /* 0: never */
	const char *overrides;         /* id of the baseline control that it replaces; or NULL */
	void (*judge)(const struct judged_pod *pod);
};

extern const struct pod_control pod_controls[];
extern const size_t pod_control_count;

const struct pod_control *pod_control_of(const struct check *check); /* NULL: none of them */
/* A level and a version as the labels of a namespace have them; what is wrong is read as
 * restricted, as latest, and -EINVAL. */
int pod_security_parse_level(struct text name, enum pod_security_level *out);
int pod_security_parse_version(struct text version, unsigned *minor);

void pod_judge(struct examination *exam, const struct manifest_object *object,
	       struct pod_security standard);

struct finding *pod_report(const struct judged_pod *pod, const struct value *at, const char *fmt,
			   ...) __attribute__((format(printf, 3, 4)));
