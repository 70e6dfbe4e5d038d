/* SPDX-License-Identifier: Apache-2.0 */
/* run.c — one file at a time: read, tell its kind, parse, run the checks of that kind. */
#include "check/run.h"

#include "check/examination.h"
#include "check/examine.h"
#include "check/select.h"
#include "check/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)16 << 20)

void check_run_init(struct check_run *run)
{
	*run = (struct check_run){ 0 };
	findings_init(&run->findings);
}

void check_run_done(struct check_run *run)
{
	findings_done(&run->findings);
	tree_free(run->tree);
	for (size_t i = 0; i < run->problem_count; i++)
		mem_free(run->problems[i].file);
	mem_free(run->problems);
	*run = (struct check_run){ 0 };
}

static int examine(struct examination *exam, enum artifact artifact, struct error *err)
{
	switch (artifact) {
	case ARTIFACT_COMPOSE:
		return examine_compose(exam, err);
	case ARTIFACT_DOCKERFILE:
		return examine_dockerfile(exam, err);
	case ARTIFACT_MANIFEST:
		return examine_manifest(exam, err);
	case ARTIFACT_FALCO:
		tree_add_file(exam->seen, exam->file, ARTIFACT_FALCO);
		return 0;
	case ARTIFACT_NGINX:
		return examine_nginx(exam, err);
	default:
		return error_set(err, -ENOTSUP, "%s: nothing here reads %s files", exam->file,
				 artifact_name(artifact));
	}
}

/* The first look at a file. */
static int examine_text(struct check_run *run, const struct check_options *options,
			const char *file, struct text text, enum artifact artifact,
			struct error *err)
{
	AUTO_ARENA struct arena arena;
	struct examination exam = {
		.options = options, .text = text, .arena = &arena, .findings = &run->findings
	};
	const size_t first = run->findings.count;

	if (run->tree == NULL)
		run->tree = tree_new();
	exam.seen = run->tree;
	arena_init(&arena, 32768);
	exam.file = arena_strdup(&run->findings.arena, file);
	line_index_init(&exam.lines, text, &arena);

	int result = examine(&exam, artifact, err);

	select_findings(&exam, first);
	if (result == 0)
		run->files++;
	if (result == 0 && exam.reported > EXAM_FINDINGS_MAX)
		result = error_set(err, -EFBIG, "%s has %zu findings; only the first %d are shown",
				   file, exam.reported, EXAM_FINDINGS_MAX);
	return result;
}

void check_tree(struct check_run *run, const struct check_options *options)
{
	tree_examine(run, options, run->tree);
	tree_free(run->tree);
	run->tree = NULL;
}

int check_text(struct check_run *run, const struct check_options *options, const char *file,
	       struct text text, enum artifact artifact, struct error *err)
{
	const int result = examine_text(run, options, file, text, artifact, err);

	if (result == 0 && run->tree->file_count > 0)
		run->tree->files[0].text = text;
	check_tree(run, options);
	return result;
}

void check_run_add_problem(struct check_run *run, const char *file, const struct error *err)
{
	run->problems =
		mem_realloc_array(run->problems, run->problem_count + 1, sizeof(*run->problems));

	struct check_problem *problem = &run->problems[run->problem_count++];

	*problem = (struct check_problem){ *err, mem_strdup(file) };
	if (err->at.file == NULL)
		return;
	/* whoever found it owns the name of the file it was found in, and will be gone */
	if (strcmp(err->at.file, file) != 0)
		error_format(err, problem->error.text, sizeof(problem->error.text));
	problem->error.at.file = strcmp(err->at.file, file) == 0 ? problem->file : NULL;
}

size_t check_file_limit(const struct check_options *options)
{
	return options->file_limit != 0 ? options->file_limit : FILE_LIMIT;
}

void check_file(struct check_run *run, const struct check_options *options, const char *path,
		bool named)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct error err = { 0 };
	enum artifact artifact;

	if (file_read(path, check_file_limit(options), &bytes, &err) != 0) {
		check_run_add_problem(run, path, &err);
		return;
	}
	artifact = artifact_detect(path, buffer_text(&bytes));
	if (artifact == ARTIFACT_UNKNOWN) {
		if (named) {
			error_set(&err, -EINVAL,
				  "%s is no file that check knows: a Dockerfile, a Kubernetes or "
				  "Istio manifest, a compose file, an nginx configuration, a Falco "
				  "rule file",
				  path);
			check_run_add_problem(run, path, &err);
		}
		return;
	}
	if (examine_text(run, options, path, buffer_text(&bytes), artifact, &err) != 0)
		check_run_add_problem(run, path, &err);
}
