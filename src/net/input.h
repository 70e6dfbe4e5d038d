/* SPDX-License-Identifier: Apache-2.0 */
/* input.h — bytes that arrived and are not used up yet, in one piece.
 *
 * Begins with no memory, takes a slab for the first bytes and moves to the heap only for a message
 * head longer than that (rare, bounded by the caller's limit). Released as soon as it is empty. */
#pragma once

#include "net/slab.h"

struct input {
	char *bytes; /* bytes[start..end) are there */
	size_t start, end, capacity;
	struct slab *slab; /* where bytes lie; NULL with bytes set: on the heap */
};

/* Room for at least one more byte behind `end`, the memory growing up to `limit` bytes in all.
 * NULL: the limit is reached. The bytes may move. */
char *input_room(struct input *input, struct slab_pool *pool, size_t limit, size_t *room);
void input_release(struct input *input, struct slab_pool *pool); /* drops everything */

/* Hands the memory over to `head`, whose first `used` bytes from start on are the caller's message;
 * what is behind them goes to the front of a new input. Pointers into the message stay valid. */
void input_split(struct input *input, size_t used, struct input *head, struct slab_pool *pool);

static inline size_t input_length(const struct input *input)
{
	return input->end - input->start;
}

static inline char *input_bytes(const struct input *input)
{
	return input->bytes + input->start;
}

static inline void input_consume(struct input *input, size_t len)
{
	input->start += len;
}
