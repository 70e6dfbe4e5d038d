/* SPDX-License-Identifier: Apache-2.0 */
/* control_gather.c — asks every worker for a copy of its counters; nobody waits for anybody. */
#include "proxy/control.h"

struct gather;

struct gather_part {
	struct task task; /* to the worker, and back */
	struct gather *gather;
	struct worker *worker;
	struct metrics copy;
};

struct gather {
	struct control *control;
	metrics_gathered_fn done;
	void *owner;
	size_t missing;
	struct metrics sum;
	struct gather_part parts[];
};

static void collect(struct task *task)
{
	struct gather_part *part = CONTAINER_OF(task, struct gather_part, task);
	struct gather *gather = part->gather;

	metrics_add(&gather->sum, &part->copy);
	metrics_done(&part->copy);
	if (--gather->missing > 0)
		return;
	gather->done(gather->owner, &gather->sum);
	metrics_done(&gather->sum);
	mem_free(gather);
}

static void copy(struct task *task)
{
	struct gather_part *part = CONTAINER_OF(task, struct gather_part, task);

	metrics_copy(&part->worker->metrics, &part->copy);
	part->task.run = collect;
	loop_post(part->gather->control->loop, &part->task);
}

void control_gather_metrics(struct control *control, metrics_gathered_fn done, void *owner)
{
	struct gather *gather =
		mem_alloc(sizeof(*gather) + control->worker_count * sizeof(struct gather_part));

	gather->control = control;
	gather->done = done;
	gather->owner = owner;
	gather->missing = control->worker_count;
	for (size_t i = 0; i < control->worker_count; i++) {
		struct gather_part *part = &gather->parts[i];

		part->gather = gather;
		part->worker = control->workers[i];
		part->task.run = copy;
		loop_post(part->worker->loop, &part->task);
	}
}
