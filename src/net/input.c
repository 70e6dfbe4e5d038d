/* SPDX-License-Identifier: Apache-2.0 */
#include "net/input.h"

void input_release(struct input *input, struct slab_pool *pool)
{
	if (input->slab != NULL)
		slab_give(pool, input->slab);
	else
		mem_free(input->bytes);
	*input = (struct input){ 0 };
}

static void take_slab(struct input *input, struct slab_pool *pool)
{
	input->slab = slab_take(pool);
	input->bytes = input->slab->data;
	input->capacity = SLAB_ROOM;
	input->start = input->end = 0;
}

static void move_to_front(struct input *input)
{
	memmove(input->bytes, input->bytes + input->start, input_length(input));
	input->end -= input->start;
	input->start = 0;
}

static void move_to_heap(struct input *input, struct slab_pool *pool, size_t capacity)
{
	char *bytes = mem_realloc(NULL, capacity);
	const size_t len = input_length(input);

	memcpy(bytes, input_bytes(input), len);
	input_release(input, pool);
	*input = (struct input){ .bytes = bytes, .end = len, .capacity = capacity };
}

char *input_room(struct input *input, struct slab_pool *pool, size_t limit, size_t *room)
{
	if (input->bytes == NULL)
		take_slab(input, pool);
	else if (input->start == input->end)
		input->start = input->end = 0;
	if (input->end == input->capacity && input->start > 0)
		move_to_front(input);
	if (input->end == input->capacity) {
		if (input->capacity >= limit)
			return NULL;
		move_to_heap(input, pool, MIN_OF(input->capacity * 4, limit));
	}
	*room = input->capacity - input->end;
	return input->bytes + input->end;
}

void input_split(struct input *input, size_t used, struct input *head, struct slab_pool *pool)
{
	const struct input whole = *input;
	const char *rest = input_bytes(&whole) + used;
	size_t left = input_length(&whole) - used;

	*head = whole;
	*input = (struct input){ 0 };
	if (left == 0)
		return;
	if (left > SLAB_ROOM) {
		*input = (struct input){ .bytes = mem_realloc(NULL, left), .capacity = left };
	} else {
		take_slab(input, pool);
	}
	memcpy(input->bytes, rest, left);
	input->end = left;
}
