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

#define ERROR_TEXT_MAX 512

struct error {
	int code; /* -Exxx, the same as returned */
	struct source_pos at;
	char text[ERROR_TEXT_MAX]; /* one sentence, no newline: "unknown field 'princpals'" */
};

void error_fill(struct error *err, int code, struct source_pos at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* int error_set(err, code, fmt, ...) and int error_at(err, code, at, fmt, ...) fill err and return
 * the code. Macros, so that compilers and analysers see that what is returned is not 0. */
#define error_set(err, code, ...) error_at(err, code, (struct source_pos){ 0 }, __VA_ARGS__)
#define error_at(err, code, ...)                                                                   \
	({                                                                                         \
		const int error_code_ = (code);                                                    \
		error_fill((err), error_code_, __VA_ARGS__);                                       \
		error_code_;                                                                       \
	})

/* Puts "fmt: " before the text that is already there. Returns err->code, or -EINVAL where err is
 * NULL: a failure all the same. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "file:line:column: text", or just "text". Returns out. */
const char *error_format(const struct error *err, char *out, size_t size);
