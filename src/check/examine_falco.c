/* SPDX-License-Identifier: Apache-2.0 */
/* examine_falco.c — Falco rule files by the rule engine's own loader, all of a run together: a rule
 * may use the macros of another file. */
#include "check/examine.h"
#include "check/families.h"
#include "check/tree.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

static const struct check checks[] = {
	{ .id = "FR001",
	  .name = "falco-invalid",
	  .title = "A rule file does not load",
	  .severity = FINDING_ERROR,
	  .why = "With one error no rule of the set is in force.",
	  .mend = "As the message says; name the files whose macros it uses, too.",
	  .bad = "- rule: a\n  desc: a\n  condition: evt.type = open and fd.nme = x\n  output: a\n "
		 " "
		 "priority: INFO\n",
	  .good = "- rule: a\n  desc: a\n  condition: evt.type = open and fd.name = x\n  output: "
		  "a\n  priority: INFO\n" },
	{ .id = "FR002",
	  .name = "falco-doubtful",
	  .title = "A rule loads, and Falco or the engine warns of it",
	  .severity = FINDING_WARNING,
	  .why = "It may match nothing, cost much, or be refused by Falco.",
	  .mend = "As the message says.",
	  .bad = "- rule: a\n  desc: a\n  condition: fd.name = x\n  output: a\n  priority: INFO\n",
	  .good = "- rule: a\n  desc: a\n  condition: evt.type = open and fd.name = x\n  output: "
		  "a\n  priority: INFO\n" },
	{ .id = "FR003",
	  .name = "falco-unused",
	  .title = "A macro or a list is used by no rule",
	  .severity = FINDING_STYLE,
	  .why = "It says something that nobody listens to.",
	  .mend = "Drop it, or use it.",
	  .bad = "- macro: m\n  condition: evt.type = open\n- rule: a\n  desc: a\n  condition: "
		 "evt.type = open\n  output: a\n  priority: INFO\n",
	  .good = "- macro: m\n  condition: evt.type = open\n- rule: a\n  desc: a\n  condition: "
		  "m\n  output: a\n  priority: INFO\n" },
};

const struct family falco_family = {
	.name = "falco",
	.title = "Falco rule files",
	.artifact = ARTIFACT_FALCO,
	.checks = checks,
	.count = COUNT_OF(checks),
};

static const char *check_for(const struct rules_issue *issue)
{
	if (issue->is_error)
		return "FR001";
	return strncmp(issue->code, "LOAD_UNUSED", strlen("LOAD_UNUSED")) == 0 ? "FR003" : "FR002";
}

static struct range line_at(const struct examination *exam, struct source_pos at)
{
	const size_t start = line_index_offset(&exam->lines, at.line, at.column);
	const struct text line = line_index_line(&exam->lines, at.line);
	const size_t end =
		line.ptr != NULL ? (size_t)(line.ptr - exam->text.ptr) + line.len : start;

	return (struct range){ start, MAX_OF(end, start) };
}

static int look_at_issues(struct examination *exam, const void *context, struct error *err)
{
	const struct file_report *report = context;

	(void)err;
	for (size_t i = 0; i < report->count; i++) {
		const struct rules_issue *issue = &report->issues[i];
		struct finding *finding =
			exam_report_as(exam, check_for(issue), line_at(exam, issue->at), "%s (%s)",
				       issue->message, issue->code);

		if (finding != NULL && issue->name.len > 0)
			finding->object = arena_printf(&exam->findings->arena, "%s/%.*s",
						       issue->kind, TEXT_ARGS(issue->name));
	}
	return 0;
}

struct rule_texts {
	struct rule_file *files;
	struct buffer *texts; /* of those that had to be read */
	const struct tree_file **from;
	size_t count;
};

static int compare_paths(const void *a, const void *b)
{
	const struct tree_file *const *left = a, *const *right = b;

	return strcmp((*left)->path, (*right)->path);
}

static void read_texts(struct rule_texts *rules, const struct tree *tree,
		       const struct check_options *options)
{
	for (size_t i = 0; i < tree->file_count; i++)
		if (tree->files[i].artifact == ARTIFACT_FALCO)
			rules->from[rules->count++] = &tree->files[i];
	if (rules->count > 1)
		qsort(rules->from, rules->count, sizeof(*rules->from), compare_paths);
	for (size_t i = 0; i < rules->count; i++) {
		rules->files[i].name = rules->from[i]->path;
		rules->files[i].text = rules->from[i]->text;
		if (rules->files[i].text.ptr == NULL
		    && file_read(rules->from[i]->path, check_file_limit(options), &rules->texts[i],
				 NULL)
			       == 0)
			rules->files[i].text = buffer_text(&rules->texts[i]);
		else if (rules->files[i].text.ptr == NULL)
			rules->files[i].problem = "it cannot be read";
	}
}

void examine_falco_tree(struct check_run *run, const struct check_options *options,
			const struct tree *tree)
{
	const struct rules_options rules_options = { 0 };
	AUTO_ARENA struct arena arena;
	struct rule_texts rules = { 0 };
	struct ruleset *set = NULL;
	struct rules_report report;

	arena_init(&arena, 4096);
	rules.files = ARENA_ARRAY(&arena, tree->file_count + 1, struct rule_file);
	rules.texts = ARENA_ARRAY(&arena, tree->file_count + 1, struct buffer);
	rules.from = ARENA_ARRAY(&arena, tree->file_count + 1, const struct tree_file *);
	read_texts(&rules, tree, options);
	if (rules.count == 0)
		return;
	if (ruleset_load(rules.files, rules.count, &rules_options, &set, &report) == 0)
		ruleset_unref(set);
	for (size_t i = 0; i < report.count && i < rules.count; i++)
		if (report.files[i].count > 0)
			tree_look_again(run, options, tree, rules.from[i], look_at_issues,
					&report.files[i]);
	rules_report_done(&report);
	for (size_t i = 0; i < rules.count; i++)
		buffer_done(&rules.texts[i]);
}
