/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h — who may do what: resources in, decisions out, and the reasons for them.
 *
 *	policy_compile   a resource set    -> everything that was said about access, checked
 *	policy_select    one workload      -> just what applies to it, indexed
 *	policy_decide    a request's facts -> allow or deny, and by which rule
 *	policy_explain   the same, as a trace of each stage with near misses (explain.h)
 *
 * Order of a request through it (Istio's filter chain): policy_mtls_mode at accept, policy_custom
 * (the caller asks the external authorizer), request_authenticate (authenticate.h), policy_decide.
 *
 * Pure: no I/O, no clock, no globals. A compiled policy and what was selected from it never change;
 * any number of threads share them by reference. policy_decide and policy_custom allocate nothing.
 * Semantics: facts/istio.md sections 1.1 to 1.3, that is istio:pilot/pkg/security/{authz,authn}. */
#pragma once

#include "base/base.h"
#include "policy/authenticate.h"
#include "policy/decision.h"
#include "policy/evaluate.h"
#include "policy/explain.h"
#include "policy/facts.h"
#include "policy/identity_parts.h"
#include "policy/jwt.h"
#include "policy/path.h"
#include "resource/resource.h"

/* Compiled, immutable, shared by reference. */
struct policy;

/* Trust domain, aliases, root namespace and external authorizers are the set's MeshConfig's. Keeps
 * a reference to the set. Mistakes in a policy are all reported to `diagnostics` (may be NULL); the
 * first is in err too, and then there is no policy: -EINVAL. */
int policy_compile(struct resource_set *set, struct policy **out, struct diagnostics *diagnostics,
		   struct error *err);
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy);
DEFINE_AUTO(struct policy, policy_unref)

/* Whom a request arrives at. Borrowed for the call. */
struct policy_target {
	struct text namespace;
	const struct text_map *labels; /* NULL: none */
	struct text name;              /* of the workload, for AccessPolicy targets; or absent */
	struct text service_account;   /* another name for it there; or absent */
	struct text gateway; /* name of a Gateway API gateway, for targetRefs; else absent */
};

/* All that applies to one workload, indexed. Holds a reference to its policy. Not cheap: once per
 * workload and policy, never per request. */
struct workload_policy;
struct workload_policy *policy_select(struct policy *policy, const struct policy_target *target);
struct workload_policy *workload_policy_ref(struct workload_policy *workload);
void workload_policy_unref(struct workload_policy *workload);
DEFINE_AUTO(struct workload_policy, workload_policy_unref)

enum mtls_mode { MTLS_STRICT = 0, MTLS_PERMISSIVE, MTLS_DISABLE };
const char *mtls_mode_name(enum mtls_mode mode); /* "STRICT" */
/* For a workload's port, known or not. */
enum mtls_mode policy_mtls_mode(const struct workload_policy *workload, uint16_t port);
/* Which PeerAuthentication said so; at.line 0: none did. */
struct source_pos policy_mtls_source(const struct workload_policy *workload, uint16_t port);

struct extension_provider;

/* The external authorizers that must be asked about this request, before JWT. NULL provider: none.
 * `denied`: Istio's answer to several providers on one workload, or to one that MeshConfig does not
 * have, is to deny what matches. */
struct custom_match {
	const char *provider; /* MeshConfig extensionProviders[].name */
	const struct rule_origin *by;
	bool denied;
};
/* The one that HTTP requests to this workload may have to be taken to; NULL: none, or `denied`. */
const struct extension_provider *workload_authorizer(const struct workload_policy *workload);
struct custom_match policy_custom(const struct workload_policy *workload,
				  const struct request_facts *facts);

/* AUDIT, DENY, ALLOW, AccessPolicy. Fills all of *out and returns out->verdict. */
enum verdict policy_decide(const struct workload_policy *workload,
			   const struct request_facts *facts, struct decision *out);
