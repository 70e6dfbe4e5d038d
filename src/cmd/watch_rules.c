/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/watch_rules.h"

#include "cmd/default_rules.h"

#include <stdio.h>

#define FILE_LIMIT ((size_t)64 << 20)

struct rule_texts {
	struct rule_file files[RULE_FILES_MAX + 1];
	struct buffer texts[RULE_FILES_MAX + 1];
	struct error problems[RULE_FILES_MAX + 1];
	size_t count;
};

static void read_all(const struct watch_rules *rules, struct rule_texts *out)
{
	if (!rules->without_ours)
		out->files[out->count++] = (struct rule_file){
			.name = "mangrove_rules.yaml (built in)",
			.text = { (const char *)default_rules, default_rules_len },
		};
	for (size_t i = 0; i < rules->count; i++) {
		const size_t k = out->count++;

		out->files[k].name = rules->paths[i];
		if (file_read(rules->paths[i], FILE_LIMIT, &out->texts[k], &out->problems[k]) != 0)
			out->files[k].problem = out->problems[k].text;
		else
			out->files[k].text = buffer_text(&out->texts[k]);
	}
}

static void say_report(const struct rules_report *report, bool failed)
{
	AUTO_BUFFER struct buffer text = { 0 };
	size_t warnings = 0;

	for (size_t i = 0; i < report->count; i++)
		warnings += report->files[i].count - report->files[i].errors;
	if (failed)
		rules_report_print(report, &text);
	else if (warnings > 0)
		buffer_printf(&text,
			      "%zu warning%s about rules; 'mangrove rules validate' shows "
			      "them.\n",
			      warnings, warnings == 1 ? "" : "s");
	if (text.len > 0)
		fwrite(text.data, 1, text.len, stderr);
}

struct ruleset *watch_rules_load(const struct watch_rules *rules)
{
	const struct rules_options options = { .first_only = rules->first_only };
	struct rule_texts *texts = MEM_NEW(struct rule_texts);
	struct ruleset *set = NULL;
	struct rules_report report;
	int result;

	read_all(rules, texts);
	result = ruleset_load(texts->files, texts->count, &options, &set, &report);
	say_report(&report, result != 0);
	rules_report_done(&report);
	for (size_t i = 0; i < texts->count; i++)
		buffer_done(&texts->texts[i]);
	mem_free(texts);
	return set;
}
