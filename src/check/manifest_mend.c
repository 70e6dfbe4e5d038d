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

/* Before the first entry, so that nothing at the end of the mapping needs to be understood. */
static void insert_entry(struct examination *exam, struct finding *finding,
			 const struct value *mapping, const char *path, const char *value)
{
	const struct value *first = mapping->first;
	AUTO_BUFFER struct buffer text = { 0 };
	unsigned indent;

	if (mapping->type != VALUE_MAPPING || mapping->style != VALUE_BLOCK || first == NULL
	    || first->key == NULL)
		return;
	indent = line_index_span(&exam->lines,
				 (struct range){ first->key->start, first->key->start })
			 .column
		 - 1;
	add_nested(&text, path, indent, value);
	exam_mend(exam, finding, (struct range){ first->key->start, first->key->start }, "%s\n%*s",
		  text.data, (int)indent, "");
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
