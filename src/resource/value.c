/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/value.h"

#include "resource/lines.h"

const struct value *value_get(const struct value *mapping, const char *key)
{
	const struct text wanted = text_of(key);

	if (mapping == NULL || mapping->type != VALUE_MAPPING)
		return NULL;
	VALUE_FOR_EACH(mapping, entry)
	if (text_equal(entry->key->text, wanted))
		return entry;
	return NULL;
}

const struct value *value_find(const struct value *mapping, const char *dotted_path)
{
	struct text rest = text_of(dotted_path);

	while (rest.ptr != NULL && mapping != NULL) {
		const struct text step = text_split(&rest, '.');
		const struct value *found = NULL;

		if (mapping->type == VALUE_MAPPING)
			VALUE_FOR_EACH(mapping, entry)
		if (found == NULL && text_equal(entry->key->text, step))
			found = entry;
		mapping = found;
	}
	return mapping;
}

static bool equal_entries(const struct value *a, const struct value *b)
{
	VALUE_FOR_EACH(a, entry)
	{
		const struct value *other = value_get(b, entry->key->text.ptr);

		if (other == NULL || !value_equal(entry, other))
			return false;
	}
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type || a->count != b->count)
		return false;
	if (a->type == VALUE_SCALAR)
		return text_equal(a->text, b->text)
		       && (a->style == VALUE_PLAIN) == (b->style == VALUE_PLAIN);
	if (a->type == VALUE_MAPPING)
		return equal_entries(a, b);

	const struct value *other = b->first;

	VALUE_FOR_EACH(a, item)
	{
		if (!value_equal(item, other))
			return false;
		other = other->next;
	}
	return true;
}

static struct value *copy_node(struct arena *arena, const struct value *value)
{
	struct value *copy = ARENA_NEW(arena, struct value);

	*copy = *value;
	copy->next = NULL;
	copy->first = NULL;
	if (value->text.ptr != NULL)
		copy->text.ptr = arena_strndup(arena, value->text.ptr, value->text.len);
	if (value->key != NULL)
		copy->key = copy_node(arena, value->key);
	return copy;
}

const struct value *value_copy(struct arena *arena, const struct value *value)
{
	struct value *copy = copy_node(arena, value);
	struct value *last = NULL;

	VALUE_FOR_EACH(value, item)
	{
		struct value *child = (struct value *)value_copy(arena, item);

		if (last != NULL)
			last->next = child;
		else
			copy->first = child;
		last = child;
	}
	return copy;
}

struct text value_source_line(struct text source, unsigned line)
{
	struct line_finder finder = { .source = source };

	return line > 0 ? line_find(&finder, line) : (struct text){ NULL, 0 };
}

struct text value_comment_above(struct text source, unsigned line)
{
	struct text comment = { NULL, 0 };

	for (unsigned above = line; above-- > 1;) {
		const struct text candidate = value_source_line(source, above);
		const struct text trimmed = text_trim(candidate);

		if (trimmed.len == 0 || trimmed.ptr[0] != '#')
			break;
		comment = (struct text){ candidate.ptr,
					 comment.ptr != NULL ? (size_t)(comment.ptr - candidate.ptr)
								       + comment.len
							     : candidate.len };
	}
	return comment;
}
