/* SPDX-License-Identifier: Apache-2.0 */
/* admission.h — a Kubernetes AdmissionReview (admission.k8s.io/v1), answered: JSON in, JSON out.
 *
 * Pods are judged by the Pod Security Standards of their namespace, as Kubernetes' own admission
 * judges them; every object by the checks of manifests. Both in three modes: refused, warned of,
 * noted for the audit log. No I/O and no clock; state is only which namespace has which labels, and
 * that comes whole from outside. One thread at a time. */
#pragma once

#include "check/pod_standards.h"

#define ADMISSION_REVIEW_MAX ((size_t)8 << 20) /* bytes; etcd takes objects of 1.5 MiB */

struct admission_settings { /* borrowed */
	const struct check_options *options;
	struct pod_standards standards; /* where a namespace says nothing */
	/* What other checks find: at this severity and worse; FINDING_OFF: never. */
	enum finding_severity deny_from, warn_from, audit_from;
	/* NULL-terminated lists, or NULL */
	const char *const *exempt_namespaces, *const *exempt_users, *const *exempt_runtime_classes;
	bool dry_run;   /* nothing is refused; what would have been is a warning */
	bool fail_open; /* what cannot be examined is let through, with a warning */
};

struct admission;

struct admission *admission_new(const struct admission_settings *settings);
void admission_free(struct admission *admission); /* accepts NULL */
/* The labels of all namespaces; what was known before is forgotten. */
void admission_set_namespaces(struct admission *admission, const struct resource_set *set);

enum admission_verdict {
	ADMISSION_DENIED = 0,
	ADMISSION_ALLOWED,
	ADMISSION_EXEMPT,     /* allowed unseen, by configuration */
	ADMISSION_UNEXAMINED, /* could not be judged; allowed only where settings fail open */
	ADMISSION_VERDICT_COUNT,
};
const char *admission_verdict_name(enum admission_verdict verdict);

struct admission_outcome { /* for logs and metrics */
	enum admission_verdict verdict;
	bool allowed;
	size_t warnings;
	char object[256]; /* "CREATE Pod/shop/web by alice" */
	char reason[512]; /* of a refusal, or what would have been one; "" otherwise */
};

/* Answers the review into `out`. `enforce` (level NONE: not said) is what the caller knows of the
 * namespace where no labels are known. Fails where this is no review to answer: -EINVAL. */
int admission_review(struct admission *admission, struct text review, struct pod_security enforce,
		     struct buffer *out, struct admission_outcome *outcome, struct error *err);
