/* SPDX-License-Identifier: Apache-2.0 */
/* expand.c — puts lists into the text of conditions, parses, puts macros into the trees.
 *
 * Lists are text: each place in a condition where a list's name stands between delimiters gets its
 * items, even inside quotes. That is Falco's way, and rule files lean on it. Macros are trees: a
 * macro's tree is shared by all that use it, so a set of trees is a graph without loops. */
#include "rules/definition.h"

#include "rules/lexical.h"

#include <errno.h>

#define EXPANDED_SIZE_MAX  20000u /* checks and operators of a condition with its macros put in */
#define EXPANDED_TEXT_MAX  (1u << 20)
#define EXPANDED_DEPTH_MAX 1000u

/* --- lists ------------------------------------------------------------------------------- */

static void add_item(struct buffer *out, struct text item)
{
	const bool quote =
		text_find_char(item, ' ') != TEXT_NONE && item.ptr[0] != '"' && item.ptr[0] != '\'';

	buffer_printf(out, quote ? "%s\"%.*s\"" : "%s%.*s", out->len > 0 ? ", " : "",
		      TEXT_ARGS(item));
}

/* A list's items; those that name a list defined before it are that list's items, as it has them.
 */
static void expand_list(struct definitions *all, struct list_definition *list)
{
	AUTO_BUFFER struct buffer text = { 0 };

	for (size_t i = 0; i < list->items.count; i++) {
		struct list_definition *other = map_get(&all->list_names, list->items.items[i]);

		if (other == NULL || other->index >= list->visibility) {
			add_item(&text, list->items.items[i]);
			continue;
		}
		other->used = true;
		for (size_t k = 0; k < other->items.count; k++)
			add_item(&text, other->items.items[k]);
	}
	list->expanded.ptr =
		arena_strndup(all->arena, text.data != NULL ? text.data : "", text.len);
	list->expanded.len = text.len;
}

/* A text and where each of its bytes was written. */
struct traced {
	struct buffer text;
	struct buffer origins; /* uint32_t each */
};

static void traced_done(struct traced *traced)
{
	buffer_done(&traced->text);
	buffer_done(&traced->origins);
}

static void traced_add(struct traced *out, struct text text, const uint32_t *origins,
		       uint32_t origin)
{
	buffer_add(&out->text, text.ptr, text.len);
	for (size_t i = 0; i < text.len; i++) {
		const uint32_t from = origins != NULL ? origins[i] : origin;

		buffer_add(&out->origins, &from, sizeof(from));
	}
}

static void traced_drop_last(struct traced *out)
{
	out->text.len--;
	out->origins.len -= sizeof(uint32_t);
}

static char traced_last(const struct traced *out)
{
	return out->text.len > 0 ? out->text.data[out->text.len - 1] : '\0';
}

static bool is_delimiter(char c)
{
	return char_is_space(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

/* The next place at or after `from` where the name stands between delimiters; TEXT_NONE. */
static size_t find_name(struct text text, struct text name, size_t from)
{
	while (from + name.len <= text.len) {
		const char *found = memmem(text.ptr + from, text.len - from, name.ptr, name.len);

		if (found == NULL)
			return TEXT_NONE;

		const size_t at = (size_t)(found - text.ptr);
		const size_t end = at + name.len;

		if ((at == 0 || is_delimiter(text.ptr[at - 1]))
		    && (end == text.len || is_delimiter(text.ptr[end])))
			return at;
		from = at + 1;
	}
	return TEXT_NONE;
}

/* Puts the list into `in`, giving `out`. An empty list takes a neighbouring comma with it. */
static bool substitute(const struct list_definition *list, const struct traced *in,
		       struct traced *out)
{
	const struct text text = buffer_text(&in->text);
	const uint32_t *origins = (const uint32_t *)(const void *)in->origins.data;
	size_t next = 0;
	size_t at = find_name(text, list->name, 0);

	if (at == TEXT_NONE || origins == NULL)
		return false;
	for (; at != TEXT_NONE; at = find_name(text, list->name, next)) {
		traced_add(out, text_from(text_until(text, at), next), origins + next, 0);
		while (out->text.len > 0 && char_is_space(traced_last(out)))
			traced_drop_last(out);
		next = at + list->name.len;
		while (next < text.len && char_is_space(text.ptr[next]))
			next++;
		if (list->expanded.len == 0 && traced_last(out) == ',')
			traced_drop_last(out);
		else if (list->expanded.len == 0 && next < text.len && text.ptr[next] == ',')
			next++;
		traced_add(out, TEXT(" "), NULL, origins[at]);
		traced_add(out, list->expanded, NULL, origins[at]);
		traced_add(out, TEXT(" "), NULL, origins[at]);
	}
	traced_add(out, text_from(text, next), origins + next, 0);
	return true;
}

static void substitute_lists(struct definitions *all, struct traced *condition)
{
	for (struct list_definition *list = all->lists; list != NULL; list = list->next) {
		struct traced out = { 0 };

		if (condition->text.len > EXPANDED_TEXT_MAX)
			return;
		if (!substitute(list, condition, &out))
			continue;
		list->used = true;
		traced_done(condition);
		*condition = out;
	}
}

/* --- conditions -------------------------------------------------------------------------- */

static struct condition *parse_written(struct definitions *all,
				       const struct written_condition *written)
{
	struct condition_source *source = ARENA_NEW(all->arena, struct condition_source);
	struct traced traced = { 0 };
	struct condition *tree = NULL;
	struct error err = { 0 };

	for (uint32_t i = 0; i < written->text.len; i++)
		traced_add(&traced, (struct text){ written->text.ptr + i, 1 }, NULL, i);
	substitute_lists(all, &traced);
	source->text.ptr = arena_strndup(all->arena, traced.text.data, traced.text.len);
	source->text.len = traced.text.len;
	source->written = written->text;
	source->part = written->part;
	if (traced.text.len > 0) {
		uint32_t *origins = ARENA_ARRAY(all->arena, traced.text.len, uint32_t);

		memcpy(origins, traced.origins.data, traced.origins.len);
		source->origin = origins;
	}
	traced_done(&traced);
	if (source->text.len > EXPANDED_TEXT_MAX)
		report_issue(all->report, LOAD_ERR_COMPILE_CONDITION, written->part.start,
			     "the condition is longer than %u bytes with its lists put in",
			     EXPANDED_TEXT_MAX);
	else if (condition_parse(all->arena, source, &tree, &err) != 0)
		report_issue(all->report, LOAD_ERR_COMPILE_CONDITION, err.at, "%s", err.text);
	return tree;
}

/* --- macros ------------------------------------------------------------------------------ */

struct resolution {
	struct definitions *all;
	uint32_t visibility; /* macros of a smaller index are seen */
	uint32_t depth, deepest, size;
};

static int resolve(struct resolution *in, struct condition **node);

static int fail_at(struct resolution *in, const struct condition *node, const char *fmt,
		   struct text name)
{
	return report_issue(in->all->report, LOAD_ERR_VALIDATE,
			    condition_locate(node->source, node->offset), fmt, TEXT_ARGS(name));
}

static int resolve_macro(struct definitions *all, struct macro_definition *macro, uint32_t depth)
{
	struct resolution in = { .all = all, .visibility = macro->visibility, .depth = depth };
	const struct item item_before = all->report->item;
	int result;

	if (macro->state == MACRO_RESOLVED)
		return macro->tree != NULL ? 0 : -EINVAL;
	all->report->item = (struct item){ "macro", macro->name };
	macro->state = MACRO_RESOLVING;
	if (macro->tree == NULL)
		macro->tree = parse_written(all, &macro->written);
	result = macro->tree != NULL ? resolve(&in, &macro->tree) : -EINVAL;
	if (result != 0)
		macro->tree = NULL;
	macro->state = MACRO_RESOLVED;
	macro->depth = in.deepest - MIN_OF(depth, in.deepest);
	macro->size = in.size;
	all->report->item = item_before;
	return result;
}

static int resolve_reference(struct resolution *in, struct condition **node)
{
	struct macro_definition *macro = map_get(&in->all->macro_names, (*node)->macro);
	const struct text name = (*node)->macro;

	if (macro == NULL || macro->index >= in->visibility)
		return fail_at(in, *node,
			       macro == NULL ? "undefined macro '%.*s'"
					     : "macro '%.*s' is only defined further down",
			       name);
	if (macro->state == MACRO_RESOLVING)
		return fail_at(in, *node, "macro '%.*s' leads back to itself", name);
	macro->used = true;
	if (resolve_macro(in->all, macro, in->depth) != 0)
		return -EINVAL; /* reported where it stands */
	in->deepest = MAX_OF(in->deepest, in->depth + macro->depth);
	in->size += macro->size;
	*node = macro->tree;
	return 0;
}

static int resolve(struct resolution *in, struct condition **node)
{
	struct condition *own = *node;

	in->depth++;
	in->size++;
	in->deepest = MAX_OF(in->deepest, in->depth);
	for (size_t i = 0; i < own->count; i++)
		if (resolve(in, &own->children[i]) != 0)
			return -EINVAL;
	if (own->kind == CONDITION_MACRO && resolve_reference(in, node) != 0)
		return -EINVAL;
	in->depth--;
	if (in->size > EXPANDED_SIZE_MAX || in->deepest > EXPANDED_DEPTH_MAX)
		return report_issue(in->all->report, LOAD_ERR_COMPILE_CONDITION,
				    condition_locate(own->source, own->offset),
				    "the condition is too large with its macros put in (at most %u "
				    "checks, %u levels)",
				    EXPANDED_SIZE_MAX, EXPANDED_DEPTH_MAX);
	return 0;
}

/* --- all of it --------------------------------------------------------------------------- */

static void expand_rule(struct definitions *all, struct rule_definition *rule)
{
	struct resolution in = { .all = all, .visibility = UINT32_MAX };
	struct written_condition written = rule->condition;

	all->report->item = (struct item){ "rule", rule->name };
	if (exceptions_write(all, rule, &written) != 0)
		return;
	rule->tree = parse_written(all, &written);
	if (rule->tree != NULL && resolve(&in, &rule->tree) != 0)
		rule->tree = NULL;
}

static void warn_of_unused(struct definitions *all)
{
	for (struct macro_definition *macro = all->macros; macro != NULL; macro = macro->next) {
		all->report->item = (struct item){ "macro", macro->name };
		if (!macro->used)
			report_issue(all->report, LOAD_UNUSED_MACRO, macro->at,
				     "no rule or macro refers to it");
	}
	for (struct list_definition *list = all->lists; list != NULL; list = list->next) {
		all->report->item = (struct item){ "list", list->name };
		if (!list->used)
			report_issue(all->report, LOAD_UNUSED_LIST, list->at,
				     "no rule, macro or list refers to it");
	}
}

void expand_definitions(struct definitions *all)
{
	for (struct list_definition *list = all->lists; list != NULL; list = list->next)
		expand_list(all, list);
	for (struct macro_definition *macro = all->macros; macro != NULL; macro = macro->next)
		resolve_macro(all, macro, 0);
	for (struct rule_definition *rule = all->rules; rule != NULL; rule = rule->next)
		if (!rule->unknown_source)
			expand_rule(all, rule);
	if (all->report->report->errors == 0)
		warn_of_unused(all);
}
