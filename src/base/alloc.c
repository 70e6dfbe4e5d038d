/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local uint64_t allocations;

static void *check(void *ptr)
{
	static const char message[] = "mangrove: out of memory\n";

	if (ptr == NULL) {
		(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
		abort();
	}
	allocations++;
	return ptr;
}

void *mem_alloc(size_t size)
{
	return check(calloc(1, size ? size : 1));
}

void *mem_alloc_array(size_t count, size_t size)
{
	return check(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *ptr, size_t size)
{
	return check(realloc(ptr, size ? size : 1));
}

void *mem_realloc_array(void *ptr, size_t count, size_t size)
{
	return check(reallocarray(ptr, count ? count : 1, size ? size : 1));
}

char *mem_strdup(const char *text)
{
	return check(strdup(text));
}

char *mem_strndup(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	const int len = vasprintf(&text, fmt, args);
	va_end(args);
	return check(len < 0 ? NULL : text);
}

void mem_free(void *ptr)
{
	free(ptr);
}

void mem_wipe(void *ptr, size_t size)
{
	if (ptr != NULL)
		explicit_bzero(ptr, size);
}

uint64_t mem_thread_allocations(void)
{
	return allocations;
}
