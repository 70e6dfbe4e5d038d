/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const struct code_row {
	const char *name, *summary;
} codes[ISSUE_CODE_COUNT] = {
	[LOAD_ERR_FILE_READ] = { "LOAD_ERR_FILE_READ", "File read error" },
	[LOAD_ERR_YAML_PARSE] = { "LOAD_ERR_YAML_PARSE", "YAML parse error" },
	[LOAD_ERR_YAML_VALIDATE] = { "LOAD_ERR_YAML_VALIDATE",
				     "Error validating internal structure of YAML file" },
	[LOAD_ERR_COMPILE_CONDITION] = { "LOAD_ERR_COMPILE_CONDITION",
					 "Error compiling condition" },
	[LOAD_ERR_COMPILE_OUTPUT] = { "LOAD_ERR_COMPILE_OUTPUT", "Error compiling output" },
	[LOAD_ERR_VALIDATE] = { "LOAD_ERR_VALIDATE",
				"Error validating rule/macro/list/exception objects" },
	[LOAD_UNKNOWN_SOURCE] = { "LOAD_UNKNOWN_SOURCE", "Unknown event source" },
	[LOAD_NO_EVTTYPE] = { "LOAD_NO_EVTTYPE", "Condition has no event-type restriction" },
	[LOAD_UNKNOWN_FILTER] = { "LOAD_UNKNOWN_FILTER",
				  "Unknown field or event-type in condition or output" },
	[LOAD_UNUSED_MACRO] = { "LOAD_UNUSED_MACRO", "Unused macro" },
	[LOAD_UNUSED_LIST] = { "LOAD_UNUSED_LIST", "Unused list" },
	[LOAD_UNKNOWN_ITEM] = { "LOAD_UNKNOWN_ITEM", "Unknown rules file item" },
	[LOAD_DEPRECATED_ITEM] = { "LOAD_DEPRECATED_ITEM", "Used deprecated item" },
	[LOAD_APPEND_NO_VALUES] = { "LOAD_APPEND_NO_VALUES",
				    "Overriding/appending with no values" },
	[LOAD_EXCEPTION_NAME_NOT_UNIQUE] = { "LOAD_EXCEPTION_NAME_NOT_UNIQUE",
					     "Multiple exceptions defined with the same name" },
	[LOAD_INVALID_MACRO_NAME] = { "LOAD_INVALID_MACRO_NAME", "Invalid macro name" },
	[LOAD_INVALID_LIST_NAME] = { "LOAD_INVALID_LIST_NAME", "Invalid list name" },
	[LOAD_COMPILE_CONDITION] = { "LOAD_COMPILE_CONDITION", "Warning in rule condition" },
	[LOAD_UNKNOWN_KEY] = { "LOAD_UNKNOWN_KEY", "Unknown key in rules file item" },
	[LOAD_NOT_PORTABLE] = { "LOAD_NOT_PORTABLE", "Falco would not accept this" },
};

void report_init(struct report_builder *builder, const struct rule_file *files, size_t count,
		 struct rules_report *report)
{
	*report = (struct rules_report){ .count = count };
	arena_init(&report->arena, 4096);
	report->files = ARENA_ARRAY(&report->arena, count, struct file_report);
	for (size_t i = 0; i < count; i++)
		report->files[i].name = arena_strdup(&report->arena, files[i].name);
	*builder = (struct report_builder){ .report = report, .files = files };
}

void rules_report_done(struct rules_report *report)
{
	arena_done(&report->arena);
	*report = (struct rules_report){ 0 };
}

static struct text line_of(struct text text, unsigned line)
{
	struct text rest = text;

	for (unsigned i = 1; i < line && rest.ptr != NULL; i++)
		text_split(&rest, '\n');
	return rest.ptr != NULL ? text_split(&rest, '\n') : rest;
}

#define SNIPPET_WIDTH 160

/* The line, at most SNIPPET_WIDTH of it around the column, and a mark under the column. */
static const char *make_snippet(struct arena *arena, struct text text, struct source_pos at)
{
	const struct text line = line_of(text, at.line);
	const size_t column = at.column > 0 ? at.column - 1 : 0;
	const size_t from = column > SNIPPET_WIDTH / 2 ? column - SNIPPET_WIDTH / 2 : 0;
	AUTO_BUFFER struct buffer snippet = { 0 };

	if (at.line == 0 || line.ptr == NULL || from > line.len)
		return "";
	buffer_add(&snippet, line.ptr + from, MIN_OF(line.len - from, (size_t)SNIPPET_WIDTH));
	buffer_add_char(&snippet, '\n');
	for (size_t i = from; i < column; i++)
		buffer_add_char(&snippet, i < line.len && line.ptr[i] == '\t' ? '\t' : ' ');
	buffer_add_text(&snippet, "^\n");
	return arena_strndup(arena, snippet.data, snippet.len);
}

static void add_to_file(struct arena *arena, struct file_report *file,
			const struct rules_issue *issue)
{
	/* grown by halves of the arena's making: power-of-two sizes, copied when full */
	if ((file->count & (file->count - 1)) == 0) {
		struct rules_issue *grown = ARENA_ARRAY(
			arena, file->count > 0 ? file->count * 2 : 1, struct rules_issue);

		if (file->count > 0)
			memcpy(grown, file->issues, file->count * sizeof(*grown));
		file->issues = grown;
	}
	file->issues[file->count++] = *issue;
	file->errors += issue->is_error;
}

int report_issue(struct report_builder *builder, enum issue_code code, struct source_pos at,
		 const char *fmt, ...)
{
	struct rules_report *report = builder->report;
	struct error message;
	struct rules_issue issue = { .is_error = code < LOAD_UNKNOWN_SOURCE,
				     .code = codes[code].name,
				     .summary = codes[code].summary,
				     .kind = builder->item.kind,
				     .at = at };
	size_t file = 0;
	va_list args;

	va_start(args, fmt);
	vsnprintf(message.text, sizeof(message.text), fmt, args);
	va_end(args);
	while (file + 1 < report->count && builder->files[file].name != at.file)
		file++;
	if (report->count == 0)
		return -EINVAL;
	issue.message = arena_strdup(&report->arena, message.text);
	issue.name.ptr =
		arena_strndup(&report->arena, builder->item.name.ptr, builder->item.name.len);
	issue.name.len = builder->item.name.len;
	issue.at.file = report->files[file].name;
	issue.snippet = make_snippet(&report->arena, builder->files[file].text, at);
	add_to_file(&report->arena, &report->files[file], &issue);
	report->errors += issue.is_error;
	return -EINVAL;
}

static void print_issue(const struct rules_issue *issue, struct buffer *out)
{
	buffer_printf(out, "%s:%u:%u: %s: %s", issue->at.file, issue->at.line, issue->at.column,
		      issue->is_error ? "error" : "warning", issue->message);
	if (issue->kind != NULL && issue->name.len > 0)
		buffer_printf(out, " (%s '%.*s')", issue->kind, TEXT_ARGS(issue->name));
	buffer_printf(out, " [%s]\n%s", issue->code, issue->snippet);
}

void rules_report_print(const struct rules_report *report, struct buffer *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct file_report *file = &report->files[i];

		for (size_t k = 0; k < file->count; k++)
			print_issue(&file->issues[k], out);
		buffer_printf(out, "%s: %s", file->name, file->errors == 0 ? "Ok" : "Invalid");
		if (file->errors > 0)
			buffer_printf(out, ", %zu error%s", file->errors,
				      file->errors == 1 ? "" : "s");
		if (file->count > file->errors)
			buffer_printf(out, ", %zu warning%s", file->count - file->errors,
				      file->count - file->errors == 1 ? "" : "s");
		buffer_add_char(out, '\n');
	}
}

static void write_location(struct json_writer *json, const char *kind, struct text name,
			   struct source_pos at)
{
	json_begin_object(json);
	json_key(json, "item_type");
	json_cstring(json, kind);
	json_key(json, "item_name");
	json_text(json, name);
	json_key(json, "position");
	json_begin_object(json);
	json_key(json, "name");
	json_cstring(json, at.file);
	json_key(json, "line");
	json_number(json, at.line);
	json_key(json, "column");
	json_number(json, at.column);
	json_end_object(json);
	json_end_object(json);
}

static void write_issue(struct json_writer *json, const struct rules_issue *issue)
{
	json_begin_object(json);
	json_key(json, "code");
	json_cstring(json, issue->code);
	json_key(json, "codedesc");
	json_cstring(json, issue->summary);
	json_key(json, "message");
	json_cstring(json, issue->message);
	json_key(json, "context");
	json_begin_object(json);
	json_key(json, "locations");
	json_begin_array(json);
	write_location(json, "rules content", TEXT(""),
		       (struct source_pos){ issue->at.file, 0, 0 });
	if (issue->kind != NULL)
		write_location(json, issue->kind, issue->name, issue->at);
	json_end_array(json);
	json_key(json, "snippet");
	json_cstring(json, issue->snippet);
	json_end_object(json);
	json_end_object(json);
}

static void write_issues(struct json_writer *json, const struct file_report *file, bool errors)
{
	json_key(json, errors ? "errors" : "warnings");
	json_begin_array(json);
	for (size_t i = 0; i < file->count; i++)
		if (file->issues[i].is_error == errors)
			write_issue(json, &file->issues[i]);
	json_end_array(json);
}

/* What Falco would say of the file's schema: keys and items that it does not know. */
static void write_schema(struct json_writer *json, const struct file_report *file)
{
	bool valid = true;

	for (size_t i = 0; i < file->count; i++)
		valid &= strncmp(file->issues[i].code, "LOAD_UNKNOWN_", 13) != 0
			 && strncmp(file->issues[i].code, "LOAD_ERR_YAML", 13) != 0;
	json_key(json, "schema_valid");
	json_bool(json, valid);
	json_key(json, "schema_warnings");
	json_begin_array(json);
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->issues[i].code, "LOAD_UNKNOWN_KEY") == 0
		    || strcmp(file->issues[i].code, "LOAD_UNKNOWN_ITEM") == 0)
			json_cstring(json, file->issues[i].message);
	json_end_array(json);
}

void rules_report_json(const struct rules_report *report, struct buffer *out)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	json_key(&json, "falco_load_results");
	json_begin_array(&json);
	for (size_t i = 0; i < report->count; i++) {
		const struct file_report *file = &report->files[i];

		json_begin_object(&json);
		json_key(&json, "name");
		json_cstring(&json, file->name);
		json_key(&json, "successful");
		json_bool(&json, file->errors == 0);
		write_schema(&json, file);
		write_issues(&json, file, true);
		write_issues(&json, file, false);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
}
