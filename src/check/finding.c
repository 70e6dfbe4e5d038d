/* SPDX-License-Identifier: Apache-2.0 */
#include "check/finding.h"

#include "check/catalog.h"

#include <stdlib.h>
#include <string.h>

static const struct severity_word {
	const char *word;
	enum finding_severity severity;
} severity_words[] = {
	/* the first word of a severity is the one we write */
	{ "off", FINDING_OFF },         { "style", FINDING_STYLE },   { "info", FINDING_INFO },
	{ "warning", FINDING_WARNING }, { "error", FINDING_ERROR },   { "ignore", FINDING_OFF },
	{ "none", FINDING_OFF },        { "unknown", FINDING_STYLE }, { "low", FINDING_INFO },
	{ "medium", FINDING_WARNING },  { "high", FINDING_ERROR },    { "critical", FINDING_ERROR },
};

const char *finding_severity_name(enum finding_severity severity)
{
	return severity_words[severity].word;
}

bool finding_severity_parse(struct text name, enum finding_severity *out)
{
	for (size_t i = 0; i < COUNT_OF(severity_words); i++) {
		if (text_equal_nocase(name, text_of(severity_words[i].word))) {
			*out = severity_words[i].severity;
			return true;
		}
	}
	return false;
}

void findings_init(struct findings *findings)
{
	*findings = (struct findings){ 0 };
	arena_init(&findings->arena, 8192);
}

void findings_done(struct findings *findings)
{
	mem_free(findings->items);
	arena_done(&findings->arena);
	*findings = (struct findings){ 0 };
}

struct finding *findings_add(struct findings *findings)
{
	if (findings->count == findings->capacity) {
		findings->capacity = MAX_OF(findings->capacity * 2, (size_t)16);
		findings->items = mem_realloc_array(findings->items, findings->capacity,
						    sizeof(*findings->items));
	}

	struct finding *finding = &findings->items[findings->count++];

	*finding = (struct finding){ 0 };
	return finding;
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

static const struct edit *copy_edits(struct arena *arena, const struct finding *finding)
{
	if (finding->edit_count == 0)
		return NULL;

	struct edit *edits = ARENA_ARRAY(arena, finding->edit_count, struct edit);

	for (size_t i = 0; i < finding->edit_count; i++)
		edits[i] = (struct edit){ finding->edits[i].at,
					  copy_text(arena, finding->edits[i].text) };
	return edits;
}

void findings_move(struct findings *to, struct findings *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct finding *old = &from->items[i];
		struct finding *finding = findings_add(to);

		*finding = *old;
		finding->file = copy_text(&to->arena, old->file);
		finding->message = copy_text(&to->arena, old->message);
		finding->source = copy_text(&to->arena, old->source);
		finding->object = copy_text(&to->arena, old->object);
		finding->suppressed = copy_text(&to->arena, old->suppressed);
		finding->edits = copy_edits(&to->arena, old);
	}
	from->count = 0;
	arena_reset(&from->arena);
}

static int compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare_findings(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = strcmp(a->file, b->file);

	if (order == 0)
		order = compare_numbers(a->at.line, b->at.line);
	if (order == 0)
		order = compare_numbers(a->at.column, b->at.column);
	if (order == 0)
		order = strcmp(a->check->id, b->check->id);
	return order != 0 ? order : strcmp(a->message, b->message);
}

void findings_sort(struct findings *findings)
{
	if (findings->count > 1)
		qsort(findings->items, findings->count, sizeof(*findings->items), compare_findings);
}

void findings_unite(struct findings *findings)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (kept == 0
		    || compare_findings(&findings->items[kept - 1], &findings->items[i]) != 0)
			findings->items[kept++] = findings->items[i];
	findings->count = kept;
}

size_t findings_counted(const struct findings *findings, enum finding_severity from)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].suppressed == NULL
			 && findings->items[i].severity >= from;
	return count;
}

void line_index_init(struct line_index *lines, struct text text, struct arena *arena)
{
	size_t count = 1;

	for (size_t at = 0; at < text.len; at++)
		count += text.ptr[at] == '\n';
	*lines = (struct line_index){ .text = text };
	lines->starts = ARENA_ARRAY(arena, count, size_t);
	lines->starts[lines->count++] = 0;
	for (size_t at = 0; at < text.len; at++)
		if (text.ptr[at] == '\n')
			lines->starts[lines->count++] = at + 1;
}

static size_t line_of(const struct line_index *lines, size_t offset) /* from 0 */
{
	size_t low = 0, high = lines->count;

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (lines->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct span line_index_span(const struct line_index *lines, struct range range)
{
	const size_t start = MIN_OF(range.start, lines->text.len);
	const size_t end = range.end < start ? start : MIN_OF(range.end, lines->text.len);
	const size_t first = line_of(lines, start), last = line_of(lines, end);

	return (struct span){ (unsigned)first + 1, (unsigned)(start - lines->starts[first]) + 1,
			      (unsigned)last + 1, (unsigned)(end - lines->starts[last]) + 1 };
}

size_t line_index_offset(const struct line_index *lines, unsigned line, unsigned column)
{
	if (line == 0 || line > lines->count)
		return lines->text.len;
	return MIN_OF(lines->starts[line - 1] + (column > 0 ? column - 1 : 0), lines->text.len);
}

struct text line_index_line(const struct line_index *lines, unsigned line)
{
	if (line == 0 || line > lines->count)
		return TEXT("");

	const size_t start = lines->starts[line - 1];
	size_t end = line < lines->count ? lines->starts[line] - 1 : lines->text.len;

	if (end > start && lines->text.ptr[end - 1] == '\r')
		end--;
	return (struct text){ lines->text.ptr + start, end - start };
}
