/* SPDX-License-Identifier: Apache-2.0 */
#include "net/slab.h"

#define FREE_MAX 256 /* 4 MiB a worker are kept; what a burst took beyond goes back to the heap */

void slab_pool_done(struct slab_pool *pool)
{
	while (pool->free != NULL) {
		struct slab *slab = pool->free;

		pool->free = slab->next;
		mem_free(slab);
	}
	pool->free_count = 0;
}

struct slab *slab_take(struct slab_pool *pool)
{
	struct slab *slab = pool->free;

	pool->taken_count++;
	if (slab != NULL) {
		pool->free = slab->next;
		pool->free_count--;
	} else {
		slab = mem_realloc(NULL, sizeof(*slab)); /* not zeroed: it is written before read */
	}
	slab->next = NULL;
	slab->start = slab->end = 0;
	return slab;
}

void slab_give(struct slab_pool *pool, struct slab *slab)
{
	if (slab == NULL)
		return;
	pool->taken_count--;
	if (pool->free_count >= FREE_MAX) {
		mem_free(slab);
		return;
	}
	slab->next = pool->free;
	pool->free = slab;
	pool->free_count++;
}

void byte_queue_clear(struct byte_queue *queue, struct slab_pool *pool)
{
	byte_queue_consume(queue, pool, queue->len);
}

static void append(struct byte_queue *queue, struct slab *slab)
{
	if (queue->last != NULL)
		queue->last->next = slab;
	else
		queue->first = slab;
	queue->last = slab;
}

static void add_slab(struct byte_queue *queue, struct slab_pool *pool)
{
	struct slab *slab = slab_take(pool);

	slab->start = slab->end = SLAB_HEAD;
	append(queue, slab);
}

char *byte_queue_room(struct byte_queue *queue, struct slab_pool *pool, size_t *room)
{
	if (queue->last == NULL || queue->last->end >= SLAB_HEAD + SLAB_SIZE)
		add_slab(queue, pool);
	*room = SLAB_HEAD + SLAB_SIZE - queue->last->end;
	return queue->last->data + queue->last->end;
}

void byte_queue_produced(struct byte_queue *queue, size_t len)
{
	queue->last->end += (uint32_t)len;
	queue->len += len;
}

char *byte_queue_extend(struct byte_queue *queue, struct slab_pool *pool, size_t len)
{
	size_t room;
	char *start = byte_queue_room(queue, pool, &room);

	if (room < len) {
		add_slab(queue, pool);
		start = queue->last->data + queue->last->end;
	}
	byte_queue_produced(queue, len);
	return start;
}

void byte_queue_add(struct byte_queue *queue, struct slab_pool *pool, const void *bytes, size_t len)
{
	const char *next = bytes;

	while (len > 0) {
		size_t room;
		char *start = byte_queue_room(queue, pool, &room);
		const size_t part = MIN_OF(room, len);

		memcpy(start, next, part);
		byte_queue_produced(queue, part);
		next += part;
		len -= part;
	}
}

void byte_queue_consume(struct byte_queue *queue, struct slab_pool *pool, size_t len)
{
	queue->len -= len;
	while (queue->first != NULL) {
		struct slab *slab = queue->first;
		const size_t part = MIN_OF((size_t)(slab->end - slab->start), len);

		slab->start += (uint32_t)part;
		len -= part;
		if (slab->start < slab->end)
			return;
		queue->first = slab->next;
		if (queue->first == NULL)
			queue->last = NULL;
		slab_give(pool, slab);
	}
}

void byte_queue_move_first(struct byte_queue *to, struct byte_queue *from, uint32_t start,
			   uint32_t end)
{
	struct slab *slab = from->first;

	from->len -= slab->end - slab->start;
	from->first = slab->next;
	if (from->first == NULL)
		from->last = NULL;
	slab->next = NULL;
	slab->start = start;
	slab->end = end;
	append(to, slab);
	to->len += end - start;
}

void byte_queue_move(struct byte_queue *to, struct byte_queue *from)
{
	if (from->first == NULL)
		return;
	if (to->last != NULL)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->len += from->len;
	*from = (struct byte_queue){ 0 };
}
