/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	struct arena_block *older;
	size_t size; /* bytes of data */
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t first_size)
{
	*arena = (struct arena){ .first_size = first_size };
}

void arena_done(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->older;
		mem_free(block);
	}
	arena->next = arena->end = NULL;
}

void arena_wipe(struct arena *arena)
{
	for (struct arena_block *block = arena->blocks; block != NULL; block = block->older)
		mem_wipe(block->data, block->size);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *first = arena->blocks;

	if (first == NULL)
		return;
	while (first->older != NULL) {
		struct arena_block *newer = first;

		first = first->older;
		mem_free(newer);
	}
	arena->blocks = first;
	arena->next = first->data;
	arena->end = first->data + first->size;
}

static void add_block(struct arena *arena, size_t at_least)
{
	size_t size = arena->first_size;

	if (arena->blocks != NULL)
		size = MIN_OF(arena->blocks->size * 2, BLOCK_MAX);
	size = MAX_OF(size, at_least);

	struct arena_block *block = mem_realloc(NULL, sizeof(*block) + size);

	block->older = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->next = block->data;
	arena->end = block->data + size;
}

void *arena_alloc_bytes(struct arena *arena, size_t size)
{
	if ((size_t)(arena->end - arena->next) < size || arena->next == NULL)
		add_block(arena, size);

	void *taken = arena->next;

	arena->next += size;
	return taken;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	const size_t pad = (align - (uintptr_t)arena->next % align) % align;

	if (size > SIZE_MAX - align)
		abort();
	if (arena->next == NULL || (size_t)(arena->end - arena->next) < size + pad)
		add_block(arena, size);
	else
		arena->next += pad;

	void *taken = arena->next;

	arena->next += size;
	return memset(taken, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc_bytes(arena, len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	const int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort(); /* a format of our own is wrong */

	char *text = arena_alloc_bytes(arena, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	size_t size = 0;

	for (const struct arena_block *block = arena->blocks; block != NULL; block = block->older)
		size += sizeof(*block) + block->size;
	return size;
}
