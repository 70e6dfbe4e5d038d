/* SPDX-License-Identifier: Apache-2.0 */
/* control_plan.c — from a change to a plan in force. */
#include "proxy/control.h"

#include <errno.h>
#include <unistd.h>

/* ---- sockets ---- */

/* listener i, worker w: sockets[w * listeners + i]; -1 where the worker has it open already */
struct socket_table {
	int *sockets;
	size_t listeners, workers;
};

static void close_sockets(struct socket_table *table)
{
	for (size_t i = 0; i < table->listeners * table->workers; i++)
		if (table->sockets[i] >= 0)
			close(table->sockets[i]);
	mem_free(table->sockets);
}

static bool is_open(const struct plan *plan, const char *key)
{
	for (size_t i = 0; plan != NULL && i < plan->listener_count; i++)
		if (strcmp(plan->listeners[i].key, key) == 0)
			return true;
	return false;
}

static int open_for_workers(const struct listener_plan *listener, struct socket_table *table,
			    size_t index, struct error *err)
{
	/* sockets that share a port also share it with a stranger of the same user: look first */
	const int code = socket_check_free(&listener->address, err);

	if (code < 0)
		return code;
	for (size_t w = 0; w < table->workers; w++) {
		const int fd = socket_listen(&listener->address, 0600, err);

		if (fd < 0)
			return fd;
		table->sockets[w * table->listeners + index] = fd;
		if (listener->address.any.sa_family == AF_UNIX)
			break; /* a path has one socket: the first worker's */
	}
	return 0;
}

static int open_sockets(const struct control *control, const struct plan *plan,
			struct socket_table *table, struct error *err)
{
	table->listeners = plan->listener_count;
	table->workers = control->worker_count;
	table->sockets = mem_alloc_array(table->listeners * table->workers, sizeof(int));
	for (size_t i = 0; i < table->listeners * table->workers; i++)
		table->sockets[i] = -1;
	for (size_t i = 0; i < plan->listener_count; i++) {
		const struct listener_plan *listener = &plan->listeners[i];
		int code = 0;

		if (!is_open(control->plan, listener->key))
			code = open_for_workers(listener, table, i, err);
		if (code < 0) {
			err->at = listener->at;
			return code;
		}
	}
	return 0;
}

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
		      const struct socket_table *table)
{
	const size_t size = table->listeners * sizeof(int);

	for (size_t w = 0; w < control->worker_count; w++) {
		struct swap_task *swap = mem_alloc(sizeof(*swap) + size);

		swap->task.run = run_swap;
		swap->worker = control->workers[w];
		swap->plan = plan_ref(plan);
		if (size > 0)
			memcpy(swap->sockets, table->sockets + w * table->listeners, size);
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
	struct socket_table table;
	const int code = open_sockets(control, plan, &table, err);

	if (code < 0) {
		close_sockets(&table);
		return code;
	}
	post_plan(control, plan, &table);
	mem_free(table.sockets);
	plan_unref(control->plan);
	control->plan = plan_ref(plan);
	control->plans_applied++;
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
		.before = control->plan,
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
	return code;
}

bool control_is_ready(const struct control *control)
{
	return control->plan != NULL && control->plan->waiting_for_identity == 0
	       && !control->is_stopping;
}
