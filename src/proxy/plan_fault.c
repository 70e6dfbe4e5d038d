/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/fault.h"

#include "proxy/plan_parts.h"

uint32_t plan_chance(double per_cent)
{
	return (uint32_t)(per_cent / 100 * CHANCE_CERTAIN + 0.5);
}

/* Istio: a fault without a percentage is one for 0 per cent. */
static uint32_t chance_of(struct plan_build *build, struct source_pos at,
			  const struct optional_double *percentage)
{
	if (!percentage->is_set)
		plan_warn(build, at,
			  "without 'percentage' no request is affected; write percentage: "
			  "{ value: 100 } for all");
	return plan_chance(percentage->value);
}

/* What a client that does not speak gRPC is told (Envoy's table). */
static unsigned http_status_of(uint32_t grpc_status)
{
	static const unsigned statuses[] = { 200, 499, 500, 400, 504, 404, 409, 403, 429,
					     400, 409, 400, 501, 500, 503, 500, 401 };

	return grpc_status < COUNT_OF(statuses) ? statuses[grpc_status] : 500;
}

static void compile_abort(struct plan_build *build, const struct http_fault_abort *from,
			  struct fault_policy *out)
{
	out->abort_chance = chance_of(build, from->at, &from->percentage);
	if (from->grpc_status > 0) {
		out->abort_grpc_status = from->grpc_status - 1;
		out->abort_status = http_status_of((uint32_t)out->abort_grpc_status);
	} else {
		out->abort_status = (unsigned)from->http_status.value;
	}
}

const struct fault_policy *plan_fault(struct plan_build *build, const struct http_fault *from)
{
	struct fault_policy *fault;

	if (from == NULL)
		return NULL;
	fault = ARENA_NEW(&build->plan->arena, struct fault_policy);
	fault->abort_grpc_status = FAULT_NO_GRPC_STATUS;
	if (from->delay != NULL) {
		fault->delay_ns = from->delay->fixed_delay.ns;
		fault->delay_chance = chance_of(build, from->delay->at, &from->delay->percentage);
	}
	if (from->abort != NULL)
		compile_abort(build, from->abort, fault);
	return fault;
}
