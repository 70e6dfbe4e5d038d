/* SPDX-License-Identifier: Apache-2.0 */
/* load.c — a rule file's items: lists and macros here, rules in load_rule.c. */
#include "rules/load.h"

#include "rules/lexical.h"

#include <errno.h>

/* --- scalars ----------------------------------------------------------------------------- */

static int fail(struct loader *loader, const struct value *at, const char *fmt, const char *key)
{
	return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, at->at, fmt, key);
}

static int take_text(struct loader *loader, const struct value *value, const char *key,
		     struct text *out)
{
	if (value->type == VALUE_NULL)
		return fail(loader, value, "the value of '%s' is empty", key);
	if (value->type != VALUE_SCALAR)
		return fail(loader, value, "the value of '%s' must be a scalar", key);
	if (value->text.len == 0)
		return fail(loader, value, "the value of '%s' must not be empty", key);
	out->ptr = arena_strndup(loader->all->arena, value->text.ptr, value->text.len);
	out->len = value->text.len;
	return 0;
}

int load_text(struct loader *loader, const char *key, struct text *out)
{
	const struct value *value = value_get(loader->item, key);

	if (value == NULL)
		return fail(loader, loader->item, "the item has no '%s'", key);
	return take_text(loader, value, key, out);
}

int load_optional_text(struct loader *loader, const char *key, struct text *out)
{
	const struct value *value = value_get(loader->item, key);

	return value != NULL ? take_text(loader, value, key, out) : 0;
}

int load_optional_bool(struct loader *loader, const char *key, bool *out)
{
	const struct value *value = value_get(loader->item, key);

	if (value != NULL && !value_as_bool(value, out))
		return fail(loader, value, "the value of '%s' must be true or false", key);
	return 0;
}

int load_texts(struct loader *loader, const char *key, struct texts *out)
{
	const struct value *value = value_get(loader->item, key);
	struct text *items;
	size_t count = 0;

	if (value == NULL)
		return 0;
	if (value->type != VALUE_SEQUENCE)
		return fail(loader, value, "the value of '%s' must be a list", key);
	items = ARENA_ARRAY(loader->all->arena, value->count + 1, struct text);
	VALUE_FOR_EACH(value, item)
	{
		if (item->type != VALUE_SCALAR)
			return fail(loader, item, "an item of '%s' must be a scalar", key);
		items[count++] = (struct text){ arena_strndup(loader->all->arena, item->text.ptr,
							      item->text.len),
						item->text.len };
	}
	*out = (struct texts){ items, count };
	return 0;
}

/* The value as it stands in the file, from its first own character. */
static struct condition_part raw_part(struct loader *loader, const struct value *value)
{
	struct text raw = text_from(text_until(loader->text, value->end), value->start);
	struct condition_part part = { .start = value->at };

	if (value->style == VALUE_SINGLE_QUOTED || value->style == VALUE_DOUBLE_QUOTED) {
		raw = text_from(raw, 1);
		part.start.column++;
	}
	part.raw = (struct text){ arena_strndup(loader->all->arena, raw.ptr, raw.len), raw.len };
	return part;
}

int load_condition(struct loader *loader, struct written_condition *out)
{
	const struct value *value = value_get(loader->item, "condition");

	if (load_text(loader, "condition", &out->text) != 0)
		return -EINVAL;
	out->part = raw_part(loader, value);
	return 0;
}

void load_check_keys(struct loader *loader, const char *const *known)
{
	size_t count = 0;

	while (known[count] != NULL)
		count++;
	VALUE_FOR_EACH(loader->item, entry)
	{
		size_t i = 0;

		while (i < count && !text_is(entry->key->text, known[i]))
			i++;
		if (i < count)
			continue;

		const char *near = text_closest(entry->key->text, known, count);

		report_issue(loader->all->report, LOAD_UNKNOWN_KEY, entry->key->at,
			     "unknown key '%.*s'%s%s%s", TEXT_ARGS(entry->key->text),
			     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			     near != NULL ? "'?" : "");
	}
}

/* --- override and append ----------------------------------------------------------------- */

static const struct override_key *find_override(const struct override_key *keys, size_t count,
						struct text key)
{
	for (size_t i = 0; i < count; i++)
		if (text_is(key, keys[i].key))
			return &keys[i];
	return NULL;
}

static int load_override(struct loader *loader, const struct override_key *keys, size_t count,
			 const struct value *entry, unsigned *append, unsigned *replace)
{
	struct report_builder *report = loader->all->report;
	const struct override_key *key = find_override(keys, count, entry->key->text);

	if (key == NULL)
		return report_issue(report, LOAD_ERR_YAML_VALIDATE, entry->key->at,
				    "key '%.*s' cannot be overridden", TEXT_ARGS(entry->key->text));
	if (text_is(entry->text, "append") && key->appendable)
		*append |= key->part;
	else if (text_is(entry->text, "replace"))
		*replace |= key->part;
	else if (text_is(entry->text, "append"))
		return report_issue(report, LOAD_ERR_YAML_VALIDATE, entry->at,
				    "key '%s' cannot be appended to, use 'replace' instead",
				    key->key);
	else
		return report_issue(report, LOAD_ERR_YAML_VALIDATE, entry->at,
				    "invalid override of '%s': '%.*s'; allowed: %sreplace",
				    key->key, TEXT_ARGS(entry->text),
				    key->appendable ? "append, " : "");
	if (value_get(loader->item, key->key) == NULL)
		return report_issue(report, LOAD_ERR_YAML_VALIDATE, entry->at,
				    "an override for '%s' is given, but '%s' itself is not",
				    key->key, key->key);
	return 0;
}

int load_overrides(struct loader *loader, const struct override_key *keys, size_t count,
		   unsigned *append, unsigned *replace)
{
	const struct value *override = value_get(loader->item, "override");

	*append = *replace = 0;
	if (override == NULL)
		return 0;
	if (override->type != VALUE_MAPPING)
		return fail(loader, override, "the value of '%s' must be a mapping", "override");
	VALUE_FOR_EACH(override, entry)
	if (load_override(loader, keys, count, entry, append, replace) != 0)
		return -EINVAL;
	return 0;
}

/* `append: true`, or an override that says the same of the one key there is. */
static int load_append(struct loader *loader, const char *key, bool *append)
{
	const struct override_key keys[] = { { key, 1, true } };
	unsigned appended, replaced;
	bool flag = false;

	if (load_optional_bool(loader, "append", &flag) != 0
	    || load_overrides(loader, keys, COUNT_OF(keys), &appended, &replaced) != 0)
		return -EINVAL;
	if (flag)
		report_issue(loader->all->report, LOAD_DEPRECATED_ITEM, loader->item->at,
			     "'append: true' is deprecated; use 'override: {%s: append}'", key);
	if (flag && (appended | replaced) != 0)
		return fail(loader, loader->item, "'append' and '%s' cannot both be given",
			    "override");
	*append = flag || appended != 0;
	return 0;
}

/* --- items ------------------------------------------------------------------------------- */

static int load_list(struct loader *loader)
{
	static const char *const keys[] = { "list", "items", "append", "override", NULL };
	struct list_definition list = { .at = loader->item->at };
	struct report_builder *report = loader->all->report;
	bool append = false;

	report->item = (struct item){ "list", TEXT("") };
	if (load_text(loader, "list", &list.name) != 0)
		return -EINVAL;
	report->item.name = list.name;
	load_check_keys(loader, keys);
	if (lexical_bare(list.name) != list.name.len)
		report_issue(
			report, LOAD_INVALID_LIST_NAME, list.at,
			"the name has blanks, quotes, commas, = or parentheses: no condition can "
			"use it");
	if (value_get(loader->item, "items") == NULL)
		return fail(loader, loader->item, "the item has no '%s'", "items");
	if (load_texts(loader, "items", &list.items) != 0
	    || load_append(loader, "items", &append) != 0)
		return -EINVAL;
	return append ? append_to_list(loader->all, &list) : define_list(loader->all, &list);
}

static int load_macro(struct loader *loader)
{
	static const char *const keys[] = { "macro", "condition", "append", "override", NULL };
	struct macro_definition macro = { .at = loader->item->at };
	struct report_builder *report = loader->all->report;
	bool append = false;

	report->item = (struct item){ "macro", TEXT("") };
	if (load_text(loader, "macro", &macro.name) != 0)
		return -EINVAL;
	report->item.name = macro.name;
	load_check_keys(loader, keys);
	if (lexical_identifier(macro.name) != macro.name.len)
		report_issue(
			report, LOAD_INVALID_MACRO_NAME, macro.at,
			"the name is no identifier (letters, digits, _): no condition can use it");
	if (load_condition(loader, &macro.written) != 0
	    || load_append(loader, "condition", &append) != 0)
		return -EINVAL;
	return append ? append_to_macro(loader->all, &macro) : define_macro(loader->all, &macro);
}

static int load_item(struct loader *loader)
{
	static const struct {
		const char *key;
		int (*load)(struct loader *);
	} kinds[] = {
		{ "required_engine_version", load_required_engine },
		{ "required_plugin_versions", load_required_plugins },
		{ "list", load_list },
		{ "macro", load_macro },
		{ "rule", load_rule },
	};
	struct report_builder *report = loader->all->report;

	report->item = (struct item){ "rules content item", TEXT("") };
	if (loader->item->type == VALUE_NULL)
		return 0;
	if (loader->item->type != VALUE_MAPPING)
		return fail(loader, loader->item, "each item must be a mapping, such as '%s'",
			    "- rule: NAME");
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (value_get(loader->item, kinds[i].key) != NULL)
			return kinds[i].load(loader);
	report_issue(report, LOAD_UNKNOWN_ITEM, loader->item->at,
		     "unknown top-level item; known: required_engine_version, "
		     "required_plugin_versions, list, macro, rule");
	return 0;
}

static void report_yaml(void *context, bool is_error, const struct error *problem)
{
	struct loader *loader = context;

	loader->all->report->item = (struct item){ "rules content", TEXT("") };
	report_issue(loader->all->report, is_error ? LOAD_ERR_YAML_PARSE : LOAD_UNKNOWN_KEY,
		     problem->at, "%s", problem->text);
}

static int load_documents(struct loader *loader, const struct value *documents)
{
	for (const struct value *document = documents; document != NULL;
	     document = document->next) {
		if (document->type == VALUE_NULL)
			continue;
		if (document->type != VALUE_SEQUENCE)
			return fail(loader, document,
				    "a rule file must be a list of items, each '%s'",
				    "- list:, - macro: or - rule:");
		VALUE_FOR_EACH(document, item)
		{
			loader->item = item;
			if (load_item(loader) != 0)
				return -EINVAL;
		}
	}
	return 0;
}

int load_file(struct definitions *all, const struct rule_file *file)
{
	struct loader loader = { .all = all, .text = file->text };
	const struct value_source source = { .file = file->name, .bytes = file->text };
	const struct value *documents = NULL;
	const size_t errors_before = all->report->report->errors;
	AUTO_ARENA struct arena trees;
	struct error err = { 0 };

	arena_init(&trees, 1 << 16);
	if (value_parse(&trees, &source, report_yaml, &loader, &documents, &err) != 0) {
		if (all->report->report->errors == errors_before)
			report_yaml(&loader, true, &err);
		return -EINVAL;
	}
	all->report->item = (struct item){ "rules content", TEXT("") };
	return load_documents(&loader, documents);
}
