/* SPDX-License-Identifier: Apache-2.0 */
/* control_files.c — certificates and keys in files that a plan was made from: looked at each
 * second, since they may lie anywhere, on file systems that tell nothing, too. */
#include "proxy/control.h"
#include "proxy/plan_files.h"

#define LOOK_EACH_NS NS_PER_SEC

static void look_again(struct control *control)
{
	timer_set(control->loop, &control->files, loop_now(control->loop) + LOOK_EACH_NS);
}

static void on_files(struct timer *timer)
{
	struct control *control = CONTAINER_OF(timer, struct control, files);

	/* where the last attempt failed, the next one is due already */
	if (control->plan != NULL && !timer_is_set(&control->retry)
	    && plan_files_changed(control->plan)) {
		log_info("a certificate or key has changed");
		control_changed(control);
	}
	look_again(control);
}

void control_watch_files(struct control *control)
{
	control->files.fire = on_files;
	look_again(control);
}
