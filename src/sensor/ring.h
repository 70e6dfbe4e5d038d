/* SPDX-License-Identifier: Apache-2.0 */
/* ring.h — reading a BPF ring buffer where it lies, one record at a time, with a look ahead.
 *
 * libbpf's reader empties one ring after another through callbacks; records of several rings are to
 * come in the order of their times, so the next of each must be seen before one is taken.
 * One thread reads. Records stay valid until ring_take. */
#pragma once

#include "base/base.h"

struct ring {
	void *consumer; /* a page: how far we have read */
	char *producer; /* a page: how far is written; then the data */
	size_t page;    /* bytes in a page */
	size_t size;    /* of the data, a power of two */
	char *unwound;  /* a record that goes on at the beginning, in one piece; owned */
	size_t unwound_size;
	uint64_t limit; /* what was written when ring_look was called */
};

int ring_open(int map_fd, size_t size, struct ring *ring, struct error *err);
void ring_close(struct ring *ring); /* zeroed is fine */
/* From now on ring_peek shows what is written until now. */
void ring_look(struct ring *ring);
/* The next record; NULL where there is none, or it is not finished. */
const void *ring_peek(struct ring *ring, size_t *len);
void ring_take(struct ring *ring); /* after ring_peek: done with it */
