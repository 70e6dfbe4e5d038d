/* SPDX-License-Identifier: Apache-2.0 */
/* load.c — files into a set: whole, or with everything that is wrong with them. */
#include "resource/load.h"
#include "resource/set.h"

#include <errno.h>

#define MEMORY_BUDGET ((size_t)256 << 20) /* of the lists of one set */

static void on_problem(void *context, bool is_error, const struct error *problem)
{
	struct decoder *decoder = context;

	if (is_error)
		decode_error(decoder, problem->at, "%s", problem->text);
	else
		decode_warning(decoder, problem->at, "%s", problem->text);
}

void load_source(struct decoder *decoder, struct resource_set *set, const char *file,
		 struct text bytes)
{
	struct line_finder lines = { .source = bytes };
	AUTO_ARENA struct arena scratch;
	const struct value *documents;
	const struct value_source source = { .file = arena_strdup(decoder->arena, file),
					     .bytes = bytes,
					     .is_json =
						     text_ends_with(text_of(file), TEXT(".json")) };

	arena_init(&scratch, 65536);
	decoder->lines = &lines;
	/* as long as nobody knows which lines are a Secret's, a file with one shows none */
	decoder->hides_lines = text_contains(bytes, TEXT("Secret"));
	const int result = value_parse(&scratch, &source, on_problem, decoder, &documents, NULL);

	decoder->hides_lines = false;
	if (result == 0)
		for (const struct value *next = documents; next != NULL; next = next->next)
			load_document(decoder, set, next);
	arena_wipe(&scratch);
	decoder->lines = NULL;
}

static void load_file(struct decoder *decoder, struct resource_set *set, const char *path)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct error problem;

	if (file_read(path, VALUE_LIMIT_BYTES, &bytes, &problem) < 0)
		decode_error(decoder, (struct source_pos){ .file = path }, "%s", problem.text);
	else if (bytes.len > 0)
		load_source(decoder, set, path, buffer_text(&bytes));
	if (bytes.data != NULL)
		mem_wipe(bytes.data, bytes.len);
}

static struct decoder new_decoder(struct resource_set *set, struct diagnostics *diagnostics)
{
	return (struct decoder){ .arena = set_arena(set),
				 .diagnostics = diagnostics,
				 .root_namespace = set->root_namespace,
				 .budget = MEMORY_BUDGET };
}

/* The first error; its place becomes text, for the file's name ends with the diagnostics. */
static void tell_first(const struct diagnostics *diagnostics, struct error *err)
{
	const struct diagnostic *first = diagnostics_first_error(diagnostics);
	char text[sizeof(err->text)];

	if (first != NULL)
		error_set(err, first->error.code, "%s",
			  error_format(&first->error, text, sizeof(text)));
}

/* The set is handed over only if nothing was wrong. */
static int finish(struct resource_set *set, const struct diagnostics *diagnostics,
		  size_t errors_before, struct resource_set **out, struct error *err)
{
	if (diagnostics->errors > errors_before) {
		tell_first(diagnostics, err);
		resource_set_unref(set);
		return -EINVAL;
	}
	set_finish(set);
	*out = set;
	return 0;
}

int resource_set_load(const char *const *paths, size_t path_count,
		      const struct resource_options *options, struct diagnostics *diagnostics,
		      struct resource_set **out, struct error *err)
{
	static const struct resource_options defaults;
	AUTO_PATH_LIST struct path_list files = { 0 };
	const size_t errors_before = diagnostics->errors;
	const struct resource_options *chosen = options != NULL ? options : &defaults;

	diagnostics->strict = chosen->strict;
	struct resource_set *set = set_new(chosen);
	struct decoder decoder = new_decoder(set, diagnostics);

	for (size_t i = 0; i < path_count; i++) {
		struct error problem;

		if (path_list_add(&files, paths[i], &problem) < 0)
			decode_error(&decoder, (struct source_pos){ .file = paths[i] }, "%s",
				     problem.text);
	}
	for (size_t i = 0; i < files.count; i++)
		load_file(&decoder, set, files.items[i]);
	return finish(set, diagnostics, errors_before, out, err);
}

int resource_set_parse(const char *file, struct text text, const struct resource_options *options,
		       struct diagnostics *diagnostics, struct resource_set **out,
		       struct error *err)
{
	static const struct resource_options defaults;
	const size_t errors_before = diagnostics->errors;
	const struct resource_options *chosen = options != NULL ? options : &defaults;

	diagnostics->strict = chosen->strict;
	struct resource_set *set = set_new(chosen);
	struct decoder decoder = new_decoder(set, diagnostics);

	load_source(&decoder, set, file, text);
	return finish(set, diagnostics, errors_before, out, err);
}
