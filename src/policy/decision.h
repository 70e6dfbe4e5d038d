/* SPDX-License-Identifier: Apache-2.0 */
/* decision.h — the answer to "may it pass?", with the rule that gave it.
 *
 * A decision points into the compiled policy that made it and lives no longer than that. */
#pragma once

#include "base/base.h"

enum verdict { VERDICT_DENY = 0, VERDICT_ALLOW };

/* Where the answer fell, in the order in which stages speak. */
enum decision_stage {
	STAGE_NONE = 0, /* nobody objected: no policy selects the workload */
	STAGE_PEER_AUTHENTICATION,
	STAGE_CUSTOM,
	STAGE_REQUEST_AUTHENTICATION,
	STAGE_DENY,
	STAGE_ALLOW,
	STAGE_ACCESS_POLICY,
};

const char *decision_stage_name(enum decision_stage stage); /* "peer-authentication", ... */

/* A rule as people find it again. Immutable, owned by the policy. */
struct rule_origin {
	const char *kind;      /* "AuthorizationPolicy" or "AccessPolicy" */
	const char *namespace; /* of the policy */
	const char *policy;    /* its name */
	const char *rule_name; /* where rules have names; else NULL */
	unsigned rule;         /* index, from 0 */
	struct source_pos at;
	const char *id;     /* "ns[NS]-policy[NAME]-rule[i]", as Envoy's logs say it */
	const char *detail; /* "rbac_access_denied_matched_policy[ID]", for the access log */
};

struct decision {
	enum verdict verdict;
	unsigned status; /* what the client sees: 200, 401, 403; 0: the connection is closed */
	enum decision_stage stage;
	const struct rule_origin
		*unmatched; /* by is NULL: the first policy of those whose rules all did not match;
			       its `rule` and texts about one mean nothing */
	const struct rule_origin
		*by;        /* the rule that decided; NULL: none matched or none was there */
	const char *detail; /* static or by->detail: the reason for the access log */
	const struct rule_origin *audited; /* the first AUDIT rule that matched, or NULL */
	const struct rule_origin
		*shadow_deny;     /* dry-run DENY rule that would have denied, or NULL */
	bool shadow_allow_denies; /* dry-run ALLOW policies are there and none of their rules
				     matched */
	const struct rule_origin *shadow_allow; /* the dry-run ALLOW rule that matched, or NULL */
};

#define DENIED_BODY "RBAC: access denied" /* of a 403 */
