/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c — `mangrove rules …`: the Falco language at the command line. The work is in src/rules/.
 */
#include "cmd/command.h"

#include "rules/rules.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define FILES_MAX    256
#define FILE_LIMIT   ((size_t)64 << 20)
#define EVENTS_LIMIT ((size_t)1 << 30)

struct arguments {
	struct rule_file files[FILES_MAX];
	struct buffer texts[FILES_MAX];
	struct error problems[FILES_MAX];
	size_t count;
	const char *events;
	const char *operand; /* what is left: a condition, a rule's name, what to list */
	bool json, first_only;
};

static void arguments_done(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		buffer_done(&arguments->texts[i]);
}

static int add_file(struct arguments *arguments, const char *path)
{
	const size_t i = arguments->count;

	if (i == FILES_MAX)
		return command_usage(&rules_command, "more than %d files are named", FILES_MAX);
	arguments->files[i].name = path;
	if (file_read(path, FILE_LIMIT, &arguments->texts[i], &arguments->problems[i]) != 0)
		arguments->files[i].problem = arguments->problems[i].text;
	else
		arguments->files[i].text =
			(struct text){ arguments->texts[i].data != NULL ? arguments->texts[i].data
									: "",
				       arguments->texts[i].len };
	arguments->count++;
	return 0;
}

/* Options of all subcommands; operands are files where `files`, else at most one. */
static int parse_arguments(struct arguments *arguments, int argc, char **argv, bool files)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "rules", required_argument, NULL, 'r' },
						 { "events", required_argument, NULL, 'e' },
						 { "first", no_argument, NULL, '1' },
						 { NULL, 0, NULL, 0 } };
	int option;
	int status = 0;

	optind = 1;
	while (status == 0 && (option = getopt_long(argc, argv, "r:", options, NULL)) != -1) {
		if (option == 'j')
			arguments->json = true;
		else if (option == 'r')
			status = add_file(arguments, optarg);
		else if (option == 'e')
			arguments->events = optarg;
		else if (option == '1')
			arguments->first_only = true;
		else
			status = command_usage(&rules_command, "see above");
	}
	for (; status == 0 && optind < argc; optind++) {
		if (files)
			status = add_file(arguments, argv[optind]);
		else if (arguments->operand != NULL)
			status = command_usage(&rules_command, "'%s' is one argument too many",
					       argv[optind]);
		else
			arguments->operand = argv[optind];
	}
	return status;
}

static void print_buffer(const struct buffer *text, FILE *stream)
{
	if (text->len > 0)
		fwrite(text->data, 1, text->len, stream);
}

/* Loads the files; what is wrong goes to standard error. */
static int load(struct arguments *arguments, struct ruleset **set)
{
	const struct rules_options options = { .first_only = arguments->first_only };
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;
	size_t warnings = 0;
	int result;

	if (arguments->count == 0)
		return command_usage(&rules_command, "which rule files? Name them with -r FILE");
	result = ruleset_load(arguments->files, arguments->count, &options, set, &report);
	for (size_t i = 0; i < report.count; i++)
		warnings += report.files[i].count - report.files[i].errors;
	if (result != 0)
		rules_report_print(&report, &text);
	else if (warnings > 0)
		buffer_printf(&text, "%zu warning%s; 'mangrove rules validate' shows them.\n",
			      warnings, warnings == 1 ? "" : "s");
	print_buffer(&text, stderr);
	rules_report_done(&report);
	return result == 0 ? STATUS_FINE : STATUS_USAGE;
}

/* --- parse ------------------------------------------------------------------------------- */

static int run_parse(struct arguments *arguments)
{
	AUTO_BUFFER struct buffer text = { 0 };
	AUTO_ARENA struct arena arena;
	struct condition_source source = { .part.start = { "condition", 1, 1 } };
	struct condition *condition;
	struct error err = { 0 };
	char message[1024];

	if (arguments->operand == NULL)
		return command_usage(&rules_command, "parse takes a condition, in quotes");
	arena_init(&arena, 4096);
	source.text = text_of(arguments->operand);
	if (condition_parse(&arena, &source, &condition, &err) != 0) {
		fprintf(stderr, "%s\n", error_format(&err, message, sizeof(message)));
		return STATUS_USAGE;
	}
	condition_print(condition, &text);
	buffer_add_char(&text, '\n');
	print_buffer(&text, stdout);
	return STATUS_FINE;
}

/* --- validate ---------------------------------------------------------------------------- */

static int run_validate(struct arguments *arguments)
{
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;
	int result;

	if (arguments->count == 0)
		return command_usage(&rules_command, "validate takes rule files");
	result = ruleset_load(arguments->files, arguments->count, NULL, &set, &report);
	if (arguments->json) {
		rules_report_json(&report, &text);
		buffer_add_char(&text, '\n');
	} else {
		rules_report_print(&report, &text);
	}
	print_buffer(&text, stdout);
	rules_report_done(&report);
	return result == 0 ? STATUS_FINE : STATUS_USAGE;
}

/* --- list -------------------------------------------------------------------------------- */

static void add_fields(struct json_writer *json)
{
	for (enum field_id id = 1; id < FIELD_COUNT; id++) {
		const struct field *field = field_of(id);

		json_begin_object(json);
		json_key(json, "name");
		json_cstring(json, field->name);
		json_key(json, "type");
		json_cstring(json, field_type_name(field->type));
		json_key(json, "argument");
		json_cstring(json, field_argument_rule(field));
		json_key(json, "filter_only");
		json_bool(json, (field->flags & FIELD_FLAG_FILTER_ONLY) != 0);
		json_key(json, "deprecated");
		json_bool(json, (field->flags & FIELD_FLAG_DEPRECATED) != 0);
		json_end_object(json);
	}
}

static void print_fields(void)
{
	for (enum field_id id = 1; id < FIELD_COUNT; id++) {
		const struct field *field = field_of(id);

		printf("%-40s %-8s %s%s%s\n", field->name, field_type_name(field->type),
		       field_argument_rule(field),
		       field->flags & FIELD_FLAG_FILTER_ONLY ? " conditions only" : "",
		       field->flags & FIELD_FLAG_DEPRECATED ? " deprecated" : "");
	}
}

static int list_fields(bool as_json)
{
	AUTO_BUFFER struct buffer text = { 0 };
	struct json_writer json = { .out = &text };

	if (!as_json) {
		print_fields();
		return STATUS_FINE;
	}
	json_begin_array(&json);
	add_fields(&json);
	json_end_array(&json);
	buffer_add_char(&text, '\n');
	print_buffer(&text, stdout);
	return STATUS_FINE;
}

static int list_events(bool as_json)
{
	AUTO_BUFFER struct buffer text = { 0 };
	struct json_writer json = { .out = &text };

	json_begin_array(&json);
	for (unsigned type = 1; type < event_type_count(); type++) {
		json_cstring(&json, event_type_name(type));
		if (!as_json)
			puts(event_type_name(type));
	}
	json_end_array(&json);
	buffer_add_char(&text, '\n');
	if (as_json)
		print_buffer(&text, stdout);
	return STATUS_FINE;
}

static int list_rules(struct arguments *arguments)
{
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	struct json_writer json = { .out = &text };
	const struct rule *rules;
	size_t count;
	const int status = load(arguments, &set);

	if (status != STATUS_FINE)
		return status;
	rules = ruleset_rules(set, &count);
	json_begin_array(&json);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&json);
		json_key(&json, "rule");
		json_text(&json, rules[i].name);
		json_key(&json, "priority");
		json_cstring(&json, rule_priority_name(rules[i].priority));
		json_key(&json, "enabled");
		json_bool(&json, rules[i].enabled);
		json_end_object(&json);
		if (!arguments->json)
			printf("%-13s %s%.*s\n", rule_priority_name(rules[i].priority),
			       rules[i].enabled ? "" : "(disabled) ", TEXT_ARGS(rules[i].name));
	}
	json_end_array(&json);
	buffer_add_char(&text, '\n');
	if (arguments->json)
		print_buffer(&text, stdout);
	return STATUS_FINE;
}

static int run_list(struct arguments *arguments)
{
	const char *what = arguments->operand != NULL ? arguments->operand : "fields";

	if (arguments->count > 0)
		return list_rules(arguments);
	if (strcmp(what, "fields") == 0)
		return list_fields(arguments->json);
	if (strcmp(what, "events") == 0)
		return list_events(arguments->json);
	return command_usage(&rules_command,
			     "list takes 'fields' or 'events', or -r FILE to list rules, not '%s'",
			     what);
}

/* --- describe ---------------------------------------------------------------------------- */

static const struct rule *find_rule(const struct ruleset *set, const char *name)
{
	size_t count;
	const struct rule *rules = ruleset_rules(set, &count);

	for (size_t i = 0; i < count; i++)
		if (text_is(rules[i].name, name))
			return &rules[i];
	return NULL;
}

static int run_describe(struct arguments *arguments)
{
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	const struct rule *rule = NULL;
	const int status = load(arguments, &set);

	if (status != STATUS_FINE)
		return status;
	if (arguments->operand != NULL) {
		rule = find_rule(set, arguments->operand);
		if (rule == NULL)
			return command_usage(&rules_command, "there is no rule '%s' in these files",
					     arguments->operand);
	}
	ruleset_describe(set, rule, arguments->json, &text);
	if (arguments->json)
		buffer_add_char(&text, '\n');
	print_buffer(&text, stdout);
	return STATUS_FINE;
}

/* --- eval -------------------------------------------------------------------------------- */

static void add_match(struct rules_evaluator *evaluator, const struct rule *rule, size_t index,
		      struct buffer *out)
{
	AUTO_BUFFER struct buffer message = { 0 };
	struct json_writer json = { .out = out };

	alert_message(evaluator, rule, &message);
	json_begin_object(&json);
	json_key(&json, "rule");
	json_text(&json, rule->name);
	json_key(&json, "priority");
	json_cstring(&json, rule_priority_name(rule->priority));
	json_key(&json, "output");
	json_text(&json, buffer_text(&message));
	json_key(&json, "index");
	json_number(&json, (int64_t)index);
	json_end_object(&json);
	buffer_add_char(out, '\n');
}

static int evaluate_line(struct rules_evaluator *evaluator, struct json_event *event,
			 struct text line, size_t index, struct error *err)
{
	AUTO_BUFFER struct buffer out = { 0 };
	size_t count;
	const int result = json_event_parse(event, line, err);

	if (result != 0)
		return result;

	const struct rule *const *matches = rules_evaluate(evaluator, &event->event, &count);

	for (size_t i = 0; i < count; i++)
		add_match(evaluator, matches[i], index, &out);
	print_buffer(&out, stdout);
	return 0;
}

static int evaluate_lines(struct ruleset *set, const char *path, struct text lines)
{
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);
	struct json_event event;
	struct error err = { 0 };
	int result = 0;

	json_event_init(&event);
	for (size_t index = 0; result == 0 && lines.ptr != NULL; index++) {
		const struct text line = text_trim(text_split(&lines, '\n'));

		if (line.len > 0 && !text_is(line, "\r"))
			result = evaluate_line(evaluator, &event, line, index, &err);
		if (result != 0)
			fprintf(stderr, "%s:%zu: %s\n", path, index + 1, err.text);
	}
	json_event_done(&event);
	return result == 0 ? STATUS_FINE : STATUS_USAGE;
}

static int run_eval(struct arguments *arguments)
{
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer events = { 0 };
	struct error err = { 0 };
	int status;

	if (arguments->events == NULL)
		return command_usage(&rules_command, "which events? Name them with --events FILE");
	status = load(arguments, &set);
	if (status != STATUS_FINE)
		return status;
	if (file_read(strcmp(arguments->events, "-") == 0 ? "/dev/stdin" : arguments->events,
		      EVENTS_LIMIT, &events, &err)
	    != 0) {
		fprintf(stderr, "mangrove rules: %s\n", err.text);
		return STATUS_USAGE;
	}
	return evaluate_lines(set, arguments->events, buffer_text(&events));
}

/* --- the command ------------------------------------------------------------------------- */

static const struct subcommand {
	const char *name;
	int (*run)(struct arguments *arguments);
	bool takes_files;
} subcommands[] = {
	{ "parse", run_parse, false }, { "validate", run_validate, true },
	{ "list", run_list, false },   { "describe", run_describe, false },
	{ "eval", run_eval, false },
};

static int run(int argc, char **argv)
{
	struct arguments *arguments = MEM_NEW(struct arguments);
	int status = STATUS_USAGE;
	size_t i = 0;

	while (argc > 1 && i < COUNT_OF(subcommands) && strcmp(argv[1], subcommands[i].name) != 0)
		i++;
	if (argc < 2 || i == COUNT_OF(subcommands)) {
		command_usage(&rules_command,
			      "it takes one of parse, validate, list, describe, eval");
	} else {
		status = parse_arguments(arguments, argc - 1, argv + 1, subcommands[i].takes_files);
		if (status == 0)
			status = subcommands[i].run(arguments);
	}
	arguments_done(arguments);
	mem_free(arguments);
	return status;
}

const struct command rules_command = {
	.name = "rules",
	.arguments = "parse|validate|list|describe|eval …",
	.summary = "Check, explain and try Falco rule files.",
	.help = "\n"
		"  parse CONDITION                     print it in canonical form\n"
		"  validate [--json] FILE…             what is wrong with rule files, loaded in "
		"this order\n"
		"  list [fields|events] [--json]       what conditions can ask about\n"
		"  list -r FILE… [--json]              the rules of the files\n"
		"  describe [--json] -r FILE… [RULE]   conditions with lists and macros put in, "
		"events, "
		"fields\n"
		"  eval -r FILE… --events FILE.jsonl   a JSON line for each rule that an event "
		"matches;\n"
		"                                      --first: at most one rule an event; '-': "
		"standard "
		"input\n"
		"\n"
		"An event is a JSON object of field -> value: {\"evt.type\": \"open\", "
		"\"fd.name\": "
		"\"/etc/shadow\"}.\n",
	.run = run,
};
