/* SPDX-License-Identifier: Apache-2.0 */
/* value_mapping.c — what a mapping needs once all its entries are there. */
#include "resource/value_build.h"

#include <errno.h>

#define FEW_KEYS 16 /* up to here comparing all with all is cheaper than hashing */

void value_append(struct value *parent, struct value **last, struct value *child)
{
	if (*last != NULL)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	parent->count++;
	parent->nodes += child->nodes;
}

static void report(struct value_builder *build, bool is_error, const struct error *problem)
{
	if (is_error && build->result == 0) {
		build->result = problem->code;
		if (build->err != NULL)
			*build->err = *problem;
	}
	if (build->problem != NULL)
		build->problem(build->context, is_error, problem);
}

static void report_duplicate(struct value_builder *build, const struct value *first,
			     const struct value *again)
{
	const bool same = value_equal(first, again);
	struct error problem;

	error_at(&problem, -EINVAL, again->key->at,
		 same ? "'%.*s' stands here a second time; it is already in line %u"
		      : "'%.*s' stands here a second time, with another value than in line %u; "
			"remove one",
		 TEXT_ARGS(again->key->text), first->key->at.line);
	report(build, !same, &problem);
}

/* The entry before `end` that has the same key. */
static const struct value *find_before(const struct value *mapping, const struct value *end,
				       struct text key)
{
	for (const struct value *entry = mapping->first; entry != end; entry = entry->next)
		if (text_equal(entry->key->text, key))
			return entry;
	return NULL;
}

/* Reports what stands twice and takes the later ones out. */
static void drop_duplicates(struct value_builder *build, struct value *mapping)
{
	AUTO_MAP struct map seen = { 0 };
	const bool many = mapping->count > FEW_KEYS;
	struct value *kept = (struct value *)mapping->first; /* the last that stays */

	if (kept == NULL)
		return;
	if (many)
		map_put(&seen, kept->key->text, kept);
	for (struct value *entry = (struct value *)kept->next; entry != NULL;
	     entry = (struct value *)entry->next) {
		const struct value *first = many ? map_get(&seen, entry->key->text)
						 : find_before(mapping, entry, entry->key->text);

		if (first != NULL) {
			report_duplicate(build, first, entry);
			kept->next = entry->next;
			mapping->count--;
			continue;
		}
		if (many)
			map_put(&seen, entry->key->text, entry);
		kept = entry;
	}
}

static bool is_merge(const struct value *entry)
{
	return entry->key->style == VALUE_PLAIN && text_is(entry->key->text, "<<");
}

static struct value *last_of(const struct value *mapping)
{
	const struct value *last = mapping->first;

	while (last != NULL && last->next != NULL)
		last = last->next;
	return (struct value *)last;
}

/* Adds the entries that the mapping does not have itself. */
static void merge_entries(struct value_builder *build, struct value *mapping,
			  const struct value *from)
{
	AUTO_MAP struct map seen = { 0 };
	struct value *last = last_of(mapping);

	VALUE_FOR_EACH(mapping, entry)
	map_put(&seen, entry->key->text, (void *)entry);
	VALUE_FOR_EACH(from, entry)
	{
		if (map_get(&seen, entry->key->text) != NULL)
			continue;

		struct value *copy = ARENA_NEW(build->arena, struct value);

		*copy = *entry;
		copy->next = NULL;
		value_append(mapping, &last, copy);
	}
}

static void merge(struct value_builder *build, struct value *mapping, const struct value *from)
{
	struct error problem;

	if (from->type == VALUE_MAPPING) {
		merge_entries(build, mapping, from);
		return;
	}
	if (from->type == VALUE_SEQUENCE) {
		VALUE_FOR_EACH(from, item)
		if (item->type == VALUE_MAPPING)
			merge_entries(build, mapping, item);
		return;
	}
	error_at(&problem, -EINVAL, from->at, "'<<' merges a mapping, usually '*name'; this is %s",
		 value_describe(from));
	report(build, true, &problem);
}

/* Takes the "<<" entry out and returns it, NULL where there is none. */
static const struct value *take_merge(struct value *mapping)
{
	struct value *before = NULL;

	VALUE_FOR_EACH(mapping, entry)
	{
		if (is_merge(entry)) {
			if (before != NULL)
				before->next = entry->next;
			else
				mapping->first = entry->next;
			mapping->count--;
			return entry;
		}
		before = (struct value *)entry;
	}
	return NULL;
}

void value_finish_mapping(struct value_builder *build, struct value *mapping)
{
	drop_duplicates(build, mapping);

	const struct value *from = take_merge(mapping);

	if (from != NULL)
		merge(build, mapping, from);
}
