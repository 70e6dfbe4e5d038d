/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h — one thread's event loop: descriptors, timers, work at the end of a round, work from
 * other threads.
 *
 * A round is: wait, run what is ready, run due timers, run posted tasks, then everything deferred.
 * What was written during a round is sent in its deferred part, so that all answers of a round
 * share a write.
 *
 * Descriptors are edge-triggered: a watch is told once that something changed and must read or
 * write until it would block (or remember that it has not). Nothing here allocates after start but
 * the timer heap, when it grows. Watches, timers and tasks are members of their owners; the loop
 * never owns them.
 *
 * All functions are for the loop's own thread, except loop_post and loop_stop. */
#pragma once

#include "base/base.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *loop);          /* accepts NULL */
void loop_run(struct loop *loop);           /* until loop_stop */
void loop_run_deferred(struct loop *loop);  /* what is left after the last round */
void loop_stop(struct loop *loop);          /* any thread; the current round is finished first */
uint64_t loop_now(const struct loop *loop); /* monotonic ns, read once a round */
int64_t loop_wall(const struct loop *loop); /* wall-clock ns, read once a round */

struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events); /* EPOLLIN, EPOLLOUT, … */
};

/* events: EPOLLIN | EPOLLOUT …; edge-triggered. Errors: those of epoll_ctl(2). */
int loop_watch(struct loop *loop, struct watch *watch, uint32_t events, struct error *err);
void loop_unwatch(struct loop *loop, struct watch *watch); /* before its fd is closed */

struct timer {
	uint64_t due_ns;
	size_t place; /* in the loop's heap, counted from 1; 0: not set */
	void (*fire)(struct timer *timer);
};

void timer_set(struct loop *loop, struct timer *timer, uint64_t due_ns); /* again: moves it */
void timer_cancel(struct loop *loop, struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->place != 0;
}

/* Work for the end of the round. Deferring what is deferred already changes nothing. */
struct deferred {
	struct list link;
	void (*run)(struct deferred *deferred);
};

void loop_defer(struct loop *loop, struct deferred *deferred);
void loop_undefer(struct deferred *deferred);

/* Work handed over by another thread; `run` is called on the loop's thread and may free the task.
 */
struct task {
	struct task *next;
	void (*run)(struct task *task);
};

void loop_post(struct loop *loop, struct task *task); /* any thread; in order of posting */

DEFINE_AUTO(struct loop, loop_free)
