/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h — what files say of each other. The first look at a file leaves here what other files are
 * judged by: policies that govern pods, wherever these stand; which files have to be looked at
 * again. When all have been seen, the second look judges across files.
 *
 * Kept are policies, roles and bindings alone, never pods: a tree of any size stays small. */
#pragma once

#include "check/manifest.h"

struct tree_object {
	struct manifest_object object; /* its tree is a copy in the arena */
	struct text directory;         /* where its file lies */
};

struct tree_file {
	const char *path; /* in the arena */
	struct text text; /* absent: read again when it is needed */
	enum artifact artifact;
	bool has_pods, has_bindings;
	bool is_typed; /* a manifest that the mesh's own reader takes, or one without mesh resources
			*/
	bool has_mesh; /* Istio's kinds, or ours */
};

struct tree {
	struct arena arena;
	struct tree_object *objects;
	size_t count, capacity;
	struct tree_file *files;
	size_t file_count, file_capacity;
	const char *overflow; /* the first file whose objects found no room; NULL: all did */
};

struct tree *tree_new(void);
void tree_free(struct tree *tree); /* accepts NULL */

/* The first look. */
struct tree_file *tree_add_file(struct tree *tree, const char *path, enum artifact artifact);
struct tree_file *tree_add_manifest(struct tree *tree, const struct examination *exam);
void tree_join(struct tree *to, const struct tree *from);

/* Two objects that may concern each other: of one namespace; where none is written, of one
 * directory, as both are applied together. */
bool tree_same_namespace(const struct tree_object *object, const struct manifest_object *other,
			 const char *other_file);

/* The second look; the findings are the run's. */
void tree_examine(struct check_run *run, const struct check_options *options,
		  const struct tree *tree);

/* One file again: `look` reports, then what is ignored in the file is taken into account. */
typedef int (*look_fn)(struct examination *exam, const void *context, struct error *err);
void tree_look_again(struct check_run *run, const struct check_options *options,
		     const struct tree *tree, const struct tree_file *file, look_fn look,
		     const void *context);

/* examine_mesh.c: mesh resources by the mesh's own reader; lints between them */
void examine_mesh_file(struct examination *exam, struct tree_file *file);
void examine_mesh_tree(struct check_run *run, const struct check_options *options,
		       const struct tree *tree);
/* examine_falco.c: all rule files together, in the order of their paths, as Falco loads them */
void examine_falco_tree(struct check_run *run, const struct check_options *options,
			const struct tree *tree);
