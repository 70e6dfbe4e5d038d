/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.h — bytes that grow at the end, for building text and collecting what arrives.
 *
 * `data[0..len)` are the bytes; always followed by a NUL that does not count, once anything was
 * added. */
#pragma once

#include "base/ownership.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>

struct buffer {
	char *data; /* owned */
	size_t len, capacity;
};

void buffer_done(struct buffer *buffer); /* zero-initialised is a valid empty buffer */
void buffer_clear(struct buffer *buffer);
char *buffer_reserve(struct buffer *buffer, size_t more); /* room for `more` bytes at data + len */
void buffer_add(struct buffer *buffer, const void *bytes, size_t len);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_number(struct buffer *buffer, uint64_t number);
void buffer_printf(struct buffer *buffer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
void buffer_consume(struct buffer *buffer, size_t len); /* drops from the front */
char *buffer_take(struct buffer *buffer);               /* the text, now the caller's */

static inline struct text buffer_text(const struct buffer *buffer)
{
	return (struct text){ buffer->data, buffer->len };
}

#define AUTO_BUFFER __attribute__((cleanup(buffer_done)))
