/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h — memory that dies together: a resource set's, a request's, a parse's.
 *
 * Blocks grow geometrically; arena_reset keeps the first one, so an arena used again and again (one
 * a request, say) stops taking heap memory once it has found its size. Not shared between threads
 * while it grows; what lies in it may be read from anywhere once it is finished. */
#pragma once

#include "base/ownership.h"

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first; owned */
	char *next, *end;           /* free space in the newest block */
	size_t first_size;          /* bytes of the first block to take */
};

void arena_init(struct arena *arena, size_t first_size); /* takes nothing yet */
void arena_done(struct arena *arena);
void arena_wipe(struct arena *arena);  /* overwrites all that was taken: it held secrets */
void arena_reset(struct arena *arena); /* all that was taken is gone; the first block stays */

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);
void *arena_alloc_bytes(struct arena *arena, size_t size); /* neither zeroed nor aligned */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len); /* adds the NUL */
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

size_t arena_size(const struct arena *arena); /* bytes of heap held */

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

/* A local arena released at the end of the scope: AUTO_ARENA struct arena scratch; arena_init(...).
 */
#define AUTO_ARENA __attribute__((cleanup(arena_done)))
