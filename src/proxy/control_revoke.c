/* SPDX-License-Identifier: Apache-2.0 */
/* control_revoke.c — tells every worker who is revoked, as soon as resources are loaded and before
 * any plan is made of them. */
#include "proxy/control.h"
#include "proxy/revoke.h"

struct revoke_task {
	struct task task;
	struct worker *worker;
	struct revocations *revocations; /* a reference */
};

static void run_revoke(struct task *task)
{
	struct revoke_task *revoke = CONTAINER_OF(task, struct revoke_task, task);

	worker_set_revocations(revoke->worker, revoke->revocations);
	mem_free(revoke);
}

void control_revoke(const struct control *control)
{
	AUTO(revocations_unref)
	struct revocations *revocations = revocations_compile(control->resources);

	for (size_t i = 0; i < control->worker_count; i++) {
		struct revoke_task *revoke = MEM_NEW(struct revoke_task);

		revoke->task.run = run_revoke;
		revoke->worker = control->workers[i];
		revoke->revocations = revocations_ref(revocations);
		loop_post(revoke->worker->loop, &revoke->task);
	}
}
