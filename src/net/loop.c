/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include "net/timer_heap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_A_ROUND 256

struct loop {
	int epoll_fd;
	struct watch wakeup; /* an eventfd: a task was posted, or stop */
	atomic_bool stopping;
	uint64_t now_ns;
	int64_t wall_ns;
	struct timer_heap timers;
	struct list deferred;

	struct epoll_event events[EVENTS_A_ROUND]; /* of this round */
	int event_count, event_next;

	pthread_mutex_t post_lock; /* guards the two below */
	struct task *posted_first, **posted_last;
};

static void on_wakeup(struct watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	(void)!read(watch->fd, &count, sizeof(count)); /* tasks run at their point of the round */
}

static void read_clocks(struct loop *loop)
{
	loop->now_ns = clock_monotonic_ns();
	loop->wall_ns = clock_wall_ns();
}

struct loop *loop_new(void)
{
	struct loop *loop = MEM_NEW(struct loop);

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wakeup =
		(struct watch){ .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .ready = on_wakeup };
	list_init(&loop->deferred);
	pthread_mutex_init(&loop->post_lock, NULL);
	loop->posted_last = &loop->posted_first;
	read_clocks(loop);
	if (loop->epoll_fd < 0 || loop->wakeup.fd < 0
	    || loop_watch(loop, &loop->wakeup, EPOLLIN, NULL) < 0) {
		log_error("cannot create an event loop: %s", strerror(errno));
		abort(); /* out of descriptors at start: nothing can run */
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	close(loop->wakeup.fd);
	close(loop->epoll_fd);
	timer_heap_done(&loop->timers);
	pthread_mutex_destroy(&loop->post_lock);
	mem_free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->now_ns;
}

int64_t loop_wall(const struct loop *loop)
{
	return loop->wall_ns;
}

int loop_watch(struct loop *loop, struct watch *watch, uint32_t events, struct error *err)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0)
		return error_set(err, -errno, "cannot watch descriptor %d: %s", watch->fd,
				 strerror(errno));
	return 0;
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	/* what this round still holds for it must not be delivered: its owner may be gone by then
	 */
	for (int i = loop->event_next; i < loop->event_count; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
}

void timer_set(struct loop *loop, struct timer *timer, uint64_t due_ns)
{
	timer_heap_set(&loop->timers, timer, due_ns);
}

void timer_cancel(struct loop *loop, struct timer *timer)
{
	timer_heap_remove(&loop->timers, timer);
}

void loop_defer(struct loop *loop, struct deferred *deferred)
{
	if (!list_is_linked(&deferred->link))
		list_append(&loop->deferred, &deferred->link);
}

void loop_undefer(struct deferred *deferred)
{
	list_remove(&deferred->link);
}

static void wake(struct loop *loop)
{
	const uint64_t one = 1;

	(void)!write(loop->wakeup.fd, &one, sizeof(one));
}

void loop_post(struct loop *loop, struct task *task)
{
	task->next = NULL;
	pthread_mutex_lock(&loop->post_lock);
	*loop->posted_last = task;
	loop->posted_last = &task->next;
	pthread_mutex_unlock(&loop->post_lock);
	wake(loop);
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	wake(loop);
}

/* Milliseconds that epoll_wait may sleep; rounded up, so that a timer is due when it wakes. */
static int wait_ms(const struct loop *loop)
{
	const struct timer *first = timer_heap_first(&loop->timers);

	if (first == NULL)
		return -1;

	const uint64_t now = clock_monotonic_ns();

	if (first->due_ns <= now)
		return 0;
	return (int)MIN_OF((first->due_ns - now + NS_PER_MS - 1) / NS_PER_MS, (uint64_t)60000);
}

static void run_events(struct loop *loop)
{
	while (loop->event_next < loop->event_count) {
		const struct epoll_event *event = &loop->events[loop->event_next++];
		struct watch *watch = event->data.ptr;

		if (watch != NULL)
			watch->ready(watch, event->events);
	}
}

static void run_timers(struct loop *loop)
{
	struct timer *timer;

	while ((timer = timer_heap_first(&loop->timers)) != NULL && timer->due_ns <= loop->now_ns) {
		timer_heap_remove(&loop->timers, timer);
		timer->fire(timer);
	}
}

static void run_tasks(struct loop *loop)
{
	pthread_mutex_lock(&loop->post_lock);
	struct task *task = loop->posted_first;

	loop->posted_first = NULL;
	loop->posted_last = &loop->posted_first;
	pthread_mutex_unlock(&loop->post_lock);

	while (task != NULL) {
		struct task *next = task->next;

		task->run(task);
		task = next;
	}
}

void loop_run_deferred(struct loop *loop)
{
	while (!list_is_empty(&loop->deferred)) {
		struct deferred *deferred = LIST_ITEM(loop->deferred.next, struct deferred, link);

		list_remove(&deferred->link);
		deferred->run(deferred);
	}
}

void loop_run(struct loop *loop)
{
	loop_run_deferred(loop); /* what was prepared before the loop ran */
	while (!atomic_load_explicit(&loop->stopping, memory_order_relaxed)) {
		const int count =
			epoll_wait(loop->epoll_fd, loop->events, EVENTS_A_ROUND, wait_ms(loop));

		loop->event_count = MAX_OF(count, 0); /* EINTR: a round without events */
		loop->event_next = 0;
		read_clocks(loop);
		run_events(loop);
		run_timers(loop);
		run_tasks(loop);
		loop_run_deferred(loop);
	}
	atomic_store(&loop->stopping, false);
}
