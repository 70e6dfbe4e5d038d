/* SPDX-License-Identifier: Apache-2.0 */
/* file.h — whole files in and out: reading with a limit, writing so that a crash leaves the old or
 * the new. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Appends the file's bytes. -EFBIG above limit; errors name the path. */
int file_read(const char *path, size_t limit, struct buffer *out, struct error *err);

/* Writes beside the target, syncs, renames over it, syncs the directory. */
int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode,
		      struct error *err);

int file_make_directory(const char *path, mode_t mode,
			struct error *err); /* parents too; fine if there */
bool file_exists(const char *path);

/* AUTO_FD int fd = open(...): closed at the end of the scope unless set to -1. */
void file_close(int *fd);
int file_take(int *fd); /* the descriptor, now the caller's */
#define AUTO_FD __attribute__((cleanup(file_close)))
