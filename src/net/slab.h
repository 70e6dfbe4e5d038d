/* SPDX-License-Identifier: Apache-2.0 */
/* slab.h — 16 KiB pieces of memory that one worker's connections take and give back, and queues of
 * bytes made of them.
 *
 * An idle connection holds none; a busy one as many as its limits allow. The pool keeps what comes
 * back, so the steady path takes nothing from the heap. Not shared between threads. */
#pragma once

#include "base/base.h"

#include <stddef.h>
#include <stdint.h>

#define SLAB_SIZE 16384 /* the payload of one full TLS record */
#define SLAB_HEAD 8     /* in a queue there is room before and behind, */
#define SLAB_TAIL 24    /* so that a record can be sealed where it lies */

#define SLAB_ROOM (SLAB_HEAD + SLAB_SIZE + SLAB_TAIL) /* of a slab that is in no queue */

struct slab {
	struct slab *next;
	uint32_t start, end; /* data[start..end) are the bytes in use */
	char data[SLAB_ROOM];
};

struct slab_pool {
	struct slab *free;
	size_t free_count, taken_count;
};

void slab_pool_done(struct slab_pool *pool);
struct slab *slab_take(struct slab_pool *pool);
void slab_give(struct slab_pool *pool, struct slab *slab); /* accepts NULL */

struct byte_queue { /* zero-initialised is empty; holds slabs of one pool */
	struct slab *first, *last;
	size_t len;
};

void byte_queue_clear(struct byte_queue *queue, struct slab_pool *pool);
void byte_queue_add(struct byte_queue *queue, struct slab_pool *pool, const void *bytes,
		    size_t len);
/* `len` bytes in one piece, len <= SLAB_SIZE, to be filled by the caller; they count at once. */
char *byte_queue_extend(struct byte_queue *queue, struct slab_pool *pool, size_t len);
/* Room at the end (at least 1 byte) for a producer that does not know how much it will write;
 * byte_queue_produced says how much it did. */
char *byte_queue_room(struct byte_queue *queue, struct slab_pool *pool, size_t *room);
void byte_queue_produced(struct byte_queue *queue, size_t len);
void byte_queue_consume(struct byte_queue *queue, struct slab_pool *pool, size_t len);
/* Moves the first slab of `from`, whose bytes the caller changed in place: now start to end. */
void byte_queue_move_first(struct byte_queue *to, struct byte_queue *from, uint32_t start,
			   uint32_t end);
/* Moves everything from `from` behind what is in `to`; nothing is copied. */
void byte_queue_move(struct byte_queue *to, struct byte_queue *from);
