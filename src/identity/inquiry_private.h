/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry_private.h — how the inquiries' thread finds things out. For the files inquiry*.c alone.
 */
#pragma once

#include "identity/inquiry.h"

struct stat;

/* Opens what the caller executes, for reading; the status is of that very file. Where files are not
 * what the kernel wrote (FUSE), or are too long, err says so. */
int executable_open(const struct caller *caller, int *fd, struct stat *status, struct error *err);
/* Reads all of it and appends the digits; -ESTALE where it changed meanwhile. */
int executable_digest(int fd, const struct stat *status, struct buffer *out, struct error *err);

/* Appends what inquire_container is to say. */
int docker_inspect(const char *socket, const char *id, struct buffer *out, struct error *err);
