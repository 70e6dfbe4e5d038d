/* SPDX-License-Identifier: Apache-2.0 */
/* config_hadolint.c — .hadolint.yaml and HADOLINT_*, with hadolint's keys and places. */
#include "check/config_add.h"
#include "resource/resource.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_LIMIT ((size_t)1 << 20)

static const struct label_word {
	const char *word;
	enum label_type type;
} label_words[] = {
	{ "text", LABEL_TEXT },   { "url", LABEL_URL },      { "rfc3339", LABEL_RFC3339 },
	{ "spdx", LABEL_SPDX },   { "hash", LABEL_HASH },    { "semver", LABEL_SEMVER },
	{ "email", LABEL_EMAIL }, { "gitHash", LABEL_HASH },
};

struct reader {
	struct check_config *config;
	const char *path;
	struct error *err;
};

static int refuse(struct reader *reader, const struct value *at, const char *what)
{
	return error_at(reader->err, -EINVAL, at->at, "%s", what);
}

static int read_ids(struct reader *reader, const struct value *list, enum finding_severity severity)
{
	if (list == NULL)
		return 0;
	if (list->type != VALUE_SEQUENCE)
		return refuse(reader, list, "a list of rule ids is expected");
	VALUE_FOR_EACH(list, id)
	config_add_override(reader->config,
			    (struct override){
				    .selector = arena_strndup(&reader->config->arena, id->text.ptr,
							      id->text.len),
				    .severity = severity,
				    .reason = "ignored by .hadolint.yaml",
			    });
	return 0;
}

static int read_severities(struct reader *reader, const struct value *override)
{
	static const enum finding_severity severities[] = { FINDING_ERROR, FINDING_WARNING,
							    FINDING_INFO, FINDING_STYLE };

	for (size_t i = 0; override != NULL && i < COUNT_OF(severities); i++) {
		const int result =
			read_ids(reader, value_get(override, finding_severity_name(severities[i])),
				 severities[i]);

		if (result != 0)
			return result;
	}
	return 0;
}

static int read_labels(struct reader *reader, const struct value *schema)
{
	if (schema == NULL)
		return 0;
	VALUE_FOR_EACH(schema, label)
	{
		size_t i = 0;

		while (i < COUNT_OF(label_words) && !text_is(label->text, label_words[i].word))
			i++;
		if (i == COUNT_OF(label_words))
			return refuse(reader, label,
				      "label types are text, url, rfc3339, spdx, hash, semver and "
				      "email");
		config_add_label(reader->config, label->key->text, label_words[i].type);
	}
	return 0;
}

static int read_threshold(struct reader *reader, const struct value *threshold)
{
	if (threshold == NULL
	    || finding_severity_parse(threshold->text, &reader->config->fail_from))
		return 0;
	return refuse(reader, threshold, "a threshold is error, warning, info, style or none");
}

static void read_flag(const struct value *value, bool *out)
{
	bool flag;

	if (value != NULL && value_as_bool(value, &flag))
		*out = flag;
}

static int read_document(struct reader *reader, const struct value *root)
{
	struct check_config *config = reader->config;
	const struct value *registries = value_get(root, "trustedRegistries");
	int result = read_ids(reader, value_get(root, "ignored"), FINDING_OFF);

	if (result == 0)
		result = read_severities(reader, value_get(root, "override"));
	if (result == 0)
		result = read_labels(reader, value_get(root, "label-schema"));
	if (result == 0)
		result = read_threshold(reader, value_get(root, "failure-threshold"));
	if (registries != NULL)
		VALUE_FOR_EACH(registries, registry)
	config_add_registry(config, registry->text);
	read_flag(value_get(root, "strict-labels"), &config->strict_labels);
	read_flag(value_get(root, "disable-ignore-pragma"), &config->no_pragmas);
	read_flag(value_get(root, "no-fail"), &config->no_fail);
	return result;
}

int check_config_hadolint_file(struct check_config *config, const char *path, struct error *err)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct reader reader = { config, path, err };
	const struct value *root;
	struct value_source source = { .file = path };
	int result = file_read(path, CONFIG_LIMIT, &bytes, err);

	if (result != 0)
		return result;
	source.bytes = buffer_text(&bytes);
	result = value_parse(&config->arena, &source, NULL, NULL, &root, err);
	if (result != 0 || root == NULL)
		return result;
	return read_document(&reader, root);
}

static bool find_file(char path[4096])
{
	static const char *const places[] = {
		"./.hadolint.yaml",
		"./.hadolint.yml",
		"$XDG/hadolint.yaml",
		"$XDG/hadolint.yml",
		"$HOME/.config/hadolint.yaml",
		"$HOME/.config/hadolint.yml",
		"$HOME/.hadolint/hadolint.yaml",
		"$HOME/.hadolint/config.yaml",
		"$HOME/.hadolint.yaml",
		"$HOME/.hadolint.yml",
	};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		const bool xdg = strncmp(places[i], "$XDG", 4) == 0;
		const bool home = strncmp(places[i], "$HOME", 5) == 0;
		const char *base = xdg ? getenv("XDG_CONFIG_HOME") : home ? getenv("HOME") : "";

		if (base == NULL)
			continue;
		snprintf(path, 4096, "%s%s", base, places[i] + (xdg ? 4 : home ? 5 : 0));
		if (file_exists(path))
			return true;
	}
	return false;
}

static void read_list(struct check_config *config, const char *variable,
		      enum finding_severity severity)
{
	struct text list = text_of(getenv(variable));

	while (list.ptr != NULL) {
		const struct text id = text_trim(text_split(&list, ','));

		if (id.len > 0)
			config_add_override(config, (struct override){
							    .selector = arena_strndup(
								    &config->arena, id.ptr, id.len),
							    .severity = severity,
							    .reason = "ignored by the environment",
						    });
	}
}

static void read_environment(struct check_config *config)
{
	struct text registries = text_of(getenv("HADOLINT_TRUSTED_REGISTRIES"));

	read_list(config, "HADOLINT_IGNORE", FINDING_OFF);
	read_list(config, "HADOLINT_OVERRIDE_ERROR", FINDING_ERROR);
	read_list(config, "HADOLINT_OVERRIDE_WARNING", FINDING_WARNING);
	read_list(config, "HADOLINT_OVERRIDE_INFO", FINDING_INFO);
	read_list(config, "HADOLINT_OVERRIDE_STYLE", FINDING_STYLE);
	while (registries.ptr != NULL)
		config_add_registry(config, text_trim(text_split(&registries, ',')));
	if (getenv("HADOLINT_FAILURE_THRESHOLD") != NULL)
		finding_severity_parse(text_of(getenv("HADOLINT_FAILURE_THRESHOLD")),
				       &config->fail_from);
	config->strict_labels |= getenv("HADOLINT_STRICT_LABELS") != NULL;
	config->no_pragmas |= getenv("HADOLINT_DISABLE_IGNORE_PRAGMA") != NULL;
	config->no_fail |= getenv("HADOLINT_NOFAIL") != NULL;
}

int check_config_hadolint(struct check_config *config, struct error *err)
{
	char path[4096];
	const int result = find_file(path) ? check_config_hadolint_file(config, path, err) : 0;

	read_environment(config);
	return result;
}
