/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h — the one door to the heap.
 *
 * Memory is bounded by limits on what we accept, so running out of it is not a condition to handle
 * but the end of the process: these functions never return NULL, they say so and exit; the
 * supervisor starts the role again. Counting per thread lets a test show that the steady path takes
 * nothing. */
#pragma once

#include "base/ownership.h"

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t size);                                  /* zeroed */
void *mem_alloc_array(size_t count, size_t size);              /* zeroed, overflow-checked */
void *mem_realloc(void *ptr, size_t size);                     /* the new part is not zeroed */
void *mem_realloc_array(void *ptr, size_t count, size_t size); /* overflow-checked */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *ptr);              /* NULL is fine */
void mem_wipe(void *ptr, size_t size); /* zeroes secrets; never optimised away */

#define MEM_NEW(type) ((type *)mem_alloc(sizeof(type)))

/* Calls that took heap memory on this thread so far. */
uint64_t mem_thread_allocations(void);

DEFINE_AUTO(void, mem_free)
static inline void mem_free_text_auto(char **slot)
{
	mem_free(*slot);
}
