/* SPDX-License-Identifier: Apache-2.0 */
/* plan_delegate.h — routes that another VirtualService has for one that delegates to it. */
#pragma once

#include "proxy/plan_match.h"

struct delegated_route {
	const struct virtual_service *service; /* which has it */
	struct http_route route;               /* merged with the one that delegates */
};

/* The routes in place of `root`, which delegates; in the plan's arena. What cannot be taken is
 * said.
 */
size_t plan_delegated(struct plan_build *build, const struct virtual_service *service,
		      const struct http_route *root, struct delegated_route **out);
