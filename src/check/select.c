/* SPDX-License-Identifier: Apache-2.0 */
#include "check/select.h"

#include "check/families.h"
#include "check/grow.h"

#include <fnmatch.h>
#include <string.h>

#define IDS_MAX     64
#define IGNORES_MAX 1000 /* of a file; what further ones would ignore counts */

struct ignore {
	unsigned first, last;         /* lines it covers; last 0: the whole file */
	const char *ids[IDS_MAX + 1]; /* NULL-terminated selectors */
	const char *reason;
	int64_t until_ns; /* 0: for ever */
};

struct ignores {
	struct ignore *items;
	size_t count, capacity;
	struct arena *arena;
	unsigned block_end; /* the line below the comment lines last read */
	unsigned stage_end; /* the last line of the stage last read */
};

static bool is_id_char(char c)
{
	return char_is_digit(c) || (char_lower(c) >= 'a' && char_lower(c) <= 'z') || c == '-'
	       || c == '*';
}

/* "A,B , C": returns what stands behind the list. */
static struct text parse_ids(struct text text, struct ignore *ignore, struct arena *arena)
{
	size_t count = 0;

	for (;;) {
		size_t end = 0;

		text = text_trim(text);
		while (end < text.len && is_id_char(text.ptr[end]))
			end++;
		if (end > 0 && count < IDS_MAX)
			ignore->ids[count++] = arena_strndup(arena, text.ptr, end);
		text = text_trim(text_from(text, end));
		if (text.len == 0 || text.ptr[0] != ',')
			return text;
		text = text_from(text, 1);
	}
}

static bool take_word(struct text *text, const char *word)
{
	const struct text wanted = text_of(word);

	if (!text_starts_with(*text, wanted))
		return false;
	*text = text_trim(text_from(*text, wanted.len));
	return true;
}

static bool take_ignore_equals(struct text *text)
{
	return take_word(text, "ignore") && take_word(text, "=");
}

/* "until=2027-01-31": the day itself is still covered. */
static void parse_until(struct text *text, struct ignore *ignore)
{
	char day[CLOCK_TEXT_MAX];
	size_t end = 0;

	if (!take_word(text, "until="))
		return;
	while (end < text->len && !char_is_space(text->ptr[end]))
		end++;
	snprintf(day, sizeof(day), "%.*sT23:59:59Z", (int)MIN_OF(end, (size_t)10), text->ptr);
	if (!clock_parse_utc(text_of(day), &ignore->until_ns))
		ignore->until_ns = 1; /* unreadable: long past, so that it is noticed */
	*text = text_trim(text_from(*text, end));
}

static bool parse_ours(struct text comment, struct ignore *ignore, struct arena *arena)
{
	if (!take_word(&comment, "mangrove") || !take_ignore_equals(&comment))
		return false;
	comment = parse_ids(comment, ignore, arena);
	parse_until(&comment, ignore);
	ignore->reason = comment.len > 0 ? arena_strndup(arena, comment.ptr, comment.len)
					 : "ignored in the file";
	return true;
}

enum pragma_scope { PRAGMA_NONE, PRAGMA_LINE, PRAGMA_STAGE, PRAGMA_FILE };

static enum pragma_scope parse_hadolint(struct text comment, struct ignore *ignore,
					struct arena *arena)
{
	enum pragma_scope scope = PRAGMA_LINE;

	if (!take_word(&comment, "hadolint"))
		return PRAGMA_NONE;
	if (take_word(&comment, "global"))
		scope = PRAGMA_FILE;
	else if (take_word(&comment, "stage"))
		scope = PRAGMA_STAGE;
	if (!take_ignore_equals(&comment))
		return PRAGMA_NONE;
	comment = parse_ids(comment, ignore, arena);
	if (comment.len > 0 && comment.ptr[0] != '#')
		return PRAGMA_NONE;
	ignore->reason = "ignored by a hadolint pragma";
	return scope;
}

static void add_ignore(struct ignores *ignores, const struct ignore *ignore)
{
	ignores->items = arena_grow(ignores->arena, ignores->items, ignores->count,
				    &ignores->capacity, sizeof(*ignores->items));
	ignores->items[ignores->count++] = *ignore;
}

static struct text comment_of(struct text line, bool *alone)
{
	size_t hash = 0;

	while (hash < line.len
	       && (line.ptr[hash] != '#' || (hash > 0 && !char_is_space(line.ptr[hash - 1]))))
		hash++;
	*alone = text_trim(text_until(line, hash)).len == 0;
	return hash < line.len ? text_trim(text_from(line, hash + 1)) : TEXT("");
}

/* The first line below the comment lines that begin at `line`; asked line by line from the top. */
static unsigned line_below_comments(const struct line_index *lines, unsigned line)
{
	bool alone = true;

	while (++line <= lines->count) {
		const struct text text = line_index_line(lines, line);

		comment_of(text, &alone);
		if (!alone || text_trim(text).len == 0)
			break;
	}
	return line;
}

static unsigned stage_end(const struct line_index *lines, unsigned line)
{
	unsigned end = line + 1;

	while (++end <= lines->count)
		if (text_starts_with_nocase(text_trim(line_index_line(lines, end)), TEXT("from ")))
			return end - 1;
	return (unsigned)lines->count;
}

static void read_comment(struct examination *exam, struct ignores *ignores, unsigned line)
{
	struct ignore ignore = { .first = line, .last = line };
	bool alone;
	const struct text comment = comment_of(line_index_line(&exam->lines, line), &alone);

	if (parse_ours(comment, &ignore, ignores->arena)) {
		if (alone && line >= ignores->block_end)
			ignores->block_end = line_below_comments(&exam->lines, line);
		if (alone)
			ignore.last = ignores->block_end;
		add_ignore(ignores, &ignore);
		return;
	}
	switch (parse_hadolint(comment, &ignore, ignores->arena)) {
	case PRAGMA_LINE:
		ignore.last = line + 1;
		break;
	case PRAGMA_STAGE:
		if (line >= ignores->stage_end)
			ignores->stage_end = stage_end(&exam->lines, line);
		ignore.last = ignores->stage_end;
		break;
	case PRAGMA_FILE:
		ignore.last = 0;
		break;
	default:
		return;
	}
	add_ignore(ignores, &ignore);
}

static void read_ignores(struct examination *exam, struct ignores *ignores)
{
	const struct text mark = TEXT("ignore");
	size_t at = 0;
	unsigned last = 0;

	while (!exam->options->no_pragmas && at < exam->text.len && ignores->count < IGNORES_MAX) {
		const char *hit =
			memmem(exam->text.ptr + at, exam->text.len - at, mark.ptr, mark.len);

		if (hit == NULL)
			return;
		at = (size_t)(hit - exam->text.ptr) + mark.len;

		const unsigned line = line_index_span(&exam->lines, (struct range){ at, at }).line;

		if (line != last)
			read_comment(exam, ignores, line);
		last = line;
	}
}

static bool covers(const struct ignore *ignore, const struct finding *finding)
{
	if (ignore->last != 0
	    && (finding->at.line < ignore->first || finding->at.line > ignore->last))
		return false;
	for (const char *const *id = ignore->ids; *id != NULL; id++)
		if (check_matches(finding->check, *id))
			return true;
	return false;
}

static void apply_ignores(struct examination *exam, struct finding *finding,
			  const struct ignores *ignores)
{
	for (size_t i = 0; i < ignores->count && finding->suppressed == NULL; i++) {
		const struct ignore *ignore = &ignores->items[i];

		if (!covers(ignore, finding))
			continue;
		if (ignore->until_ns == 0 || exam->options->now_ns <= ignore->until_ns)
			finding->suppressed = arena_strdup(&exam->findings->arena, ignore->reason);
		else
			finding->message = arena_printf(
				&exam->findings->arena,
				"%s (it was ignored, but only until a day that is past)",
				finding->message);
	}
}

static void apply_overrides(struct examination *exam, struct finding *finding)
{
	for (size_t i = 0; i < exam->options->override_count; i++) {
		const struct override *override = &exam->options->overrides[i];

		if (!check_matches(finding->check, override->selector)
		    || (override->path != NULL && fnmatch(override->path, finding->file, 0) != 0))
			continue;
		if (override->severity == FINDING_OFF)
			finding->suppressed = override->reason != NULL ? override->reason
								       : "ignored by configuration";
		else
			finding->severity = override->severity;
	}
}

void select_findings(struct examination *exam, size_t first)
{
	struct findings *findings = exam->findings;
	struct ignores ignores = { .arena = exam->arena };
	size_t kept = first;

	if (first == findings->count)
		return;
	read_ignores(exam, &ignores);
	for (size_t i = first; i < findings->count; i++) {
		struct finding *finding = &findings->items[i];

		apply_overrides(exam, finding);
		apply_ignores(exam, finding, &ignores);
		if (finding->severity >= exam->options->show_from)
			findings->items[kept++] = *finding;
	}
	findings->count = kept;
}
