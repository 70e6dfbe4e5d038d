/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *position(void *page)
{
	return page;
}

int ring_open(int map_fd, size_t size, struct ring *ring, struct error *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped;

	*ring = (struct ring){ .size = size, .page = page };
	mapped = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (mapped == MAP_FAILED)
		return error_set(err, -errno, "a ring of events cannot be mapped: %m");
	ring->consumer = mapped;
	/* The kernel offers the data twice in a row, so that none wraps: twice the memory for that.
	 */
	mapped = mmap(NULL, page + size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (mapped == MAP_FAILED) {
		error_set(err, -errno, "a ring of events cannot be mapped: %m");
		ring_close(ring);
		return err->code;
	}
	ring->producer = mapped;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (ring->consumer != NULL)
		munmap(ring->consumer, ring->page);
	if (ring->producer != NULL)
		munmap(ring->producer, ring->page + ring->size);
	mem_free(ring->unwound);
	*ring = (struct ring){ 0 };
}

void ring_look(struct ring *ring)
{
	ring->limit = atomic_load_explicit(position(ring->producer), memory_order_acquire);
}

static _Atomic uint32_t *record_head(const struct ring *ring, uint64_t at)
{
	return (_Atomic uint32_t *)(void *)(ring->producer + ring->page + (at & (ring->size - 1)));
}

static uint64_t after(uint64_t at, uint32_t head)
{
	const uint64_t len = head & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return at + ((len + BPF_RINGBUF_HDR_SZ + 7) & ~(uint64_t)7);
}

static const void *in_one_piece(struct ring *ring, uint64_t at, size_t len)
{
	const size_t start = at & (ring->size - 1);
	const size_t first = MIN_OF(len, ring->size - start);
	const char *data = ring->producer + ring->page;

	if (first == len)
		return data + start;
	if (ring->unwound_size < len) {
		ring->unwound = mem_realloc(ring->unwound, len);
		ring->unwound_size = len;
	}
	memcpy(ring->unwound, data + start, first);
	memcpy(ring->unwound + first, data, len - first);
	return ring->unwound;
}

const void *ring_peek(struct ring *ring, size_t *len)
{
	uint64_t at = atomic_load_explicit(position(ring->consumer), memory_order_relaxed);

	while (at < ring->limit) {
		_Atomic uint32_t *where = record_head(ring, at);
		const uint32_t head = atomic_load_explicit(where, memory_order_acquire);

		if ((head & BPF_RINGBUF_BUSY_BIT) != 0)
			return NULL;
		if ((head & BPF_RINGBUF_DISCARD_BIT) == 0) {
			*len = head;
			return in_one_piece(ring, at + BPF_RINGBUF_HDR_SZ, head);
		}
		at = after(at, head);
		atomic_store_explicit(position(ring->consumer), at, memory_order_release);
	}
	return NULL;
}

void ring_take(struct ring *ring)
{
	const uint64_t at = atomic_load_explicit(position(ring->consumer), memory_order_relaxed);
	const uint32_t head = atomic_load_explicit(record_head(ring, at), memory_order_relaxed);

	atomic_store_explicit(position(ring->consumer), after(at, head), memory_order_release);
}
