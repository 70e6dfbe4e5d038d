/* SPDX-License-Identifier: Apache-2.0 */
/* examine_mesh.c — Istio's kinds and ours, read as the mesh reads them: what does not load, what
 * Istio would ignore, and policies that hardly mean what they say. */
#include "check/examine.h"
#include "check/families.h"
#include "check/tree.h"
#include "policy/policy.h"

#include <string.h>

static const struct check checks[] = {
	{ .id = "IS001",
	  .name = "mesh-invalid",
	  .title = "A mesh resource does not load",
	  .severity = FINDING_ERROR,
	  .why = "Istio's admission refuses it; a mesh that has it keeps what it had before.",
	  .mend = "As the message says; 'mangrove check resources' shows the same.",
	  .bad = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: "
		 "a\nspec:\n  mtls:\n    mode: STRCT\n",
	  .good = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: "
		  "a\nspec:\n  mtls:\n    mode: STRICT\n" },
	{ .id = "IS002",
	  .name = "mesh-unknown",
	  .title = "A mesh resource says something that nothing acts on",
	  .severity = FINDING_WARNING,
	  .why = "A misspelt field protects nothing, and nobody says so.",
	  .mend = "As the message says.",
	  .bad = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: "
		 "a\nspec:\n  mtsl:\n    mode: STRICT\n",
	  .good = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: "
		  "a\nspec:\n  mtls:\n    mode: STRICT\n" },
	{ .id = "IS003",
	  .name = "mesh-policy",
	  .title = "A policy loads, and yet hardly means what it says",
	  .severity = FINDING_WARNING,
	  .why = "Rules that never match, or that another spelling of the request gets around, "
		 "look like protection.",
	  .mend = "As the message says; 'mangrove explain' tries requests.",
	  .bad = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: "
		 "a\nspec:\n  action: DENY\n  rules:\n  - to:\n    - operation:\n        methods: "
		 "[get]\n",
	  .good = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: "
		  "a\nspec:\n  action: ALLOW\n  rules:\n  - to:\n    - operation:\n        "
		  "methods: [GET]\n" },
};

const struct family mesh_family = {
	.name = "mesh",
	.title = "Istio's resources, and those of the mesh",
	.artifact = ARTIFACT_MANIFEST,
	.checks = checks,
	.count = COUNT_OF(checks),
};

static bool is_mesh(const struct manifest_object *object)
{
	return text_is(object->group, "security.istio.io")
	       || text_is(object->group, "networking.istio.io")
	       || text_is(object->group, "mangrove.dev");
}

/* The word that stands there: "methods" of "methods: [get]". */
static struct range word_at(const struct examination *exam, struct source_pos at)
{
	const size_t start = line_index_offset(&exam->lines, at.line, at.column);
	size_t end = start;

	while (end < exam->text.len && !char_is_space(exam->text.ptr[end])
	       && exam->text.ptr[end] != ':' && exam->text.ptr[end] != ',')
		end++;
	return (struct range){ start, MAX_OF(end, start + 1) };
}

/* ---- one file ---- */

static const struct manifest_object *mesh_object_at(const struct examination *exam, unsigned line)
{
	for (size_t i = 0; i < exam->manifest->count; i++) {
		const struct manifest_object *object = &exam->manifest->objects[i];
		const struct span span = line_index_span(
			&exam->lines, (struct range){ object->root->start, object->root->end });

		if (is_mesh(object) && line >= span.line && line <= span.end_line)
			return object;
	}
	return NULL;
}

static void report(struct examination *exam, const char *id, const struct error *problem)
{
	const struct manifest_object *object =
		exam->manifest != NULL ? mesh_object_at(exam, problem->at.line) : NULL;
	struct finding *finding =
		exam_report_as(exam, id, word_at(exam, problem->at), "%s", problem->text);

	if (finding != NULL && object != NULL)
		finding->object = object->path;
}

void examine_mesh_file(struct examination *exam, struct tree_file *file)
{
	const struct resource_options options = { 0 };
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	bool has_mesh = false;

	diagnostics_init(&found);
	for (size_t i = 0; i < exam->manifest->count; i++)
		has_mesh |= is_mesh(&exam->manifest->objects[i]);
	if (!has_mesh)
		return;
	file->has_mesh = true;
	file->is_typed =
		resource_set_parse(exam->file, exam->text, &options, &found, &set, NULL) == 0;
	for (size_t i = 0; i < found.count; i++)
		if (mesh_object_at(exam, found.items[i]->error.at.line) != NULL)
			report(exam, found.items[i]->severity == SEVERITY_ERROR ? "IS001" : "IS002",
			       &found.items[i]->error);
}

/* ---- between files ---- */

struct lint {
	const struct diagnostics *found;
	size_t first; /* those before were said of the file alone */
	const char *path;
};

static int look_for_lints(struct examination *exam, const void *context, struct error *err)
{
	const struct lint *lint = context;

	(void)err;
	for (size_t i = lint->first; i < lint->found->count; i++) {
		const struct diagnostic *diagnostic = lint->found->items[i];

		if (diagnostic->error.at.file != NULL
		    && strcmp(diagnostic->error.at.file, lint->path) == 0)
			report(exam, diagnostic->severity == SEVERITY_ERROR ? "IS001" : "IS003",
			       &diagnostic->error);
	}
	return 0;
}

/* Everything that was seen; where something else than the mesh's resources does not load, those
 * alone. */
static int load(const struct tree *tree, bool mesh_alone, struct diagnostics *found,
		struct resource_set **set)
{
	const struct resource_options options = { 0 };
	AUTO(mem_free) void *memory = mem_alloc_array(tree->file_count + 1, sizeof(char *));
	const char **paths = memory;
	size_t count = 0;

	for (size_t i = 0; i < tree->file_count; i++) {
		const struct tree_file *file = &tree->files[i];

		if (file->artifact != ARTIFACT_MANIFEST || !file->is_typed
		    || (mesh_alone && !file->has_mesh))
			continue;
		if (file->text.ptr != NULL) /* a text in memory is alone */
			return resource_set_parse(file->path, file->text, &options, found, set,
						  NULL);
		paths[count++] = file->path;
	}
	return resource_set_load(paths, count, &options, found, set, NULL);
}

static void lint_set(struct check_run *run, const struct check_options *options,
		     const struct tree *tree, struct resource_set *set, struct diagnostics *found)
{
	AUTO(policy_unref) struct policy *policy = NULL;
	struct lint lint = { .found = found, .first = found->count };

	policy_compile(set, &policy, found, NULL);
	for (size_t i = 0; found->count > lint.first && i < tree->file_count; i++) {
		lint.path = tree->files[i].path;
		if (tree->files[i].has_mesh)
			tree_look_again(run, options, tree, &tree->files[i], look_for_lints, &lint);
	}
}

void examine_mesh_tree(struct check_run *run, const struct check_options *options,
		       const struct tree *tree)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO_DIAGNOSTICS struct diagnostics found, alone;
	bool has_mesh = false;

	diagnostics_init(&found);
	diagnostics_init(&alone);
	for (size_t i = 0; i < tree->file_count; i++)
		has_mesh |= tree->files[i].has_mesh;
	if (!has_mesh)
		return;
	if (load(tree, false, &found, &set) == 0)
		lint_set(run, options, tree, set, &found);
	else if (load(tree, true, &alone, &set) == 0)
		lint_set(run, options, tree, set, &alone);
}
