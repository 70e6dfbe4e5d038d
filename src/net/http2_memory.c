/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2_memory.h"

#include "net/http2_connection.h"

#include <assert.h>

#define SMALLEST_BLOCK   64
#define FREE_BYTES_MAX   (4 * 1024 * 1024)
#define FREE_STREAMS_MAX 1024
#define FROM_HEAP        HTTP2_BLOCK_CLASSES /* the class of blocks that are too large for a list */

struct http2_block {
	union {
		struct http2_block *next; /* while free */
		size_t class;             /* while taken */
	};
	size_t size; /* that the user asked for */
	max_align_t data[];
};

static size_t class_of(size_t size)
{
	size_t class = 0;

	for (size_t fits = SMALLEST_BLOCK; fits < size && class < FROM_HEAP; fits *= 2)
		class ++;
	return class;
}

static size_t class_size(size_t class)
{
	return (size_t)SMALLEST_BLOCK << class;
}

static void *take_block(size_t size, void *user_data)
{
	struct http2_memory *const memory = user_data;
	const size_t class = class_of(size);
	struct http2_block *block = NULL;

	if (class < FROM_HEAP && memory->free_blocks[class] != NULL) {
		block = memory->free_blocks[class];
		memory->free_blocks[class] = block->next;
		memory->free_bytes -= class_size(class);
	} else {
		const size_t room = class < FROM_HEAP ? class_size(class) : size;

		block = mem_realloc(NULL, sizeof(*block) + room);
	}
	block->class = class;
	block->size = size;
	return block->data;
}

static struct http2_block *block_of(void *data)
{
	return CONTAINER_OF(data, struct http2_block, data);
}

static void give_block(void *data, void *user_data)
{
	struct http2_memory *const memory = user_data;

	if (data == NULL)
		return;

	struct http2_block *const block = block_of(data);
	const size_t class = block->class;

	if (class == FROM_HEAP || memory->free_bytes >= FREE_BYTES_MAX) {
		mem_free(block);
		return;
	}
	memory->free_bytes += class_size(class);
	block->next = memory->free_blocks[class];
	memory->free_blocks[class] = block;
}

static void *take_zeroed(size_t count, size_t size, void *user_data)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return memset(take_block(total, user_data), 0, total);
}

static void *resize_block(void *data, size_t size, void *user_data)
{
	if (data == NULL)
		return take_block(size, user_data);

	const size_t kept = MIN_OF(block_of(data)->size, size);
	void *const moved = take_block(size, user_data);

	memcpy(moved, data, kept);
	give_block(data, user_data);
	return moved;
}

struct http2_memory *http2_memory_new(void)
{
	struct http2_memory *const memory = MEM_NEW(struct http2_memory);

	memory->for_nghttp2 = (nghttp2_mem){ .mem_user_data = memory,
					     .malloc = take_block,
					     .free = give_block,
					     .calloc = take_zeroed,
					     .realloc = resize_block };
	list_init(&memory->free_streams);
	return memory;
}

void http2_memory_free(struct http2_memory *memory)
{
	if (memory == NULL)
		return;
	for (size_t class = 0; class < HTTP2_BLOCK_CLASSES; class ++)
		while (memory->free_blocks[class] != NULL) {
			struct http2_block *const block = memory->free_blocks[class];

			memory->free_blocks[class] = block->next;
			mem_free(block);
		}
	LIST_FOR_EACH_SAFE (&memory->free_streams, link)
		http2_stream_free(LIST_ITEM(link, struct http2_stream, link));
	mem_free(memory->fields);
	mem_free(memory);
}

struct http2_stream *http2_memory_take_stream(struct http2_memory *memory)
{
	if (list_is_empty(&memory->free_streams))
		return http2_stream_new();

	struct list *const link = memory->free_streams.next;

	list_remove(link);
	memory->free_stream_count--;
	return LIST_ITEM(link, struct http2_stream, link);
}

void http2_memory_give_stream(struct http2_memory *memory, struct http2_stream *stream)
{
	if (memory->free_stream_count >= FREE_STREAMS_MAX) {
		http2_stream_free(stream);
		return;
	}
	http2_stream_reset_state(stream);
	memory->free_stream_count++;
	list_prepend(&memory->free_streams, &stream->link);
}

nghttp2_nv *http2_memory_fields(struct http2_memory *memory, size_t count)
{
	if (count > memory->field_capacity) {
		memory->field_capacity = MAX_OF(count, (size_t)64);
		memory->fields = mem_realloc_array(memory->fields, memory->field_capacity,
						   sizeof(memory->fields[0]));
	}
	return memory->fields;
}
