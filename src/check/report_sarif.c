/* SPDX-License-Identifier: Apache-2.0 */
/* report_sarif.c — SARIF 2.1.0 (OASIS), as code hosts read it: one run, a rule a check that fired,
 * relative paths, fixes where we have them, suppressions for what is ignored. */
#include "check/catalog.h"
#include "check/report.h"

#include <string.h>

static const char *sarif_level(enum finding_severity severity)
{
	return severity == FINDING_ERROR     ? "error"
	       : severity == FINDING_WARNING ? "warning"
					     : "note";
}

/* The property code hosts sort by. */
static const char *security_severity(enum finding_severity severity)
{
	return severity == FINDING_ERROR ? "8.0" : severity == FINDING_WARNING ? "5.0" : "2.0";
}

static void write_text(struct json_writer *json, const char *key, const char *text)
{
	json_key(json, key);
	json_begin_object(json);
	json_key(json, "text");
	json_cstring(json, text);
	json_end_object(json);
}

static void write_rule(struct json_writer *json, const struct check *check)
{
	json_begin_object(json);
	json_key(json, "id");
	json_cstring(json, check->id);
	json_key(json, "name");
	json_cstring(json, check->name);
	write_text(json, "shortDescription", check->title);
	write_text(json, "fullDescription", check->why);
	write_text(json, "help", check->mend);
	json_key(json, "defaultConfiguration");
	json_begin_object(json);
	json_key(json, "level");
	json_cstring(json, sarif_level(check->severity));
	json_end_object(json);
	json_key(json, "properties");
	json_begin_object(json);
	json_key(json, "tags");
	json_begin_array(json);
	json_cstring(json, "security");
	json_cstring(json, check_family(check)->name);
	json_end_array(json);
	json_key(json, "security-severity");
	json_cstring(json, security_severity(check->severity));
	json_end_object(json);
	json_end_object(json);
}

/* The checks that fired, in the order of their first finding. */
static size_t collect_rules(const struct findings *findings, const struct check **rules)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++) {
		size_t j = 0;

		while (j < count && rules[j] != findings->items[i].check)
			j++;
		if (j == count)
			rules[count++] = findings->items[i].check;
	}
	return count;
}

static void write_uri(struct json_writer *json, const char *path)
{
	AUTO_BUFFER struct buffer uri = { 0 };

	if (path[0] == '/')
		buffer_add_text(&uri, "file://");
	for (; *path != '\0'; path++) {
		const unsigned char c = (unsigned char)*path;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || char_is_digit(*path)
		    || strchr("/-._~", c) != NULL)
			buffer_add_char(&uri, (char)c);
		else
			buffer_printf(&uri, "%%%02X", c);
	}
	json_key(json, "artifactLocation");
	json_begin_object(json);
	json_key(json, "uri");
	json_text(json, buffer_text(&uri));
	json_end_object(json);
}

static void write_location(struct json_writer *json, const struct finding *finding)
{
	json_begin_object(json);
	json_key(json, "physicalLocation");
	json_begin_object(json);
	write_uri(json, finding->file);
	json_key(json, "region");
	json_begin_object(json);
	json_key(json, "startLine");
	json_number(json, finding->at.line);
	json_key(json, "startColumn");
	json_number(json, finding->at.column);
	json_key(json, "endLine");
	json_number(json, finding->at.end_line);
	json_key(json, "endColumn");
	json_number(json, finding->at.end_column);
	json_end_object(json);
	json_end_object(json);
	json_end_object(json);
}

static void write_fix(struct json_writer *json, const struct finding *finding)
{
	json_key(json, "fixes");
	json_begin_array(json);
	json_begin_object(json);
	write_text(json, "description", finding->check->mend);
	json_key(json, "artifactChanges");
	json_begin_array(json);
	json_begin_object(json);
	write_uri(json, finding->file);
	json_key(json, "replacements");
	json_begin_array(json);
	for (size_t i = 0; i < finding->edit_count; i++) {
		const struct edit *edit = &finding->edits[i];

		json_begin_object(json);
		json_key(json, "deletedRegion");
		json_begin_object(json);
		json_key(json, "byteOffset");
		json_number(json, (int64_t)edit->at.start);
		json_key(json, "byteLength");
		json_number(json, (int64_t)(edit->at.end - edit->at.start));
		json_end_object(json);
		write_text(json, "insertedContent", edit->text);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
	json_end_array(json);
	json_end_object(json);
	json_end_array(json);
}

/* The same wherever in the file it moves: code hosts follow a finding by it. */
static void write_fingerprint(struct json_writer *json, const struct finding *finding)
{
	char print[FINGERPRINT_MAX];

	finding_fingerprint(finding, print);
	json_key(json, "partialFingerprints");
	json_begin_object(json);
	json_key(json, "mangroveFinding/v1");
	json_cstring(json, print);
	json_end_object(json);
}

static void write_result(struct json_writer *json, const struct finding *finding,
			 const struct check **rules)
{
	size_t rule = 0;

	while (rules[rule] != finding->check)
		rule++;
	json_begin_object(json);
	json_key(json, "ruleId");
	json_cstring(json, finding->check->id);
	json_key(json, "ruleIndex");
	json_number(json, (int64_t)rule);
	json_key(json, "level");
	json_cstring(json, sarif_level(finding->severity));
	write_text(json, "message", finding->message);
	json_key(json, "locations");
	json_begin_array(json);
	write_location(json, finding);
	json_end_array(json);
	write_fingerprint(json, finding);
	if (finding->edit_count > 0)
		write_fix(json, finding);
	if (finding->suppressed != NULL) {
		json_key(json, "suppressions");
		json_begin_array(json);
		json_begin_object(json);
		json_key(json, "kind");
		json_cstring(json, "inSource");
		json_key(json, "justification");
		json_cstring(json, finding->suppressed);
		json_end_object(json);
		json_end_array(json);
	}
	json_end_object(json);
}

static void write_driver(struct json_writer *json, const struct check **rules, size_t count)
{
	json_key(json, "tool");
	json_begin_object(json);
	json_key(json, "driver");
	json_begin_object(json);
	json_key(json, "name");
	json_cstring(json, "mangrove");
	json_key(json, "version");
	json_cstring(json, MANGROVE_VERSION);
	json_key(json, "rules");
	json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		write_rule(json, rules[i]);
	json_end_array(json);
	json_end_object(json);
	json_end_object(json);
}

void report_sarif(const struct report_input *input, struct buffer *out)
{
	const struct findings *findings = input->findings;
	AUTO(mem_free) void *memory = mem_alloc_array(findings->count + 1, sizeof(void *));
	const struct check **rules = memory;
	const size_t count = collect_rules(findings, rules);
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "$schema");
	json_cstring(&json, "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
			    "sarif-schema-2.1.0.json");
	json_key(&json, "version");
	json_cstring(&json, "2.1.0");
	json_key(&json, "runs");
	json_begin_array(&json);
	json_begin_object(&json);
	write_driver(&json, rules, count);
	json_key(&json, "columnKind");
	json_cstring(&json, "unicodeCodePoints");
	json_key(&json, "results");
	json_begin_array(&json);
	for (size_t i = 0; i < findings->count; i++)
		write_result(&json, &findings->items[i], rules);
	json_end_array(&json);
	json_end_object(&json);
	json_end_array(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}
