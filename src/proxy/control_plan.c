/* SPDX-License-Identifier: Apache-2.0 */
/* control_plan.c — from a change to a plan in force. */
#include "proxy/control.h"

#include <errno.h>

/* ---- handing it to the workers ---- */

struct swap_task {
	struct task task;
	struct worker *worker;
	struct plan *plan; /* a reference */
	int sockets[];
};

static void run_swap(struct task *task)
{
	struct swap_task *swap = CONTAINER_OF(task, struct swap_task, task);

	worker_swap_plan(swap->worker, swap->plan, swap->sockets);
	plan_unref(swap->plan);
	mem_free(swap);
}

static void post_plan(const struct control *control, struct plan *plan,
		      const struct listening *listening)
{
	const size_t size = listening->count * sizeof(int);

	for (size_t w = 0; w < control->worker_count; w++) {
		struct swap_task *swap = mem_alloc(sizeof(*swap) + size);

		swap->task.run = run_swap;
		swap->worker = control->workers[w];
		swap->plan = plan_ref(plan);
		for (size_t i = 0; i < listening->count; i++) {
			const struct listening_item *item = &listening->items[i];

			swap->sockets[i] =
				item->is_new && w < item->socket_count ? item->sockets[w] : -1;
		}
		loop_post(control->workers[w]->loop, &swap->task);
	}
}

/* ---- making it ---- */

static void report(const struct diagnostics *diagnostics)
{
	char text[1024];

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = diagnostics->items[i];

		error_format(&diagnostic->error, text, sizeof(text));
		if (diagnostic->severity == SEVERITY_ERROR)
			log_error("%s", text);
		else
			log_warn("%s", text);
	}
}

static int put_in_force(struct control *control, struct plan *plan, struct error *err)
{
	struct listening listening;
	const int code = listening_open(&control->listening, &control->inheritance, plan,
					control->worker_count, &listening, err);

	if (code < 0)
		return code;
	post_plan(control, plan, &listening);
	listening_done(&control->listening);
	control->listening = listening;
	plan_unref(control->plan);
	control->plan = plan_ref(plan);
	resolver_forget_others(control->resolver);
	control->plans_applied++;
	trace_export_to(control->traces, plan->tracing);
	control_want_keys(control);
	if (control->options->access_log == NULL)
		access_log_reopen(control->log, control_access_log(control));
	log_info("plan %llu in force: %zu workloads, %zu listeners, %zu upstreams%s",
		 (unsigned long long)control->plans_applied, plan->workload_count,
		 plan->listener_count, plan->upstream_count,
		 plan->waiting_for_identity > 0 ? "; some wait for an identity" : "");
	return 0;
}

int control_replan(struct control *control, struct error *err)
{
	const struct plan_options options = {
		.workloads = control->options->workloads,
		.workload_count = control->options->workload_count,
		.captured = control->captured,
		.captured_count = control->options->capture_count,
		.before = control->plan,
		.resolver = control->resolver,
	};
	AUTO(plan_unref) struct plan *plan = NULL;
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;

	diagnostics_init(&diagnostics);
	diagnostics.strict = control->options->strict;

	int code = plan_build(&options, control->resources, control->identity_set, &diagnostics,
			      &plan, err);

	report(&diagnostics);
	if (code == 0 && diagnostics.errors > 0)
		code = error_set(err, -EINVAL, "warnings are errors under --strict");
	if (code == 0)
		code = put_in_force(control, plan, err);
	if (code < 0)
		control->plans_refused++;
	else if (control_is_ready(control))
		control_now_ready(control);
	return code;
}

bool control_is_ready(const struct control *control)
{
	return control->plan != NULL && control->plan->waiting_for_identity == 0
	       && control->plan->waiting_for_names == 0 && !control->is_stopping;
}
