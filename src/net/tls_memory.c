/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static _Thread_local uint64_t allocations;

static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(size);
}

static void *take_again(void *ptr, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(ptr, size);
}

static void give(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	free(ptr);
}

void tls_count_allocations(void)
{
	(void)CRYPTO_set_mem_functions(take, take_again, give);
}

uint64_t tls_thread_allocations(void)
{
	return allocations;
}
