/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_memory.h"

#include "base/base.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* Sizes are told apart in small steps below 1 KiB, where nearly all are, and in larger ones up to
 * 34 KiB, a record and what surrounds it. What is larger goes to the heap and back. How large a
 * piece is, malloc knows: a head of our own would cost a connection several KiB. */
#define SMALL_STEP  16
#define SMALL_MAX   1024
#define LARGE_STEP  1024
#define LARGE_MAX   (34 * 1024)
#define CLASS_COUNT (SMALL_MAX / SMALL_STEP + LARGE_MAX / LARGE_STEP - 1)
#define CLASS_NONE  CLASS_COUNT
#define KEPT_MAX    ((size_t)256 << 10) /* bytes of one class that a thread keeps */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#endif

#ifdef IS_SANITIZED
#define KEEPS_PIECES false /* every piece is to be seen to come and go */
#else
#define KEEPS_PIECES true
#endif

struct piece { /* while nobody uses it */
	struct piece *next;
};

struct kept {
	struct piece *first;
	size_t bytes;
};

static _Thread_local uint64_t allocations;
static _Thread_local struct kept kept[CLASS_COUNT];

/* Every piece of a class has at least its size; a piece that malloc made a little larger than it
 * was asked to is of the class below its size. */
static size_t class_for(size_t size) /* whose pieces have room */
{
	if (size <= SMALL_MAX)
		return (size + SMALL_STEP - 1) / SMALL_STEP - 1;
	if (size <= LARGE_MAX)
		return SMALL_MAX / SMALL_STEP - 1 + (size + LARGE_STEP - 1) / LARGE_STEP - 1;
	return CLASS_NONE;
}

static size_t class_size(size_t class)
{
	if (class < SMALL_MAX / SMALL_STEP)
		return (class + 1) * SMALL_STEP;
	return (class - SMALL_MAX / SMALL_STEP + 2) * LARGE_STEP;
}

static size_t class_of(size_t usable) /* where a piece belongs */
{
	const size_t class = class_for(usable);

	if (class == CLASS_NONE)
		return usable < LARGE_MAX + LARGE_STEP ? CLASS_COUNT - 1 : CLASS_NONE;
	return class > 0 && class_size(class) > usable ? class - 1 : class;
}

static void *take(size_t size, const char *file, int line)
{
	const size_t class = class_for(size);
	struct piece *piece = class != CLASS_NONE && size > 0 ? kept[class].first : NULL;

	(void)file;
	(void)line;
	if (size == 0)
		return NULL;
	if (piece != NULL) {
		kept[class].first = piece->next;
		kept[class].bytes -= class_size(class);
		return piece;
	}
	allocations++;
	return malloc(class != CLASS_NONE ? class_size(class) : size);
}

static void give(void *ptr, const char *file, int line)
{
	struct piece *piece = ptr;

	(void)file;
	(void)line;
	if (ptr == NULL)
		return;

	const size_t class = class_of(malloc_usable_size(ptr));

	if (!KEEPS_PIECES || class == CLASS_NONE || kept[class].bytes >= KEPT_MAX) {
		free(piece);
		return;
	}
	piece->next = kept[class].first;
	kept[class].first = piece;
	kept[class].bytes += class_size(class);
}

static void *take_again(void *ptr, size_t size, const char *file, int line)
{
	void *larger;

	if (ptr == NULL)
		return take(size, file, line);
	if (size == 0) {
		give(ptr, file, line);
		return NULL;
	}
	if (size <= malloc_usable_size(ptr))
		return ptr;
	larger = take(size, file, line);
	if (larger == NULL)
		return NULL;
	memcpy(larger, ptr, malloc_usable_size(ptr));
	give(ptr, file, line);
	return larger;
}

void tls_keep_memory(void)
{
	(void)CRYPTO_set_mem_functions(take, take_again, give);
}

void tls_release_memory(void)
{
	for (size_t class = 0; class < CLASS_COUNT; class ++) {
		while (kept[class].first != NULL) {
			struct piece *piece = kept[class].first;

			kept[class].first = piece->next;
			free(piece);
		}
		kept[class].bytes = 0;
	}
}

uint64_t tls_thread_allocations(void)
{
	return allocations;
}
