/* SPDX-License-Identifier: Apache-2.0 */
/* load_rule.c — a rule item: a definition, an append, an override, or a switch on and off. */
#include "rules/load.h"

#include <errno.h>

static const struct override_key parts[] = {
	{ "condition", RULE_CONDITION, true },
	{ "output", RULE_OUTPUT, true },
	{ "desc", RULE_DESCRIPTION, true },
	{ "tags", RULE_TAGS, true },
	{ "exceptions", RULE_EXCEPTIONS, true },
	{ "priority", RULE_PRIORITY, false },
	{ "enabled", RULE_ENABLED, false },
	{ "warn_evttypes", RULE_WARN_EVENT_TYPES, false },
	{ "skip-if-unknown-filter", RULE_SKIP_IF_UNKNOWN, false },
	{ "capture", RULE_CAPTURE, false },
	{ "capture_duration", RULE_CAPTURE, false },
};

static const char *const known_keys[] = {
	"rule",       "desc",          "condition", "output",           "priority",
	"tags",       "source",        "enabled",   "append",           "override",
	"exceptions", "warn_evttypes", "capture",   "capture_duration", "skip-if-unknown-filter",
	NULL,
};

static int load_priority(struct loader *loader, enum rule_priority *out)
{
	const struct value *value = value_get(loader->item, "priority");
	struct text name;
	bool portable;

	if (load_text(loader, "priority", &name) != 0)
		return -EINVAL;
	if (!rule_priority_parse(name, out, &portable))
		return report_issue(
			loader->all->report, LOAD_ERR_YAML_VALIDATE, value->at,
			"invalid priority '%.*s'; one of EMERGENCY, ALERT, CRITICAL, ERROR, "
			"WARNING, NOTICE, INFORMATIONAL, DEBUG",
			TEXT_ARGS(name));
	if (!portable)
		report_issue(loader->all->report, LOAD_NOT_PORTABLE, value->at,
			     "priority '%.*s' is taken as %s; write that, Falco knows no other",
			     TEXT_ARGS(name), rule_priority_name(*out));
	return 0;
}

static int load_output(struct loader *loader, struct rule_definition *rule)
{
	const struct value *value = value_get(loader->item, "output");
	int result = load_text(loader, "output", &rule->output);

	if (result != 0)
		return result;
	rule->output_at = value->at;
	while (rule->output.len > 0 && char_is_space(rule->output.ptr[0]))
		rule->output = text_from(rule->output, 1);
	while (rule->output.len > 0 && char_is_space(rule->output.ptr[rule->output.len - 1]))
		rule->output.len--;
	return 0;
}

/* Reads the named parts, all of which are there. */
static int load_parts(struct loader *loader, unsigned wanted, bool appending,
		      struct rule_definition *rule)
{
	if ((wanted & RULE_CONDITION) && load_condition(loader, &rule->condition) != 0)
		return -EINVAL;
	if ((wanted & RULE_OUTPUT) && load_output(loader, rule) != 0)
		return -EINVAL;
	if ((wanted & RULE_DESCRIPTION) && load_text(loader, "desc", &rule->description) != 0)
		return -EINVAL;
	if ((wanted & RULE_TAGS) && load_texts(loader, "tags", &rule->tags) != 0)
		return -EINVAL;
	if ((wanted & RULE_EXCEPTIONS)
	    && load_exceptions(loader, appending, &rule->exceptions) != 0)
		return -EINVAL;
	if ((wanted & RULE_PRIORITY) && load_priority(loader, &rule->priority) != 0)
		return -EINVAL;
	if (load_optional_bool(loader, "enabled", &rule->enabled) != 0
	    || load_optional_bool(loader, "warn_evttypes", &rule->warn_event_types) != 0)
		return -EINVAL;
	return load_optional_bool(loader, "skip-if-unknown-filter", &rule->skip_if_unknown);
}

static int load_override_item(struct loader *loader, struct rule_definition *rule, unsigned append,
			      unsigned replace)
{
	struct rule_definition more = *rule;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		const struct value *value = value_get(loader->item, parts[i].key);

		if (value != NULL && !((append | replace) & parts[i].part))
			return report_issue(
				loader->all->report, LOAD_ERR_YAML_VALIDATE, value->at,
				"unexpected key '%s': 'override' does not say whether to append "
				"or to replace it",
				parts[i].key);
	}
	if (append != 0
	    && (load_parts(loader, append, true, &more) != 0
		|| append_to_rule(loader->all, &more, append) != 0))
		return -EINVAL;
	if (replace != 0
	    && (load_parts(loader, replace, false, rule) != 0
		|| replace_in_rule(loader->all, rule, replace) != 0))
		return -EINVAL;
	return 0;
}

static int load_append_item(struct loader *loader, struct rule_definition *rule)
{
	unsigned wanted = 0;

	report_issue(loader->all->report, LOAD_DEPRECATED_ITEM, loader->item->at,
		     "'append: true' is deprecated; use 'override: {condition: append}'");
	if (value_get(loader->item, "condition") != NULL)
		wanted |= RULE_CONDITION;
	if (value_get(loader->item, "exceptions") != NULL)
		wanted |= RULE_EXCEPTIONS;
	if (load_parts(loader, wanted, true, rule) != 0)
		return -EINVAL;
	return append_to_rule(loader->all, rule, wanted);
}

static int load_switch_item(struct loader *loader, struct rule_definition *rule)
{
	const struct value *enabled = value_get(loader->item, "enabled");

	if (enabled == NULL)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, loader->item->at,
				    "a rule needs condition, output, desc and priority");
	report_issue(loader->all->report, LOAD_DEPRECATED_ITEM, enabled->at,
		     "a rule item with only 'enabled' is deprecated; add 'override: {enabled: "
		     "replace}'");
	if (load_optional_bool(loader, "enabled", &rule->enabled) != 0)
		return -EINVAL;
	return enable_rule(loader->all, rule);
}

static int load_definition(struct loader *loader, struct rule_definition *rule)
{
	const unsigned wanted = RULE_CONDITION | RULE_OUTPUT | RULE_DESCRIPTION | RULE_PRIORITY
				| RULE_TAGS | RULE_EXCEPTIONS;

	if (load_parts(loader, wanted, false, rule) != 0
	    || load_optional_text(loader, "source", &rule->source) != 0)
		return -EINVAL;
	return define_rule(loader->all, rule);
}

static void warn_of_capture(struct loader *loader)
{
	const struct value *capture = value_get(loader->item, "capture");

	if (capture != NULL)
		report_issue(
			loader->all->report, LOAD_UNKNOWN_KEY, capture->key->at,
			"'capture' is not supported and has no effect; 'mangrove watch --record' "
			"records all events");
}

int load_rule(struct loader *loader)
{
	struct rule_definition rule = { .at = loader->item->at,
					.source = TEXT("syscall"),
					.enabled = true,
					.warn_event_types = true };
	static const char *const required[] = { "condition", "output", "desc", "priority" };
	unsigned append, replace;
	bool append_flag = false;
	size_t given = 0;

	loader->all->report->item = (struct item){ "rule", TEXT("") };
	if (load_text(loader, "rule", &rule.name) != 0)
		return -EINVAL;
	loader->all->report->item.name = rule.name;
	load_check_keys(loader, known_keys);
	warn_of_capture(loader);
	if (load_optional_bool(loader, "append", &append_flag) != 0
	    || load_overrides(loader, parts, COUNT_OF(parts), &append, &replace) != 0)
		return -EINVAL;
	if (append_flag && (append | replace) != 0)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, rule.at,
				    "'append' and 'override' cannot both be given");
	for (size_t i = 0; i < COUNT_OF(required); i++)
		given += value_get(loader->item, required[i]) != NULL;
	if ((append | replace) != 0)
		return load_override_item(loader, &rule, append, replace);
	if (append_flag)
		return load_append_item(loader, &rule);
	return given > 0 ? load_definition(loader, &rule) : load_switch_item(loader, &rule);
}
