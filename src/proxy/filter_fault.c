/* SPDX-License-Identifier: Apache-2.0 */
/* filter_fault.c — injects the faults of the route: first the delay, then the abort. */
#include "proxy/fault.h"
#include "proxy/filter.h"

#include "proxy/worker.h"

static bool strikes(uint32_t chance)
{
	return chance > 0 && random_below(CHANCE_CERTAIN) < chance;
}

static const struct wait_ops delay_ops = { .on_timer = exchange_resume };

static enum filter_step delay_request(struct exchange *exchange)
{
	const struct fault_policy *fault = exchange->route->fault;

	if (fault == NULL || fault->delay_ns == 0 || !strikes(fault->delay_chance))
		return FILTER_NEXT;
	exchange->flags |= FLAG_DELAYED;
	exchange->worker->metrics.delays_injected++;
	exchange_wait(exchange, &delay_ops, NULL);
	exchange_wait_until(exchange, loop_now(exchange->worker->loop) + fault->delay_ns);
	return FILTER_WAITING;
}

/* To a client that speaks gRPC: trailers, and nothing before them. */
static void answer_grpc(struct exchange *exchange, int status)
{
	struct http_fields *fields = &exchange->response.fields;

	http_fields_set_known(fields, HTTP_CONTENT_TYPE, TEXT("application/grpc"));
	http_fields_set_known(fields, HTTP_GRPC_STATUS,
			      text_of(arena_printf(&exchange->arena, "%d", status)));
	http_fields_set_known(fields, HTTP_GRPC_MESSAGE, TEXT("fault filter abort"));
	exchange_answer_with_fields(exchange, 200, TEXT(""), FLAG_ABORTED, "fault_filter_abort");
}

static enum filter_step abort_request(struct exchange *exchange)
{
	const struct fault_policy *fault = exchange->route->fault;

	if (fault == NULL || !strikes(fault->abort_chance))
		return FILTER_NEXT;
	exchange->worker->metrics.aborts_injected++;
	if (fault->abort_grpc_status != FAULT_NO_GRPC_STATUS && exchange_is_grpc(exchange))
		answer_grpc(exchange, fault->abort_grpc_status);
	else
		exchange_answer(exchange, fault->abort_status, "fault filter abort", FLAG_ABORTED,
				"fault_filter_abort");
	return FILTER_ANSWERED;
}

const struct filter fault_delay_filter = { .name = "fault delay", .on_request = delay_request };
const struct filter fault_abort_filter = { .name = "fault abort", .on_request = abort_request };
