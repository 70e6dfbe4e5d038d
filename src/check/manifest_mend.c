/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_mend.c — sets a field of a mapping in the text itself: what is there is replaced, what
 * is missing is written beside its siblings, with their indentation. */
#include "check/manifest.h"

#include <stdio.h>
#include <string.h>

/* "a.b" becomes "a:\n<indent>  b: VALUE". */
static void add_nested(struct buffer *out, const char *path, unsigned indent, const char *value)
{
	char copy[256];
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while (rest != NULL) {
		const char *key = strsep(&rest, ".");

		buffer_printf(out, "%s:", key);
		if (rest != NULL) {
			indent += 2;
			buffer_printf(out, "\n%*s", (int)indent, "");
		}
	}
	buffer_printf(out, " %s", value);
}

/* "a.b" in braces becomes "a: {b: VALUE}". */
static void add_flow(struct buffer *out, const char *path, const char *value)
{
	char copy[256];
	char *rest = copy;
	unsigned depth = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	while (rest != NULL) {
		buffer_printf(out, "%s: ", strsep(&rest, "."));
		if (rest != NULL) {
			buffer_add_char(out, '{');
			depth++;
		}
	}
	buffer_add_text(out, value);
	while (depth-- > 0)
		buffer_add_char(out, '}');
}

static void insert_flow_entry(struct examination *exam, struct finding *finding,
			      const struct value *mapping, const char *path, const char *value)
{
	const struct value *first = mapping->first;
	const size_t at = first != NULL ? first->key->start : mapping->start + 1;
	AUTO_BUFFER struct buffer text = { 0 };

	if (exam->text.ptr[mapping->start] != '{'
	    || (first != NULL && first->key->style == VALUE_DOUBLE_QUOTED)
	    || text_ends_with_nocase(text_of(exam->file), TEXT(".json")))
		return;
	add_flow(&text, path, value);
	exam_mend(exam, finding, (struct range){ at, at }, "%s%s", text.data,
		  first != NULL ? ", " : "");
}

static unsigned column_of(const struct examination *exam, size_t offset)
{
	return line_index_span(&exam->lines, (struct range){ offset, offset }).column;
}

/* "name: a   # why": where the line ends, if the entry is all that stands on it; else 0. */
static size_t end_of_entry_line(const struct examination *exam, const struct value *entry)
{
	const struct span at =
		line_index_span(&exam->lines, (struct range){ entry->key->start, entry->end });

	if (entry->type != VALUE_SCALAR || entry->style == VALUE_LITERAL
	    || entry->style == VALUE_FOLDED || at.line != at.end_line)
		return 0;
	return (size_t)(line_index_line(&exam->lines, at.line).ptr - exam->text.ptr)
	       + line_index_line(&exam->lines, at.line).len;
}

/* Behind a first entry that fits its line, as people write it; else before it. What stands at the
 * end of the mapping never needs to be understood. */
static void insert_entry(struct examination *exam, struct finding *finding,
			 const struct value *mapping, const char *path, const char *value)
{
	const struct value *first = mapping->first;
	AUTO_BUFFER struct buffer text = { 0 };
	unsigned indent;
	size_t end;

	if (mapping->type == VALUE_MAPPING && mapping->style == VALUE_FLOW) {
		insert_flow_entry(exam, finding, mapping, path, value);
		return;
	}
	if (mapping->type != VALUE_MAPPING || mapping->style != VALUE_BLOCK || first == NULL
	    || first->key == NULL)
		return;
	indent = column_of(exam, first->key->start) - 1;
	end = end_of_entry_line(exam, first);
	add_nested(&text, path, indent, value);
	if (end > 0)
		exam_mend(exam, finding, (struct range){ end, end }, "\n%*s%s", (int)indent, "",
			  text.data);
	else
		exam_mend(exam, finding, (struct range){ first->key->start, first->key->start },
			  "%s\n%*s", text.data, (int)indent, "");
}

void manifest_mend_field(struct examination *exam, struct finding *finding,
			 const struct value *mapping, const char *dotted_path, const char *value)
{
	const char *rest = dotted_path;

	if (finding == NULL)
		return;
	for (;;) {
		char key[128];
		const size_t len = strcspn(rest, ".");
		const struct value *next;

		snprintf(key, sizeof(key), "%.*s", (int)len, rest);
		next = value_get(mapping, key);
		if (next == NULL) {
			insert_entry(exam, finding, mapping, rest, value);
			return;
		}
		if (rest[len] == '\0') {
			if (next->type == VALUE_SCALAR)
				exam_mend(exam, finding, (struct range){ next->start, next->end },
					  "%s", value);
			return;
		}
		mapping = next;
		rest += len + 1;
	}
}
