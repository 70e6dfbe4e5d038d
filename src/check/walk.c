/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c — trees: the files are listed first, then examined by a few threads, a file at a time.
 *
 * A thread keeps its own findings; they are joined and sorted at the end, so the result does not
 * depend on who was faster. Links to directories are not followed: a tree has no cycles. */
#include "check/examine.h"
#include "check/tree.h"

#include <errno.h>
#include <fts.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 64

struct listed_file {
	char *path; /* owned */
	bool named;
};

struct listing {
	struct listed_file *files; /* owned */
	size_t count, capacity;
};

static void add_file(struct listing *listing, const char *path, bool named)
{
	if (listing->count == listing->capacity) {
		listing->capacity = MAX_OF(listing->capacity * 2, (size_t)64);
		listing->files = mem_realloc_array(listing->files, listing->capacity,
						   sizeof(*listing->files));
	}
	listing->files[listing->count++] = (struct listed_file){ mem_strdup(path), named };
}

static void free_listing(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		mem_free(listing->files[i].path);
	mem_free(listing->files);
}

/* What other tools keep beside the sources. */
static bool is_skipped_directory(const FTSENT *entry)
{
	return entry->fts_level > 0
	       && ((entry->fts_name[0] == '.' && strcmp(entry->fts_name, ".github") != 0)
		   || strcmp(entry->fts_name, "node_modules") == 0);
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_problem(struct check_run *run, const char *file, int code)
{
	struct error err = { 0 };

	error_set(&err, -code, "cannot read %s: %s", file, strerror(code));
	check_run_add_problem(run, file, &err);
}

/* "./a" and "/here/a" are both a. */
static const char *relative(const char *path, const char *here)
{
	const size_t len = strlen(here);

	if (len > 1 && strncmp(path, here, len) == 0 && (path[len] == '/' || path[len] == '\0'))
		path += len + (path[len] == '/');
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	return *path != '\0' ? path : ".";
}

static void list_path(struct check_run *run, struct listing *listing, const char *path)
{
	char *roots[] = { (char *)path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, compare_entries);
	FTSENT *entry;

	while (tree != NULL && (entry = fts_read(tree)) != NULL) {
		switch (entry->fts_info) {
		case FTS_D:
			if (is_skipped_directory(entry))
				fts_set(tree, entry, FTS_SKIP);
			break;
		case FTS_F:
			if (entry->fts_level == 0 || artifact_is_candidate(entry->fts_path))
				add_file(listing, relative(entry->fts_path, ""),
					 entry->fts_level == 0);
			break;
		case FTS_NS:
		case FTS_ERR:
		case FTS_DNR:
			add_problem(run, entry->fts_path, entry->fts_errno);
			break;
		default:
			break;
		}
	}
	if (tree != NULL)
		fts_close(tree);
}

struct crew {
	const struct check_options *options;
	const struct listing *listing;
	atomic_size_t next;
};

struct worker {
	pthread_t thread;
	struct crew *crew;
	struct check_run run;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	const struct listing *listing = worker->crew->listing;
	size_t i;

	while ((i = atomic_fetch_add(&worker->crew->next, 1)) < listing->count)
		check_file(&worker->run, worker->crew->options, listing->files[i].path,
			   listing->files[i].named);
	return NULL;
}

static void join_run(struct check_run *to, struct check_run *from)
{
	findings_move(&to->findings, &from->findings);
	to->files += from->files;
	if (from->tree != NULL) {
		to->tree = to->tree != NULL ? to->tree : tree_new();
		tree_join(to->tree, from->tree);
	}
	for (size_t i = 0; i < from->problem_count; i++)
		check_run_add_problem(to, from->problems[i].file, &from->problems[i].error);
	check_run_done(from);
}

static size_t crew_size(const struct check_options *options, size_t files)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t size = options->threads != 0 ? options->threads : (size_t)MAX_OF(cores, 1L);

	size = MIN_OF(size, files / 8 + 1); /* a handful of files is quicker alone */
	return MIN_OF(size, (size_t)THREADS_MAX);
}

static void examine_listing(struct check_run *run, const struct check_options *options,
			    const struct listing *listing)
{
	struct worker workers[THREADS_MAX] = { 0 };
	struct crew crew = { .options = options, .listing = listing };
	const size_t count = crew_size(options, listing->count);
	size_t started = 1;

	for (size_t i = 0; i < count; i++) {
		workers[i].crew = &crew;
		check_run_init(&workers[i].run);
	}
	while (started < count
	       && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
		started++;
	work(&workers[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < count; i++)
		join_run(run, &workers[i].run);
}

static int compare_problems(const void *a, const void *b)
{
	return strcmp(((const struct check_problem *)a)->file,
		      ((const struct check_problem *)b)->file);
}

void check_paths(struct check_run *run, const struct check_options *options,
		 const char *const *paths, size_t count)
{
	struct listing listing = { 0 };
	char here[4096];

	if (getcwd(here, sizeof(here)) == NULL)
		here[0] = '\0';
	for (size_t i = 0; i < count; i++)
		list_path(run, &listing, relative(paths[i], here));
	examine_listing(run, options, &listing);
	free_listing(&listing);
	check_tree(run, options);
	findings_sort(&run->findings);
	findings_unite(&run->findings);
	if (run->problem_count > 1)
		qsort(run->problems, run->problem_count, sizeof(*run->problems), compare_problems);
}
