/* SPDX-License-Identifier: Apache-2.0 */
/* load_version.c — what a rule file asks of the engine and of plugins.
 *
 * We speak the language of Falco's engine below; the fields of the named plugin are built in. */
#include "rules/load.h"

#include <errno.h>

struct version {
	uint64_t major, minor, patch;
};

static const struct version engine = { 0, 62, 0 };

static const struct plugin {
	const char *name;
	struct version version;
} plugins[] = {
	{ "container", { 0, 7, 0 } },
};

static bool parse_version(struct text text, struct version *out)
{
	struct text rest = text_until(text, MIN_OF(text_find_char(text, '-'), text.len));
	const struct text major = text_split(&rest, '.');
	const struct text minor = text_split(&rest, '.');

	return text_parse_number(major, UINT32_MAX, &out->major) && minor.ptr != NULL
	       && text_parse_number(minor, UINT32_MAX, &out->minor) && rest.ptr != NULL
	       && text_parse_number(rest, UINT32_MAX, &out->patch);
}

/* Semantic versioning: the same major, and not older. */
static bool is_compatible(const struct version *have, const struct version *want)
{
	if (have->major != want->major)
		return false;
	if (have->minor != want->minor)
		return have->minor > want->minor;
	return have->patch >= want->patch;
}

int load_required_engine(struct loader *loader)
{
	struct report_builder *report = loader->all->report;
	const struct source_pos at = loader->item->at;
	struct version want = { 0 };
	struct text text;

	report->item = (struct item){ "required_engine_version", TEXT("") };
	if (load_text(loader, "required_engine_version", &text) != 0)
		return -EINVAL;
	/* a bare N is 0.N.0 */
	if (!text_parse_number(text, UINT32_MAX, &want.minor) && !parse_version(text, &want))
		return report_issue(
			report, LOAD_ERR_YAML_VALIDATE, at,
			"engine version '%.*s' is neither a number nor of the form x.y.z",
			TEXT_ARGS(text));
	if (!is_compatible(&engine, &want))
		return report_issue(report, LOAD_ERR_VALIDATE, at,
				    "the rules require engine version %.*s, this one is %u.%u.%u",
				    TEXT_ARGS(text), (unsigned)engine.major, (unsigned)engine.minor,
				    (unsigned)engine.patch);
	return 0;
}

/* Does what the mapping `at` asks for stand here? */
static int check_requirement(struct loader *loader, const struct value *at, bool *met)
{
	struct loader inner = { .all = loader->all, .text = loader->text, .item = at };
	struct text name, version;
	struct version want;

	if (at->type != VALUE_MAPPING)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, at->at,
				    "a plugin version must be a mapping with 'name' and 'version'");
	if (load_text(&inner, "name", &name) != 0 || load_text(&inner, "version", &version) != 0)
		return -EINVAL;
	if (!parse_version(version, &want))
		return report_issue(loader->all->report, LOAD_ERR_VALIDATE, at->at,
				    "plugin '%.*s': version '%.*s' is not of the form x.y.z",
				    TEXT_ARGS(name), TEXT_ARGS(version));
	for (size_t i = 0; i < COUNT_OF(plugins); i++)
		*met |= text_is(name, plugins[i].name) && is_compatible(&plugins[i].version, &want);
	return 0;
}

static int load_required_plugin(struct loader *loader, const struct value *plugin)
{
	const struct value *alternatives = value_get(plugin, "alternatives");
	bool met = false;

	if (check_requirement(loader, plugin, &met) != 0)
		return -EINVAL;
	if (alternatives != NULL && alternatives->type != VALUE_SEQUENCE)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, alternatives->at,
				    "'alternatives' must be a list");
	if (alternatives != NULL) {
		VALUE_FOR_EACH(alternatives, other)
		if (check_requirement(loader, other, &met) != 0)
			return -EINVAL;
	}
	if (!met)
		return report_issue(
			loader->all->report, LOAD_ERR_VALIDATE, plugin->at,
			"plugin '%.*s' in version %.*s is not available; built in: container "
			"0.7.0",
			TEXT_ARGS(value_get(plugin, "name")->text),
			TEXT_ARGS(value_get(plugin, "version")->text));
	return 0;
}

int load_required_plugins(struct loader *loader)
{
	const struct value *wanted = value_get(loader->item, "required_plugin_versions");

	loader->all->report->item = (struct item){ "required_plugin_versions", TEXT("") };
	if (wanted->type != VALUE_SEQUENCE)
		return report_issue(loader->all->report, LOAD_ERR_YAML_VALIDATE, wanted->at,
				    "'required_plugin_versions' must be a list");
	VALUE_FOR_EACH(wanted, plugin)
	if (load_required_plugin(loader, plugin) != 0)
		return -EINVAL;
	return 0;
}
