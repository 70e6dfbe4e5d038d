/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files of others, and our own beside them: all load without an error. */
#include "rules/ruleset_private.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define STOCK "data/falco-rules/"
#define OURS  "mangrove_rules.yaml"
#define SEED  "seed"

static const struct files_case {
	const char *name;
	const char *files[5];
	size_t rules;
} rows[] = {
	{ "stable", { STOCK "falco_rules.yaml" }, 25 },
	{ "incubating", { STOCK "falco-incubating_rules.yaml" }, 31 },
	{ "sandbox", { STOCK "falco-sandbox_rules.yaml" }, 37 },
	{ "all three",
	  { STOCK "falco_rules.yaml", STOCK "falco-incubating_rules.yaml",
	    STOCK "falco-sandbox_rules.yaml" },
	  93 },
	{ "ours", { OURS }, 0 },
	{ "ours and the first seed's", { OURS, SEED }, 0 },
	{ "all there is",
	  { STOCK "falco_rules.yaml", STOCK "falco-incubating_rules.yaml",
	    STOCK "falco-sandbox_rules.yaml", OURS, SEED },
	  0 },
};

/* The document's block of rules: what stands between its heading and the end of the code. */
static void cut_seed(struct buffer *text)
{
	const char *start = strstr(text->data, "# falco/falco-rules.yaml");
	const char *end = start != NULL ? strstr(start, "```") : NULL;

	if (end == NULL)
		fail_msg("the seed has no block of rules");

	AUTO_BUFFER struct buffer block = { 0 };

	buffer_add(&block, start, (size_t)(end - start));
	buffer_clear(text);
	buffer_add(text, block.data, block.len);
}

/* False where the file is not there: outside data comes with the workshop, not with the source. */
static bool read_rules(const char *name, struct buffer *out)
{
	const char *source = getenv("MANGROVE_SOURCE");
	const char *shared = getenv("MANGROVE_SHARED");
	char path[8192];
	char beside[4096];
	glob_t found = { 0 };
	bool read;

	snprintf(beside, sizeof(beside), "%s/../shared", source);
	shared = shared != NULL ? shared : beside;
	if (strcmp(name, OURS) == 0)
		snprintf(path, sizeof(path), "%s/rules/%s", source, name);
	else if (strcmp(name, SEED) == 0)
		snprintf(path, sizeof(path), "%s/seeds/000_*.txt", shared);
	else
		snprintf(path, sizeof(path), "%s/%s", shared, name);
	read = glob(path, 0, NULL, &found) == 0
	       && file_read(found.gl_pathv[0], (size_t)1 << 26, out, NULL) == 0;
	globfree(&found);
	if (read && strcmp(name, SEED) == 0)
		cut_seed(out);
	return read;
}

/* What a rule became can be printed, parsed again, and is the same. */
static void check_round_trip(const struct condition *tree)
{
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer printed = { 0 };
	struct condition_source source = { 0 };
	struct condition *again;

	arena_init(&arena, 4096);
	condition_print(tree, &printed);
	source.text = buffer_text(&printed);
	assert_int_equal(condition_parse(&arena, &source, &again, NULL), 0);
	assert_true(condition_equal(tree, again));
}

static void check_files(void **state)
{
	const struct files_case *row = *state;
	struct rule_file files[5];
	struct buffer texts[5] = { 0 };
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer why = { 0 };
	struct rules_report report;
	size_t count = 0;

	for (; count < COUNT_OF(files) && row->files[count] != NULL; count++) {
		if (!read_rules(row->files[count], &texts[count])) {
			print_message("%s is not here: set MANGROVE_SHARED\n", row->files[count]);
			skip();
		}
		files[count] = (struct rule_file){ .name = row->files[count],
						   .text = buffer_text(&texts[count]) };
	}
	ruleset_load(files, count, NULL, &set, &report);
	if (set == NULL) {
		rules_report_print(&report, &why);
		fail_msg("%s", why.data);
	}
	if (row->rules > 0)
		assert_int_equal(set->count, row->rules);
	for (size_t i = 0; i < set->count; i++)
		check_round_trip(set->compiled[i].tree);
	rules_report_done(&report);
	for (size_t i = 0; i < count; i++)
		buffer_done(&texts[i]);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_files,
						.initial_state = (void *)&rows[i] };
	return _cmocka_run_group_tests("rule_files", tests, COUNT_OF(rows), NULL, NULL);
}
