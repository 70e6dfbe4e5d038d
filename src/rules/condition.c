/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/condition.h"

#include "rules/lexical.h"

/* YAML folds line ends and indentation into blanks, so a condition and its raw value agree in
 * everything but blanks: the place of a character is found by counting those that are none. */
static size_t offset_in_raw(struct text raw, struct text text, size_t offset)
{
	size_t before = 0;
	size_t at = 0;

	for (size_t i = 0; i < offset && i < text.len; i++)
		before += !lexical_is_blank(text.ptr[i]);
	for (; at < raw.len; at++) {
		if (lexical_is_blank(raw.ptr[at]))
			continue;
		if (before-- == 0)
			break;
	}
	return at;
}

struct source_pos condition_locate(const struct condition_source *source, size_t offset)
{
	const struct text written = source->written.ptr != NULL ? source->written : source->text;
	const struct condition_part *part = &source->part;

	if (source->origin != NULL && source->text.len > 0)
		offset = source->origin[MIN_OF(offset, source->text.len - 1)];
	while (part->next != NULL && part->next->begin <= offset)
		part = part->next;

	const struct text own = text_from(written, MIN_OF(part->begin, written.len));
	const struct text walk = part->raw.ptr != NULL ? part->raw : own;
	struct source_pos at = part->start;
	size_t steps = offset - MIN_OF(part->begin, offset);

	if (part->raw.ptr != NULL)
		steps = offset_in_raw(part->raw, own, steps);
	for (size_t i = 0; i < steps && i < walk.len; i++) {
		at.column++;
		if (walk.ptr[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return at;
}

bool operand_equal(const struct operand *a, const struct operand *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->count != b->count || a->has_argument != b->has_argument
	    || !text_equal(a->text, b->text) || !text_equal(a->argument, b->argument))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!operand_equal(a->items[i], b->items[i]))
			return false;
	return true;
}

bool condition_equal(const struct condition *a, const struct condition *b)
{
	if (a->kind != b->kind || a->count != b->count || a->op != b->op
	    || a->quantifier != b->quantifier || !text_equal(a->macro, b->macro)
	    || !operand_equal(a->left, b->left) || !operand_equal(a->right, b->right))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!condition_equal(a->children[i], b->children[i]))
			return false;
	return true;
}

bool transformer_exists(struct text name)
{
	static const char *const names[] = { "tolower", "toupper", "b64",    "basename",
					     "len",     "join",    "concat", "getopt" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(name, names[i]))
			return true;
	return false;
}
