/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decision.h"

const char *decision_stage_name(enum decision_stage stage)
{
	static const char *const names[] = {
		[STAGE_NONE] = "none",
		[STAGE_PEER_AUTHENTICATION] = "peer-authentication",
		[STAGE_CUSTOM] = "custom",
		[STAGE_REQUEST_AUTHENTICATION] = "request-authentication",
		[STAGE_DENY] = "deny",
		[STAGE_ALLOW] = "allow",
		[STAGE_ACCESS_POLICY] = "access-policy",
	};

	return names[stage];
}
