/* SPDX-License-Identifier: Apache-2.0 */
#include "check/fix.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 64
#define EDITS_MAX  4096

struct round {
	const struct edit *edits[EDITS_MAX]; /* accepted, none touching another */
	size_t count, findings;
};

static bool touches(const struct edit *a, const struct edit *b)
{
	return a->at.start <= b->at.end && b->at.start <= a->at.end;
}

static bool is_free(const struct round *round, const struct finding *finding)
{
	if (round->count + finding->edit_count > EDITS_MAX)
		return false;
	for (size_t i = 0; i < finding->edit_count; i++)
		for (size_t j = 0; j < round->count; j++)
			if (touches(&finding->edits[i], round->edits[j]))
				return false;
	return true;
}

static void take_edits(struct round *round, const struct finding *finding)
{
	for (size_t i = 0; i < finding->edit_count; i++)
		round->edits[round->count++] = &finding->edits[i];
	round->findings++;
}

static int compare_edits(const void *a, const void *b)
{
	const struct edit *const *left = a, *const *right = b;

	return ((*left)->at.start > (*right)->at.start) - ((*left)->at.start < (*right)->at.start);
}

static void apply(struct round *round, struct text text, struct buffer *out)
{
	size_t at = 0;

	qsort(round->edits, round->count, sizeof(*round->edits), compare_edits);
	for (size_t i = 0; i < round->count; i++) {
		buffer_add(out, text.ptr + at, round->edits[i]->at.start - at);
		buffer_add_text(out, round->edits[i]->text);
		at = round->edits[i]->at.end;
	}
	buffer_add(out, text.ptr + at, text.len - at);
}

/* One round: *next is the mended text. Returns how many findings were mended, or an error. */
static int mend_once(const struct check_options *options, const char *file, struct text text,
		     enum artifact artifact, struct buffer *next, size_t *mended, struct error *err)
{
	AUTO(mem_free) void *memory = mem_alloc(sizeof(struct round));
	struct round *round = memory;
	struct check_run run;
	int result;

	check_run_init(&run);
	result = check_text(&run, options, file, text, artifact, err);
	for (size_t i = 0; result == 0 && i < run.findings.count; i++) {
		const struct finding *finding = &run.findings.items[i];

		if (finding->edit_count > 0 && finding->suppressed == NULL
		    && strcmp(finding->file, file) == 0 && is_free(round, finding))
			take_edits(round, finding);
	}
	if (round->count > 0)
		apply(round, text, next);
	*mended = round->findings;
	check_run_done(&run);
	return result;
}

int fix_text(const struct check_options *options, const char *file, struct text text,
	     enum artifact artifact, struct buffer *out, size_t *mended, struct error *err)
{
	AUTO_BUFFER struct buffer next = { 0 };

	*mended = 0;
	buffer_clear(out);
	buffer_add(out, text.ptr, text.len);
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		struct check_run trial;
		size_t count;
		int result;

		buffer_clear(&next);
		result = mend_once(options, file, buffer_text(out), artifact, &next, &count, err);
		if (result != 0 || count == 0)
			return result;
		check_run_init(&trial);
		result = check_text(&trial, options, file, buffer_text(&next), artifact, NULL);
		check_run_done(&trial);
		if (result != 0)
			return 0;
		buffer_clear(out);
		buffer_add(out, next.data, next.len);
		*mended += count;
	}
	return 0;
}
