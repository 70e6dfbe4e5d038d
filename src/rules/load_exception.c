/* SPDX-License-Identifier: Apache-2.0 */
/* load_exception.c — the `exceptions` of a rule item. */
#include "rules/load.h"

#include <errno.h>

#define ENTRY_DEPTH_MAX 3 /* rows of values, a row, a list in place of one value */

static int load_entry(struct loader *loader, const struct value *value, unsigned depth,
		      struct exception_entry *out)
{
	struct arena *arena = loader->all->arena;
	struct exception_entry *items;

	out->at = value->at;
	if (value->type == VALUE_SCALAR) {
		if (value->text.len == 0)
			return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, value->at,
					    "a value of an exception must not be empty");
		out->text.ptr = arena_strndup(arena, value->text.ptr, value->text.len);
		out->text.len = value->text.len;
		return 0;
	}
	if (value->type != VALUE_SEQUENCE || depth >= ENTRY_DEPTH_MAX)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, value->at,
				    "expected a string%s in an exception",
				    depth < ENTRY_DEPTH_MAX ? " or a list of strings" : "");
	items = ARENA_ARRAY(arena, value->count + 1, struct exception_entry);
	out->is_list = true;
	out->items = items;
	VALUE_FOR_EACH(value, item)
	if (load_entry(loader, item, depth + 1, &items[out->count++]) != 0)
		return -EINVAL;
	return 0;
}

static int load_optional_entry(struct loader *loader, const struct value *exception,
			       const char *key, const struct exception_entry **out)
{
	const struct value *value = value_get(exception, key);
	struct exception_entry *entry;

	if (value == NULL)
		return 0;
	entry = ARENA_NEW(loader->all->arena, struct exception_entry);
	*out = entry;
	return load_entry(loader, value, 1, entry);
}

static int load_values(struct loader *loader, const struct value *item, bool appending,
		       struct exception *exception)
{
	const struct value *values = value_get(item, "values");
	struct exception_values **end = &exception->values;

	if (values == NULL || values->type == VALUE_NULL) {
		if (appending)
			report_issue(loader->all->report, LOAD_APPEND_NO_VALUES, item->at,
				     "exception '%.*s' is appended to without values",
				     TEXT_ARGS(exception->name));
		return 0;
	}
	if (values->type != VALUE_SEQUENCE)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, values->at,
				    "'values' of an exception must be a list");
	VALUE_FOR_EACH(values, value)
	{
		struct exception_entry *entry =
			ARENA_NEW(loader->all->arena, struct exception_entry);

		if (load_entry(loader, value, 1, entry) != 0)
			return -EINVAL;
		*end = ARENA_NEW(loader->all->arena, struct exception_values);
		(*end)->entry = entry;
		end = &(*end)->next;
	}
	return 0;
}

static int load_exception(struct loader *loader, const struct value *item, bool appending,
			  struct exception *out)
{
	static const char *const keys[] = { "name", "fields", "comps", "values", NULL };
	struct loader inner = { .all = loader->all, .text = loader->text, .item = item };

	out->at = item->at;
	if (item->type != VALUE_MAPPING)
		return report_issue(
			loader->all->report, LOAD_ERR_YAML_VALIDATE, item->at,
			"an exception must be a mapping with 'name', 'fields' and 'values'");
	load_check_keys(&inner, keys);
	if (load_text(&inner, "name", &out->name) != 0
	    || load_optional_entry(loader, item, "fields", &out->fields) != 0
	    || load_optional_entry(loader, item, "comps", &out->comps) != 0)
		return -EINVAL;
	if (out->fields == NULL && !appending)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, item->at,
				    "exception '%.*s' has no 'fields'", TEXT_ARGS(out->name));
	return load_values(loader, item, appending, out);
}

int load_exceptions(struct loader *loader, bool appending, struct exception **out)
{
	const struct value *list = value_get(loader->item, "exceptions");
	struct exception **end = out;

	*out = NULL;
	if (list == NULL || list->type == VALUE_NULL)
		return 0;
	if (list->type != VALUE_SEQUENCE)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, list->at,
				    "'exceptions' must be a list");
	VALUE_FOR_EACH(list, item)
	{
		struct exception *exception = ARENA_NEW(loader->all->arena, struct exception);

		if (load_exception(loader, item, appending, exception) != 0)
			return -EINVAL;
		for (struct exception *other = *out; other != NULL; other = other->next)
			if (text_equal(other->name, exception->name))
				report_issue(loader->all->report, LOAD_EXCEPTION_NAME_NOT_UNIQUE,
					     item->at, "exception '%.*s' is defined more than once",
					     TEXT_ARGS(exception->name));
		*end = exception;
		end = &exception->next;
	}
	return 0;
}
