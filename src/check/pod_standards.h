/* SPDX-License-Identifier: Apache-2.0 */
/* pod_standards.h — the Pod Security Standards that a namespace asks for, in three modes: enforce
 * refuses, audit notes, warn tells. Semantics: kubernetes/pod-security-admission, api/helpers.go.
 */
#pragma once

#include "check/run.h"
#include "resource/resource.h"

struct pod_standards {
	struct pod_security enforce, audit, warn;
};

/* The value of a label, absent where it is not set. */
typedef struct text (*label_fn)(const void *labels, const char *name);

/* `defaults`, changed by the labels pod-security.kubernetes.io/{enforce,audit,warn}[-version]. A
 * broken enforce label means restricted:latest, broken others mean privileged; without a label of
 * its own, warn follows a stricter enforce. `fault` (may be NULL) then has the first broken one. */
struct pod_standards pod_standards_of(const struct pod_standards *defaults, label_fn label,
				      const void *labels, struct error *fault);

/* label_fn of a mapping in a tree: `labels` is a struct value or NULL. */
struct text label_of_value(const void *labels, const char *name);
/* label_fn of a resource's labels: a struct text_map. */
struct text label_of_map(const void *labels, const char *name);
