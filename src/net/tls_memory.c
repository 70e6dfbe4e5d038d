/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_memory.h"

#include "base/base.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* Pieces are of 2^5 to 2^15 bytes; what is larger goes to the heap and back. */
#define CLASS_MIN 5
#define CLASS_MAX 15
#define KEPT_MAX  ((size_t)1 << 20) /* bytes of one size that a thread keeps */

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

struct piece {
	size_t capacity;    /* bytes behind this head */
	struct piece *next; /* while nobody uses it */
	_Alignas(max_align_t) char data[];
};

struct kept {
	struct piece *first;
	size_t bytes;
};

static _Thread_local uint64_t allocations;
static _Thread_local struct kept kept[CLASS_MAX + 1];

static unsigned class_of(size_t size)
{
	const unsigned bits = size <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(size - 1);

	return MAX_OF(bits, (unsigned)CLASS_MIN);
}

static struct piece *piece_of(void *ptr)
{
	return CONTAINER_OF(ptr, struct piece, data);
}

static void *take(size_t size, const char *file, int line)
{
	const unsigned class = class_of(size);
	const size_t capacity = class <= CLASS_MAX ? (size_t)1 << class : size;
	struct piece *piece = class <= CLASS_MAX ? kept[class].first : NULL;

	(void)file;
	(void)line;
	if (size == 0)
		return NULL;
	if (piece != NULL) {
		kept[class].first = piece->next;
		kept[class].bytes -= capacity;
		return piece->data;
	}
	allocations++;
	if (capacity > SIZE_MAX - sizeof(*piece))
		return NULL;
	piece = malloc(sizeof(*piece) + capacity);
	if (piece == NULL)
		return NULL;
	piece->capacity = capacity;
	return piece->data;
}

static void give(void *ptr, const char *file, int line)
{
	struct piece *piece = piece_of(ptr);

	(void)file;
	(void)line;
	if (ptr == NULL)
		return;

	const unsigned class = class_of(piece->capacity);

	if (!KEEPS_PIECES || class > CLASS_MAX || kept[class].bytes >= KEPT_MAX) {
		free(piece);
		return;
	}
	piece->next = kept[class].first;
	kept[class].first = piece;
	kept[class].bytes += piece->capacity;
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
	if (size <= piece_of(ptr)->capacity)
		return ptr;
	larger = take(size, file, line);
	if (larger == NULL)
		return NULL;
	memcpy(larger, ptr, piece_of(ptr)->capacity);
	give(ptr, file, line);
	return larger;
}

void tls_keep_memory(void)
{
	(void)CRYPTO_set_mem_functions(take, take_again, give);
}

void tls_release_memory(void)
{
	for (unsigned class = CLASS_MIN; class <= CLASS_MAX; class ++) {
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
