/* SPDX-License-Identifier: Apache-2.0 */
#include "net/timer_heap.h"

void timer_heap_done(struct timer_heap *heap)
{
	mem_free(heap->slots);
	*heap = (struct timer_heap){ 0 };
}

static void put(struct timer_heap *heap, size_t place, struct timer *timer)
{
	heap->slots[place] = timer;
	timer->place = place;
}

static void move_up(struct timer_heap *heap, struct timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && heap->slots[place / 2]->due_ns > timer->due_ns) {
		put(heap, place, heap->slots[place / 2]);
		place /= 2;
	}
	put(heap, place, timer);
}

static void move_down(struct timer_heap *heap, struct timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = place * 2;

		if (child > heap->count)
			break;
		if (child < heap->count
		    && heap->slots[child + 1]->due_ns < heap->slots[child]->due_ns)
			child++;
		if (heap->slots[child]->due_ns >= timer->due_ns)
			break;
		put(heap, place, heap->slots[child]);
		place = child;
	}
	put(heap, place, timer);
}

void timer_heap_set(struct timer_heap *heap, struct timer *timer, uint64_t due_ns)
{
	timer->due_ns = due_ns;
	if (timer->place == 0) {
		if (heap->count + 2 > heap->capacity) {
			heap->capacity = MAX_OF(heap->capacity * 2, (size_t)64);
			heap->slots = mem_realloc_array(heap->slots, heap->capacity,
							sizeof(struct timer *));
		}
		put(heap, ++heap->count, timer);
	}
	move_up(heap, timer);
	move_down(heap, timer);
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer)
{
	const size_t place = timer->place;

	if (place == 0)
		return;

	struct timer *last = heap->slots[heap->count--];

	timer->place = 0;
	if (last == timer)
		return;
	put(heap, place, last);
	move_up(heap, last);
	move_down(heap, last);
}

struct timer *timer_heap_first(const struct timer_heap *heap)
{
	return heap->count > 0 ? heap->slots[1] : NULL;
}
