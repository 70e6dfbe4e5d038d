/* SPDX-License-Identifier: Apache-2.0 */
/* lint.h — policies that load and yet hardly mean what they say, as warnings: rules that never
 * match, rules that a spelling of the same request gets around, policies without an effect. */
#pragma once

#include "policy/compiled.h"
#include "policy/validate.h"

/* Within a rule, and between the rules of a policy. */
void lint_authorization(const struct problem_sink *sink, const struct authorization_policy *policy,
			enum path_normalization normalization);
/* Between policies, and between policies and workloads. */
void lint_set(const struct problem_sink *sink, const struct resource_set *set);
