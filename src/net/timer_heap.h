/* SPDX-License-Identifier: Apache-2.0 */
/* timer_heap.h — timers ordered by when they are due: a binary heap whose members know their place.
 */
#pragma once

#include "net/loop.h"

struct timer_heap {
	struct timer **slots; /* owned; slots[0] is unused, so that place 0 means "not set" */
	size_t count, capacity;
};

void timer_heap_done(struct timer_heap *heap);
void timer_heap_set(struct timer_heap *heap, struct timer *timer, uint64_t due_ns);
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);
struct timer *timer_heap_first(const struct timer_heap *heap); /* NULL if empty */
