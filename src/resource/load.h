/* SPDX-License-Identifier: Apache-2.0 */
/* load.h — inside the room: from a file's bytes to resources in a set that is being built. */
#pragma once

#include "resource/kinds/kinds.h"
#include "resource/lines.h"
#include "resource/resource.h"

/* load.c: reads all documents of one file into the set. What is wrong goes to the diagnostics.
 * `bytes` is not kept. */
void load_source(struct decoder *decoder, struct resource_set *set, const char *file,
		 struct text bytes);

/* document.c: a resource, a List of them, or Falco rules. */
void load_document(struct decoder *decoder, struct resource_set *set, const struct value *document);

/* mesh_document.c: the text of key `mesh`, as it stands in its ConfigMap's file. */
void load_mesh_config(struct decoder *decoder, struct resource_set *set, const struct value *mesh,
		      const struct resource *config_map);

/* paths.c: the files that a path stands for, sorted. */
struct path_list {
	char **items; /* owned, as the texts */
	size_t count, capacity;
};
void path_list_done(struct path_list *list);
bool path_is_resource_file(const char *name); /* *.yaml, *.yml, *.json */
#define PATH_DEPTH_MAX 16 /* directories below each other; also ends a loop of links */
int path_list_add(struct path_list *list, const char *path, struct error *err);
#define AUTO_PATH_LIST __attribute__((cleanup(path_list_done)))

/* set.c */
struct arena *set_arena(struct resource_set *set);
/* Takes the resource in, or returns the one that has its kind and name already. */
const struct resource *set_add(struct resource_set *set, struct resource *resource);
