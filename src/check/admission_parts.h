/* SPDX-License-Identifier: Apache-2.0 */
/* admission_parts.h — inside the room: a request as it is judged, and the decision as it grows. */
#pragma once

#include "check/admission.h"

#define WARNINGS_MAX    16 /* what people still read; Kubernetes cuts at 4 KiB */
#define ANNOTATIONS_MAX 4

struct admission {
	const struct admission_settings *settings;
	struct arena arena;    /* the namespaces' names and standards */
	struct map namespaces; /* name -> struct pod_standards */
};

struct admission_request {
	struct text uid, operation, namespace, name, user;
	struct text group, resource, subresource;
	const struct value *object, *old; /* NULL where absent */
	struct pod_security enforce;      /* see admission_review */
	struct text review;               /* in which all of these stand */
};

struct annotation {
	const char *key, *value;
};

struct decision {
	struct arena *arena;
	const char *denied; /* why; NULL: allowed */
	unsigned code;      /* HTTP status of the refusal */
	bool is_exempt, is_unexamined;
	const char *warnings[WARNINGS_MAX];
	size_t warning_count; /* more than WARNINGS_MAX: the rest is only counted */
	struct annotation annotations[ANNOTATIONS_MAX];
	size_t annotation_count;
};

void decision_deny(struct decision *decision, unsigned code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void decision_warn(struct decision *decision, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void decision_annotate(struct decision *decision, const char *key, const char *value);

/* admission_scope.c: what is to be judged at all. */
bool admission_is_of_interest(const struct admission_request *request);
/* "namespace", "user" or NULL. */
const char *admission_exempt(const struct admission_settings *settings,
			     const struct admission_request *request);

/* admission_judge.c */
void admission_judge(const struct admission *admission, const struct admission_request *request,
		     struct decision *decision);
