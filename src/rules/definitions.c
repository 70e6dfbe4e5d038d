/* SPDX-License-Identifier: Apache-2.0 */
/* definitions.c — what happens when a name is defined again, appended to or overridden. */
#include "rules/definition.h"

#include <errno.h>

void definitions_init(struct definitions *all, struct arena *arena, struct report_builder *report)
{
	*all = (struct definitions){ .arena = arena, .report = report };
	all->lists_end = &all->lists;
	all->macros_end = &all->macros;
	all->rules_end = &all->rules;
}

void definitions_done(struct definitions *all)
{
	map_done(&all->list_names);
	map_done(&all->macro_names);
	map_done(&all->rule_names);
}

static struct texts join_texts(struct arena *arena, struct texts a, struct texts b)
{
	struct text *items = ARENA_ARRAY(arena, a.count + b.count + 1, struct text);

	if (a.count > 0)
		memcpy(items, a.items, a.count * sizeof(*items));
	if (b.count > 0)
		memcpy(items + a.count, b.items, b.count * sizeof(*items));
	return (struct texts){ items, a.count + b.count };
}

/* `before` and `more` with a blank between them: no parentheses, as ever. */
static struct text join_text(struct arena *arena, struct text before, struct text more)
{
	const char *joined = arena_printf(arena, "%.*s %.*s", TEXT_ARGS(before), TEXT_ARGS(more));

	return text_of(joined);
}

static void append_condition(struct arena *arena, struct written_condition *before,
			     const struct written_condition *more)
{
	struct condition_part *part = ARENA_NEW(arena, struct condition_part);
	struct condition_part *last = &before->part;

	*part = more->part;
	part->begin = before->text.len + 1;
	while (last->next != NULL)
		last = last->next;
	last->next = part;
	before->text = join_text(arena, before->text, more->text);
}

/* --- lists and macros -------------------------------------------------------------------- */

int define_list(struct definitions *all, const struct list_definition *list)
{
	struct list_definition *slot = map_get(&all->list_names, list->name);
	const uint32_t id = all->next_index++;

	if (slot == NULL) {
		slot = ARENA_NEW(all->arena, struct list_definition);
		*all->lists_end = slot;
		all->lists_end = &slot->next;
		*slot = *list;
		slot->index = id;
		map_put(&all->list_names, slot->name, slot);
	} else {
		slot->items = list->items;
		slot->at = list->at;
	}
	slot->visibility = id;
	return 0;
}

int append_to_list(struct definitions *all, const struct list_definition *more)
{
	struct list_definition *list = map_get(&all->list_names, more->name);

	if (list == NULL)
		return report_issue(
			all->report, LOAD_ERR_VALIDATE, more->at,
			"list '%.*s' is appended to, but no list of that name is defined "
			"before it",
			TEXT_ARGS(more->name));
	list->items = join_texts(all->arena, list->items, more->items);
	list->visibility = all->next_index++;
	return 0;
}

int define_macro(struct definitions *all, const struct macro_definition *macro)
{
	struct macro_definition *slot = map_get(&all->macro_names, macro->name);
	const uint32_t id = all->next_index++;

	if (slot == NULL) {
		slot = ARENA_NEW(all->arena, struct macro_definition);
		*all->macros_end = slot;
		all->macros_end = &slot->next;
		*slot = *macro;
		slot->index = id;
		map_put(&all->macro_names, slot->name, slot);
	} else {
		slot->written = macro->written;
		slot->at = macro->at;
	}
	slot->visibility = id;
	return 0;
}

int append_to_macro(struct definitions *all, const struct macro_definition *more)
{
	struct macro_definition *macro = map_get(&all->macro_names, more->name);

	if (macro == NULL)
		return report_issue(
			all->report, LOAD_ERR_VALIDATE, more->at,
			"macro '%.*s' is appended to, but no macro of that name is defined "
			"before it",
			TEXT_ARGS(more->name));
	append_condition(all->arena, &macro->written, &more->written);
	macro->visibility = all->next_index++;
	return 0;
}

/* --- rules ------------------------------------------------------------------------------- */

static int check_exceptions(struct definitions *all, struct exception *exceptions,
			    bool known_source)
{
	for (struct exception *e = exceptions; e != NULL; e = e->next) {
		if (e->fields == NULL)
			return report_issue(
				all->report, LOAD_ERR_VALIDATE, e->at,
				"exception '%.*s' must have a 'fields' property with a list "
				"of fields",
				TEXT_ARGS(e->name));
		if (exception_check(all, e, known_source) != 0)
			return -EINVAL;
	}
	return 0;
}

int define_rule(struct definitions *all, const struct rule_definition *rule)
{
	struct rule_definition *slot = map_get(&all->rule_names, rule->name);
	struct rule_definition fresh = *rule;

	if (slot != NULL && !text_equal(slot->source, rule->source))
		return report_issue(
			all->report, LOAD_ERR_VALIDATE, rule->at,
			"rule '%.*s' is defined again with another source: '%.*s', before "
			"'%.*s'",
			TEXT_ARGS(rule->name), TEXT_ARGS(rule->source), TEXT_ARGS(slot->source));
	fresh.unknown_source = !text_is(rule->source, "syscall");
	if (fresh.unknown_source)
		report_issue(all->report, LOAD_UNKNOWN_SOURCE, rule->at,
			     "unknown source '%.*s': the rule is skipped", TEXT_ARGS(rule->source));
	if (check_exceptions(all, fresh.exceptions, !fresh.unknown_source) != 0)
		return -EINVAL;
	fresh.visibility = all->next_index++;
	if (slot == NULL) {
		slot = ARENA_NEW(all->arena, struct rule_definition);
		*all->rules_end = slot;
		all->rules_end = &slot->next;
		fresh.index = fresh.visibility;
		fresh.next = NULL;
		map_put(&all->rule_names, fresh.name, slot);
	} else {
		fresh.index = slot->index;
		fresh.next = slot->next;
	}
	*slot = fresh;
	return 0;
}

static struct rule_definition *find_rule(struct definitions *all,
					 const struct rule_definition *item, const char *what)
{
	struct rule_definition *rule = map_get(&all->rule_names, item->name);

	if (rule == NULL)
		report_issue(all->report, LOAD_ERR_VALIDATE, item->at,
			     "rule '%.*s' %s, but no rule of that name is defined before it",
			     TEXT_ARGS(item->name), what);
	return rule;
}

static bool has_tag(struct texts tags, struct text tag)
{
	for (size_t i = 0; i < tags.count; i++)
		if (text_equal(tags.items[i], tag))
			return true;
	return false;
}

static struct texts add_tags(struct arena *arena, struct texts tags, struct texts more)
{
	for (size_t i = 0; i < more.count; i++)
		if (!has_tag(tags, more.items[i]))
			tags = join_texts(arena, tags, (struct texts){ &more.items[i], 1 });
	return tags;
}

/* Values for an exception that is there, or a whole new one. */
static int append_exception(struct definitions *all, struct rule_definition *rule,
			    struct exception *more)
{
	struct exception **end = &rule->exceptions;

	while (*end != NULL && !text_equal((*end)->name, more->name))
		end = &(*end)->next;
	if (*end != NULL) {
		struct exception_values **values = &(*end)->values;

		if (more->fields != NULL || more->comps != NULL)
			return report_issue(all->report, LOAD_ERR_VALIDATE, more->at,
					    "exception '%.*s' is there already: only values can be "
					    "appended, not %s",
					    TEXT_ARGS(more->name),
					    more->fields != NULL ? "fields" : "comps");
		while (*values != NULL)
			values = &(*values)->next;
		*values = more->values;
		return 0;
	}
	if (more->fields == NULL || more->values == NULL)
		return report_issue(all->report, LOAD_ERR_VALIDATE, more->at,
				    "new exception '%.*s' must have a '%s' property",
				    TEXT_ARGS(more->name),
				    more->fields == NULL ? "fields" : "values");
	if (exception_check(all, more, !rule->unknown_source) != 0)
		return -EINVAL;
	more->next = NULL;
	*end = more;
	return 0;
}

int append_to_rule(struct definitions *all, const struct rule_definition *more, unsigned parts)
{
	struct rule_definition *rule = find_rule(all, more, "is appended to");

	if (rule == NULL)
		return -EINVAL;
	if (parts == 0)
		return report_issue(all->report, LOAD_ERR_VALIDATE, more->at,
				    "an appended rule must have a condition or exceptions");
	if (parts & RULE_CONDITION)
		append_condition(all->arena, &rule->condition, &more->condition);
	if (parts & RULE_OUTPUT)
		rule->output = join_text(all->arena, rule->output, more->output);
	if (parts & RULE_DESCRIPTION)
		rule->description = join_text(all->arena, rule->description, more->description);
	if (parts & RULE_TAGS)
		rule->tags = add_tags(all->arena, rule->tags, more->tags);
	if (parts & RULE_EXCEPTIONS) {
		for (struct exception *e = more->exceptions, *after; e != NULL; e = after) {
			after = e->next;
			if (append_exception(all, rule, e) != 0)
				return -EINVAL;
		}
	}
	rule->visibility = all->next_index++;
	return 0;
}

int replace_in_rule(struct definitions *all, const struct rule_definition *with, unsigned parts)
{
	struct rule_definition *rule = find_rule(all, with, "is overridden");

	if (rule == NULL)
		return -EINVAL;
	if (parts & RULE_CONDITION)
		rule->condition = with->condition;
	if (parts & RULE_OUTPUT) {
		rule->output = with->output;
		rule->output_at = with->output_at;
	}
	if (parts & RULE_DESCRIPTION)
		rule->description = with->description;
	if (parts & RULE_TAGS)
		rule->tags = with->tags;
	if (parts & RULE_EXCEPTIONS) {
		if (check_exceptions(all, with->exceptions, !rule->unknown_source) != 0)
			return -EINVAL;
		rule->exceptions = with->exceptions;
	}
	if (parts & RULE_PRIORITY)
		rule->priority = with->priority;
	if (parts & RULE_ENABLED)
		rule->enabled = with->enabled;
	if (parts & RULE_WARN_EVENT_TYPES)
		rule->warn_event_types = with->warn_event_types;
	if (parts & RULE_SKIP_IF_UNKNOWN)
		rule->skip_if_unknown = with->skip_if_unknown;
	rule->visibility = all->next_index++;
	return 0;
}

int enable_rule(struct definitions *all, const struct rule_definition *toggle)
{
	struct rule_definition *rule = find_rule(all, toggle, "is enabled or disabled");

	if (rule == NULL)
		return -EINVAL;
	rule->enabled = toggle->enabled;
	return 0;
}
