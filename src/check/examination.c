/* SPDX-License-Identifier: Apache-2.0 */
#include "check/examination.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_LINE_MAX 200 /* bytes of the line at fault that a report carries */

static bool matches_any(const struct check *check, const char *const *selectors)
{
	for (; selectors != NULL && *selectors != NULL; selectors++)
		if (check_matches(check, *selectors))
			return true;
	return false;
}

/* A check that is off by default runs when it is asked for by its own id or name. */
static bool is_named(const struct check *check, const char *const *selectors)
{
	for (; selectors != NULL && *selectors != NULL; selectors++)
		if (strcmp(*selectors, check->id) == 0 || strcmp(*selectors, check->name) == 0)
			return true;
	return false;
}

static bool is_raised(const struct examination *exam, const struct check *check)
{
	for (size_t i = 0; i < exam->options->override_count; i++)
		if (exam->options->overrides[i].severity > FINDING_OFF
		    && check_matches(check, exam->options->overrides[i].selector))
			return true;
	return false;
}

bool exam_wants(const struct examination *exam, const struct check *check)
{
	const struct check_options *options = exam->options;

	if (matches_any(check, options->skip))
		return false;
	if (options->only != NULL && options->only[0] != NULL && !matches_any(check, options->only))
		return false;
	if (check->severity == FINDING_OFF)
		return is_named(check, options->only) || is_raised(exam, check);
	return true;
}

void exam_run_family(struct examination *exam, const struct family *family)
{
	for (size_t i = 0; i < family->count; i++) {
		exam->check = &family->checks[i];
		if (exam->check->run != NULL && exam->check->across == (exam->tree != NULL)
		    && exam_wants(exam, exam->check))
			exam->check->run(exam);
	}
}

static const char *source_line(struct examination *exam, unsigned line)
{
	struct text text = line_index_line(&exam->lines, line);

	return arena_strndup(&exam->findings->arena, text.ptr,
			     MIN_OF(text.len, (size_t)SOURCE_LINE_MAX));
}

static struct finding *report(struct examination *exam, const struct check *check, struct range at,
			      const char *fmt, va_list args)
{
	struct finding *finding;
	char message[1024];

	if (exam->reported++ >= EXAM_FINDINGS_MAX) {
		exam->overflow = (struct finding){ 0 };
		return &exam->overflow;
	}
	finding = findings_add(exam->findings);
	vsnprintf(message, sizeof(message), fmt, args);
	finding->check = check;
	finding->severity = check->severity != FINDING_OFF ? check->severity : FINDING_INFO;
	finding->file = exam->file;
	finding->at = line_index_span(&exam->lines, at);
	finding->message = arena_strdup(&exam->findings->arena, message);
	finding->source = source_line(exam, finding->at.line);
	return finding;
}

struct finding *exam_report(struct examination *exam, struct range at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);

	struct finding *finding = report(exam, exam->check, at, fmt, args);

	va_end(args);
	return finding;
}

struct finding *exam_report_as(struct examination *exam, const char *id, struct range at,
			       const char *fmt, ...)
{
	const struct check *check = check_find(text_of(id));
	va_list args;

	assert(check != NULL);
	if (!exam_wants(exam, check))
		return NULL;
	va_start(args, fmt);

	struct finding *finding = report(exam, check, at, fmt, args);

	va_end(args);
	return finding;
}

void exam_mend(struct examination *exam, struct finding *finding, struct range at, const char *fmt,
	       ...)
{
	struct arena *arena = &exam->findings->arena;
	char text[1024];
	va_list args;

	if (finding == NULL || finding == &exam->overflow)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	struct edit *edits = ARENA_ARRAY(arena, finding->edit_count + 1, struct edit);

	if (finding->edit_count > 0)
		memcpy(edits, finding->edits, finding->edit_count * sizeof(*edits));
	edits[finding->edit_count++] = (struct edit){ at, arena_strdup(arena, text) };
	finding->edits = edits;
}
