/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes go through a queue as they went in, however they are put, taken and moved. */
#include "net/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define STEPS   20000
#define LEN_MAX (3 * SLAB_SIZE)

/* What is sent and what is to be received are the same endless sequence: byte n is n * 7 + n / 256.
 */
static char byte_at(uint64_t n)
{
	return (char)(n * 7 + n / 256);
}

static void put_some(struct byte_queue *queue, struct slab_pool *pool, uint64_t *sent)
{
	static char bytes[LEN_MAX];
	const size_t len = random_below(random_below(2) == 0 ? 100 : LEN_MAX);
	const size_t one = MIN_OF(len, (size_t)SLAB_SIZE);
	size_t room;
	char *into;

	switch (random_below(3)) {
	case 0:
		for (size_t i = 0; i < len; i++)
			bytes[i] = byte_at((*sent)++);
		byte_queue_add(queue, pool, bytes, len);
		break;
	case 1:
		into = byte_queue_extend(queue, pool, one);
		for (size_t i = 0; i < one; i++)
			into[i] = byte_at((*sent)++);
		break;
	default:
		into = byte_queue_room(queue, pool, &room);
		assert_true(room > 0);
		room = random_below(room + 1);
		for (size_t i = 0; i < room; i++)
			into[i] = byte_at((*sent)++);
		byte_queue_produced(queue, room);
	}
}

static void take_some(struct byte_queue *queue, struct slab_pool *pool, uint64_t *received)
{
	size_t left = queue->len > 0 ? random_below(queue->len + 1) : 0;
	const size_t len = left;

	for (const struct slab *slab = queue->first; slab != NULL && left > 0; slab = slab->next)
		for (uint32_t i = slab->start; i < slab->end && left > 0; i++, left--)
			assert_int_equal(slab->data[i], byte_at((*received)++));
	assert_int_equal(left, 0);
	byte_queue_consume(queue, pool, len);
}

static void what_goes_in_comes_out(void **state)
{
	struct slab_pool pool = { 0 };
	struct byte_queue queue = { 0 }, other = { 0 };
	uint64_t sent = 0, received = 0;

	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		put_some(&queue, &pool, &sent);
		if (random_below(10) == 0) { /* to another queue, and back */
			byte_queue_move(&other, &queue);
			assert_int_equal(queue.len, 0);
			put_some(&queue, &pool, &sent);
			byte_queue_move(&other, &queue);
			byte_queue_move(&queue, &other);
		}
		take_some(&queue, &pool, &received);
		assert_int_equal(queue.len, sent - received);
	}
	byte_queue_clear(&queue, &pool);
	assert_int_equal(queue.len, 0);
	assert_int_equal(pool.taken_count, 0);
	slab_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_goes_in_comes_out) };

	return cmocka_run_group_tests_name("byte_queue", tests, NULL, NULL);
}
