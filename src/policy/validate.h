/* SPDX-License-Identifier: Apache-2.0 */
/* validate.h — what Istio's admission would refuse or warn about in security policies beyond their
 * shape (which the resource room has checked), with the position of the very field. Source:
 * istio:pkg/config/validation, pkg/config/security. */
#pragma once

#include "policy/access.h"
#include "resource/resource.h"

void authorization_validate(const struct authorization_policy *policy, problem_fn *report,
			    void *context);
void request_authentication_validate(const struct request_authentication *policy,
				     problem_fn *report, void *context);

/* Where problems go, as the functions below write them. */
struct problem_sink {
	problem_fn *report;
	void *context;
};
void problem_add(const struct problem_sink *sink, enum severity severity, struct source_pos at,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
