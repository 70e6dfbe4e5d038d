/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h — inside the room: inotify over paths and all directories below them. */
#pragma once

#include "base/base.h"

struct watch;

int watch_new(struct watch **out, struct error *err);
void watch_free(struct watch *watch); /* NULL is fine */
int watch_fd(const struct watch *watch);

/* The path, whatever it is, and the directory that it stands in, so that it may be replaced or
 * appear later. Adding again finds the directories that are new since. */
int watch_add(struct watch *watch, const char *path, struct error *err);

/* Reads all that happened; true if any of it can change what a load would read. */
bool watch_take_changes(struct watch *watch);
