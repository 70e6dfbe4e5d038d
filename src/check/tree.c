/* SPDX-License-Identifier: Apache-2.0 */
#include "check/tree.h"

#include "check/examine.h"
#include "check/families.h"
#include "check/grow.h"
#include "check/select.h"

#include <errno.h>
#include <string.h>

#define OBJECTS_MAX 20000 /* that govern pods: each pod is compared with them */

struct tree *tree_new(void)
{
	struct tree *tree = MEM_NEW(struct tree);

	arena_init(&tree->arena, 4096);
	return tree;
}

void tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	arena_done(&tree->arena);
	mem_free(tree);
}

/* ---- the first look ---- */

struct tree_file *tree_add_file(struct tree *tree, const char *path, enum artifact artifact)
{
	tree->files = arena_grow(&tree->arena, tree->files, tree->file_count, &tree->file_capacity,
				 sizeof(*tree->files));
	tree->files[tree->file_count] = (struct tree_file){
		.path = arena_strdup(&tree->arena, path), .artifact = artifact, .is_typed = true
	};
	return &tree->files[tree->file_count++];
}

static bool governs_pods(const struct manifest_object *object)
{
	return manifest_is(object, "networking.k8s.io", "NetworkPolicy")
	       || manifest_is(object, "policy", "PodSecurityPolicy")
	       || manifest_is(object, "security.openshift.io", "SecurityContextConstraints")
	       || text_is(object->group, "rbac.authorization.k8s.io");
}

static struct text copy_text(struct arena *arena, struct text text)
{
	return text.ptr != NULL
		       ? (struct text){ arena_strndup(arena, text.ptr, text.len), text.len }
		       : text;
}

static struct text directory_of(const char *path)
{
	const size_t slash = text_find_last_char(text_of(path), '/');

	return slash == TEXT_NONE ? TEXT("") : text_until(text_of(path), slash);
}

/* file: in the arena */
static void add_object(struct tree *tree, const struct manifest_object *object,
		       struct text directory, const char *file)
{
	struct tree_object *added;

	if (tree->count >= OBJECTS_MAX) {
		tree->overflow = tree->overflow != NULL ? tree->overflow : file;
		return;
	}
	tree->objects = arena_grow(&tree->arena, tree->objects, tree->count, &tree->capacity,
				   sizeof(*tree->objects));
	added = &tree->objects[tree->count++];
	*added = (struct tree_object){ .object = *object,
				       .directory = copy_text(&tree->arena, directory) };
	added->object.root = value_copy(&tree->arena, object->root);
	added->object.pod_metadata = added->object.pod_spec = NULL;
	added->object.path = arena_strdup(&tree->arena, object->path);
	added->object.kind = copy_text(&tree->arena, object->kind);
	added->object.group = copy_text(&tree->arena, object->group);
	added->object.version = copy_text(&tree->arena, object->version);
	added->object.namespace = copy_text(&tree->arena, object->namespace);
	added->object.name = copy_text(&tree->arena, object->name);
}

struct tree_file *tree_add_manifest(struct tree *tree, const struct examination *exam)
{
	struct tree_file *file = tree_add_file(tree, exam->file, ARTIFACT_MANIFEST);

	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *object = &exam->manifest->objects[i];

		file->has_pods |= object->pod_spec != NULL;
		file->has_bindings |= text_ends_with(object->kind, TEXT("RoleBinding"));
		if (governs_pods(object))
			add_object(tree, object, directory_of(exam->file), file->path);
	}
	return file;
}

void tree_join(struct tree *to, const struct tree *from)
{
	for (size_t i = 0; i < from->file_count; i++) {
		struct tree_file *file =
			tree_add_file(to, from->files[i].path, from->files[i].artifact);

		file->has_pods = from->files[i].has_pods;
		file->has_bindings = from->files[i].has_bindings;
		file->is_typed = from->files[i].is_typed;
		file->has_mesh = from->files[i].has_mesh;
	}
	for (size_t i = 0; i < from->count; i++)
		add_object(to, &from->objects[i].object, from->objects[i].directory,
			   to->files[to->file_count - 1].path);
	if (to->overflow == NULL && from->overflow != NULL)
		to->overflow = arena_strdup(&to->arena, from->overflow);
}

bool tree_same_namespace(const struct tree_object *object, const struct manifest_object *other,
			 const char *other_file)
{
	if (object->object.namespace.len > 0 || other->namespace.len > 0)
		return text_equal(object->object.namespace, other->namespace);
	return text_equal(object->directory, directory_of(other_file));
}

/* ---- the second look ---- */

void tree_look_again(struct check_run *run, const struct check_options *options,
		     const struct tree *tree, const struct tree_file *file, look_fn look,
		     const void *context)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	AUTO_ARENA struct arena arena;
	struct examination exam = { .options = options,
				    .text = file->text,
				    .arena = &arena,
				    .findings = &run->findings,
				    .tree = tree };
	const size_t first = run->findings.count;
	struct error err = { 0 };

	arena_init(&arena, 32768);
	exam.file = arena_strdup(&run->findings.arena, file->path);
	if (file->text.ptr == NULL) {
		if (file_read(file->path, check_file_limit(options), &bytes, &err) != 0) {
			check_run_add_problem(run, file->path, &err);
			return;
		}
		exam.text = buffer_text(&bytes);
	}
	line_index_init(&exam.lines, exam.text, &arena);
	if (look(&exam, context, &err) != 0)
		check_run_add_problem(run, file->path, &err);
	select_findings(&exam, first);
}

static int look_at_manifest(struct examination *exam, const void *context, struct error *err)
{
	struct manifest manifest;
	const int result = manifest_parse(&manifest, exam, err);

	(void)context;
	if (result != 0)
		return result;
	exam->manifest = &manifest;
	exam_run_family(exam, &kubernetes_family);
	exam_run_family(exam, &network_family);
	exam_run_family(exam, &rbac_family);
	exam->manifest = NULL;
	return 0;
}

static void add_overflow(struct check_run *run, const char *file)
{
	struct error err = { 0 };

	error_set(&err, -E2BIG,
		  "%s: from here on policies, roles and bindings are left out of what is judged "
		  "across files: there are more than %d",
		  file, OBJECTS_MAX);
	check_run_add_problem(run, file, &err);
}

void tree_examine(struct check_run *run, const struct check_options *options,
		  const struct tree *tree)
{
	if (tree == NULL || options->pod_security.level != POD_SECURITY_NONE)
		return;
	if (tree->overflow != NULL)
		add_overflow(run, tree->overflow);
	for (size_t i = 0; tree->count > 0 && i < tree->file_count; i++)
		if (tree->files[i].has_pods || tree->files[i].has_bindings)
			tree_look_again(run, options, tree, &tree->files[i], look_at_manifest,
					NULL);
	examine_mesh_tree(run, options, tree);
	examine_falco_tree(run, options, tree);
}
