/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h — faults that a route injects: a delay, then perhaps an abort, drawn independently.
 * Compiled in plan_fault.c, injected in filter_fault.c. Source: Envoy's fault filter. */
#pragma once

#include "base/base.h"

#define FAULT_NO_GRPC_STATUS (-1)

struct fault_policy {
	uint32_t delay_chance, abort_chance; /* of CHANCE_CERTAIN */
	uint64_t delay_ns;
	unsigned abort_status; /* of HTTP */
	int abort_grpc_status; /* FAULT_NO_GRPC_STATUS: the HTTP status alone */
};
