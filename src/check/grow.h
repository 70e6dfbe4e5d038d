/* SPDX-License-Identifier: Apache-2.0 */
/* grow.h — arrays in an arena that grow while something is parsed. */
#pragma once

#include "base/base.h"

#include <string.h>

/* The items, with room for one more; the old copy stays in the arena until it dies. */
static inline void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
			       size_t item_size)
{
	if (count < *capacity)
		return items;
	*capacity = MAX_OF(*capacity * 2, (size_t)8);

	void *larger = arena_alloc_array(arena, *capacity, item_size);

	if (count > 0)
		memcpy(larger, items, count * item_size);
	return larger;
}
