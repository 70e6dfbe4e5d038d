/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *buffer)
{
	mem_free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	if (buffer->data != NULL)
		buffer->data[0] = '\0';
}

char *buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(buffer->len, more, &need) || need == SIZE_MAX)
		abort();
	need++;
	if (need > buffer->capacity) {
		size_t capacity = MAX_OF(buffer->capacity * 2, (size_t)64);

		capacity = MAX_OF(capacity, need);
		buffer->data = mem_realloc(buffer->data, capacity);
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->len;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t len)
{
	char *room = buffer_reserve(buffer, len);

	if (len > 0)
		memcpy(room, bytes, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_add_number(struct buffer *buffer, uint64_t number)
{
	char *room = buffer_reserve(buffer, TEXT_NUMBER_MAX);

	buffer->len += text_format_number(room, number);
	buffer->data[buffer->len] = '\0';
}

void buffer_vprintf(struct buffer *buffer, const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	const int len = vsnprintf(NULL, 0, fmt, args);

	if (len > 0) {
		char *room = buffer_reserve(buffer, (size_t)len);

		vsnprintf(room, (size_t)len + 1, fmt, again);
		buffer->len += (size_t)len;
	}
	va_end(again);
}

void buffer_printf(struct buffer *buffer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buffer_vprintf(buffer, fmt, args);
	va_end(args);
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	len = MIN_OF(len, buffer->len);
	if (len == 0)
		return;
	memmove(buffer->data, buffer->data + len, buffer->len - len + 1);
	buffer->len -= len;
}

char *buffer_take(struct buffer *buffer)
{
	char *text = buffer->data != NULL ? buffer->data : mem_strdup("");

	*buffer = (struct buffer){ 0 };
	return text;
}
