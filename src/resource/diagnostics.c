/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/diagnostics.h"

#include "resource/lines.h"
#include "resource/value.h"

#define QUOTED_MAX    300 /* bytes of a line that are kept … */
#define QUOTED_BEFORE 100 /* … of which so many characters before the column, in a long line */

void diagnostics_init(struct diagnostics *diagnostics)
{
	*diagnostics = (struct diagnostics){ 0 };
	arena_init(&diagnostics->arena, 4096);
}

void diagnostics_done(struct diagnostics *diagnostics)
{
	mem_free(diagnostics->items);
	arena_done(&diagnostics->arena);
	*diagnostics = (struct diagnostics){ 0 };
}

static void append(struct diagnostics *diagnostics, struct diagnostic *item)
{
	if (diagnostics->count == diagnostics->capacity) {
		diagnostics->capacity = MAX_OF(diagnostics->capacity * 2, (size_t)16);
		diagnostics->items = mem_realloc_array(diagnostics->items, diagnostics->capacity,
						       sizeof(struct diagnostic *));
	}
	diagnostics->items[diagnostics->count++] = item;
}

static bool is_continuation(char byte) /* of a UTF-8 character */
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The part of the line that the column is in; *first_column is where it starts. */
static struct text part_to_quote(struct text line, unsigned column, unsigned *first_column)
{
	*first_column = 1;
	while (line.len > QUOTED_MAX && *first_column + QUOTED_BEFORE < column) {
		line = text_from(line, 1);
		while (line.len > 0 && is_continuation(line.ptr[0]))
			line = text_from(line, 1);
		(*first_column)++;
	}
	return text_until(line, MIN_OF(line.len, (size_t)QUOTED_MAX));
}

static void keep_line(struct diagnostics *diagnostics, struct diagnostic *item, struct text line)
{
	line = part_to_quote(line, item->error.at.column, &item->first_column);
	item->line =
		(struct text){ arena_strndup(&diagnostics->arena, line.ptr, line.len), line.len };
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		     const struct error *error, struct text line)
{
	if (diagnostics->strict)
		severity = SEVERITY_ERROR;
	if (severity == SEVERITY_ERROR)
		diagnostics->errors++;
	else
		diagnostics->warnings++;
	if (diagnostics->count == DIAGNOSTICS_MAX)
		return;

	struct diagnostic *item = ARENA_NEW(&diagnostics->arena, struct diagnostic);

	item->severity = severity;
	item->error = *error;
	if (error->at.file != NULL)
		item->error.at.file = arena_strdup(&diagnostics->arena, error->at.file);
	if (line.ptr != NULL)
		keep_line(diagnostics, item, line);
	append(diagnostics, item);
}

static void quote_from(struct diagnostics *diagnostics, struct diagnostic *item,
		       struct line_finder *lines)
{
	const struct text line = line_find(lines, item->error.at.line);

	if (line.ptr != NULL)
		keep_line(diagnostics, item, line);
}

void diagnostics_quote(struct diagnostics *diagnostics, size_t first)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	const char *read = NULL; /* the file that is in `bytes` */
	struct line_finder lines = { 0 };

	for (size_t i = first; i < diagnostics->count; i++) {
		struct diagnostic *item = diagnostics->items[i];
		const struct source_pos at = item->error.at;

		if (item->line.ptr != NULL || at.file == NULL || at.line == 0)
			continue;
		if (read == NULL || strcmp(read, at.file) != 0) {
			buffer_clear(&bytes);
			if (file_read(at.file, VALUE_LIMIT_BYTES, &bytes, NULL) < 0)
				buffer_clear(&bytes);
			lines = (struct line_finder){ .source = buffer_text(&bytes) };
			read = at.file;
		}
		quote_from(diagnostics, item, &lines);
	}
}

const struct diagnostic *diagnostics_first_error(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		if (diagnostics->items[i]->severity == SEVERITY_ERROR)
			return diagnostics->items[i];
	return NULL;
}

/* The line as a terminal may show it, and a caret below the column; a tab stays a tab in both. */
static void quote_line(const struct diagnostic *diagnostic, struct buffer *out)
{
	const struct text line = diagnostic->line;
	AUTO_BUFFER struct buffer below = { 0 };
	unsigned column = diagnostic->first_column;

	buffer_add_text(out, "    ");
	for (size_t i = 0; i < line.len; i++) {
		const char byte = line.ptr[i];
		const bool is_control = (unsigned char)byte < 0x20 || byte == 0x7f;

		buffer_add_char(out, is_control && byte != '\t' ? '?' : byte);
		if (is_continuation(byte))
			continue;
		if (column++ < diagnostic->error.at.column)
			buffer_add_char(&below, byte == '\t' ? '\t' : ' ');
	}
	buffer_add_text(out, "\n    ");
	buffer_add(out, below.data, below.len);
	buffer_add_text(out, "^\n");
}

void diagnostic_print(const struct diagnostic *diagnostic, bool colour, struct buffer *out)
{
	const bool is_error = diagnostic->severity == SEVERITY_ERROR;
	const struct source_pos at = diagnostic->error.at;

	if (at.file != NULL && at.line > 0)
		buffer_printf(out, "%s:%u:%u: ", at.file, at.line, at.column);
	else if (at.file != NULL)
		buffer_printf(out, "%s: ", at.file);
	if (colour)
		buffer_add_text(out, is_error ? "\033[1;31m" : "\033[1;33m");
	buffer_add_text(out, is_error ? "error:" : "warning:");
	if (colour)
		buffer_add_text(out, "\033[0m");
	buffer_printf(out, " %s\n", diagnostic->error.text);
	if (diagnostic->line.ptr != NULL)
		quote_line(diagnostic, out);
}

void diagnostic_write_json(const struct diagnostic *diagnostic, struct json_writer *json)
{
	const bool is_error = diagnostic->severity == SEVERITY_ERROR;

	json_begin_object(json);
	json_key(json, "severity");
	json_cstring(json, is_error ? "error" : "warning");
	json_key(json, "file");
	json_cstring(json, diagnostic->error.at.file);
	json_key(json, "line");
	json_number(json, diagnostic->error.at.line);
	json_key(json, "column");
	json_number(json, diagnostic->error.at.column);
	json_key(json, "message");
	json_cstring(json, diagnostic->error.text);
	json_end_object(json);
}
