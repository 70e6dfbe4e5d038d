/* SPDX-License-Identifier: Apache-2.0 */
/* source_directory.h — files and directories as a source of resource sets: loaded, watched, loaded
 * again.
 *
 * It owns no thread and no loop. Its one descriptor becomes readable when something may have to be
 * done; then
 *
 *	if (source_directory_is_due(source))
 *		result = source_directory_reload(source, &diagnostics, &set, &err);
 *
 * Noticed are files that are written and closed, renamed over (editors), linked, deleted, new
 * directories, and links that are swapped (the `..data` of a Kubernetes volume). A burst of changes
 * is one reload, 50 ms after the last of them. A set that is broken, or whose files changed while
 * they were read, is not handed out: the one before stays.
 *
 * One thread at a time. */
#pragma once

#include "resource/resource_set.h"

struct source_directory;

/* Starts to watch; loads nothing yet. The paths are copied. What does not exist yet is waited for.
 */
int source_directory_open(const char *const *paths, size_t path_count,
			  const struct resource_options *options, struct source_directory **out,
			  struct error *err);
void source_directory_close(struct source_directory *source); /* NULL is fine */
DEFINE_AUTO(struct source_directory, source_directory_close)

int source_directory_fd(const struct source_directory *source); /* to poll for reading */

/* Takes in what happened. True when things changed and have been quiet since. */
bool source_directory_is_due(struct source_directory *source);

/* Loads the whole; *out owns one reference. -EAGAIN: files changed meanwhile, it will be due again.
 * Otherwise as resource_set_load. Each set has a higher generation than the one before. */
int source_directory_reload(struct source_directory *source, struct diagnostics *diagnostics,
			    struct resource_set **out, struct error *err);
