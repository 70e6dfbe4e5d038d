/* SPDX-License-Identifier: Apache-2.0 */
/* error.h — what went wrong, and on which line of whose file.
 *
 * A function that can fail returns 0 or -Exxx and takes `struct error *err` last. It fills err on
 * failure and leaves it untouched on success; err may be NULL where the caller only asks whether.
 * The storage is the caller's: reporting never allocates. Libraries return errors, programs print
 * them. */
#pragma once

#include <stddef.h>

struct source_pos { /* counted from 1; line 0: nowhere in a file; `file` is borrowed */
	const char *file;
	unsigned line, column;
};

struct error {
	int code; /* -Exxx, the same as returned */
	struct source_pos at;
	char text[512]; /* one sentence, no newline: "unknown field 'princpals'" */
};

int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int error_at(struct error *err, int code, struct source_pos at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "fmt: " before the text that is already there. Returns err->code. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "file:line:column: text", or just "text". Returns out. */
const char *error_format(const struct error *err, char *out, size_t size);
