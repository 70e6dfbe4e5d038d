/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.c — the stages of loading, one after another. */
#include "rules/ruleset_private.h"

#include <errno.h>
#include <stdlib.h>

/* --- one rule ---------------------------------------------------------------------------- */

struct compilation {
	struct ruleset *set;
	struct definitions all;
	struct report_builder report;
	struct program_builder builder;
	const struct rules_options *options;
};

static bool name_fits(struct text pattern, struct text name)
{
	/* only `*` is special here, unlike in globs */
	struct text after_star = { 0 };
	struct text from = { 0 };

	for (;;) {
		if (pattern.len > 0 && pattern.ptr[0] == '*') {
			pattern = after_star = text_from(pattern, 1);
			from = name;
		} else if (pattern.len > 0 && name.len > 0 && pattern.ptr[0] == name.ptr[0]) {
			pattern = text_from(pattern, 1);
			name = text_from(name, 1);
		} else if (pattern.len == 0 && name.len == 0) {
			return true;
		} else if (after_star.ptr != NULL && from.len > 0) {
			pattern = after_star;
			name = from = text_from(from, 1);
		} else {
			return false;
		}
	}
}

static bool has_tag(const struct rule *rule, struct text tag)
{
	for (size_t i = 0; i < rule->tag_count; i++)
		if (text_equal(rule->tags[i], tag))
			return true;
	return false;
}

static bool is_selected(const struct rules_options *options, const struct rule *rule)
{
	bool enabled = rule->enabled;

	for (size_t i = 0; i < options->selection_count; i++) {
		const struct rule_selection *selection = &options->selections[i];

		if (selection->rule.ptr != NULL ? name_fits(selection->rule, rule->name)
						: has_tag(rule, selection->tag))
			enabled = selection->enable;
	}
	return enabled;
}

/* Reports what failed; with skip-if-unknown-filter the unknown only warns. */
static void report_failure(struct compilation *in, const struct rule_definition *definition,
			   enum issue_code code, const struct compile_error *err)
{
	const bool skip = definition->skip_if_unknown && err->unknown;

	report_issue(&in->report, skip ? LOAD_UNKNOWN_FILTER : code, err->error.at, "%s%s",
		     err->error.text, skip ? "; the rule is skipped" : "");
}

static void warn_of_event_types(struct compilation *in, const struct rule_definition *definition,
				const struct compiled_rule *compiled)
{
	in->report.item = (struct item){ "rule", definition->name };
	if (definition->warn_event_types
	    && (compiled->event_type_count == 0 || compiled->event_type_count > 100))
		report_issue(&in->report, LOAD_NO_EVTTYPE, definition->at,
			     "the rule can match %zu event types, which costs time at every event; "
			     "restrict evt.type, or set warn_evttypes: false",
			     compiled->event_type_count);
}

/* Falco's own token, gone from Falco: nothing in its place, what is around it stays. */
static struct text prepare_output(struct compilation *in, const struct rule_definition *definition)
{
	const struct text token = TEXT("%container.info");
	AUTO_BUFFER struct buffer text = { 0 };
	struct text rest = definition->output;
	const char *found;

	while ((found = memmem(rest.ptr, rest.len, token.ptr, token.len)) != NULL) {
		const size_t before = (size_t)(found - rest.ptr);

		report_issue(&in->report, LOAD_DEPRECATED_ITEM, definition->output_at,
			     "%%container.info is deprecated and left out");
		buffer_add(&text, rest.ptr, before);
		rest = text_from(rest, before + token.len);
	}
	buffer_add(&text, rest.ptr, rest.len);
	if (in->options->output_extra != NULL)
		buffer_printf(&text, " %s", in->options->output_extra);
	return (struct text){ arena_strndup(&in->set->arena, text.data, text.len), text.len };
}

/* False where the rule has to be left out. */
static bool compile_rule(struct compilation *in, const struct rule_definition *definition,
			 struct rule *rule, struct compiled_rule *compiled)
{
	struct compile_error err = { 0 };

	in->report.item = (struct item){ "rule", definition->name };
	compiled->tree = definition->tree;
	if (compile_node(&in->builder, definition->tree, &compiled->node, &err) != 0) {
		report_failure(in, definition, LOAD_ERR_COMPILE_CONDITION, &err);
		return false;
	}
	rule->output = prepare_output(in, definition);
	if (output_compile(&in->builder, rule->output, definition->output_at, &compiled->output,
			   &err)
	    != 0) {
		report_failure(in, definition, LOAD_ERR_COMPILE_OUTPUT, &err);
		return false;
	}
	return true;
}

static void find_event_types(struct compilation *in)
{
	struct ruleset *set = in->set;

	builder_classify_types(&in->builder);
	for (size_t i = 0; i < set->count; i++) {
		struct compiled_rule *compiled = &set->compiled[i];
		bool *types = ARENA_ARRAY(&set->arena, event_type_count(), bool);

		compiled->event_type_count =
			program_event_types(&in->builder, compiled->node, types);
		compiled->event_types = types;
		warn_of_event_types(in, map_get(&in->all.rule_names, set->rules[i].name), compiled);
	}
}

static int compare_texts(const void *a, const void *b)
{
	const struct text *left = a;
	const struct text *right = b;
	const int order = memcmp(left->ptr, right->ptr, MIN_OF(left->len, right->len));

	return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

/* Sorted, each once, as Falco's alerts have them. */
static void keep_tags(struct arena *arena, struct texts tags, struct rule *rule)
{
	struct text *sorted = ARENA_ARRAY(arena, tags.count + 1, struct text);

	if (tags.count > 0)
		memcpy(sorted, tags.items, tags.count * sizeof(*sorted));
	qsort(sorted, tags.count, sizeof(*sorted), compare_texts);
	for (size_t i = 0; i < tags.count; i++)
		if (rule->tag_count == 0 || !text_equal(sorted[rule->tag_count - 1], sorted[i]))
			sorted[rule->tag_count++] = sorted[i];
	rule->tags = sorted;
}

static void compile_rules(struct compilation *in)
{
	struct ruleset *set = in->set;
	size_t count = 0;

	for (struct rule_definition *d = in->all.rules; d != NULL; d = d->next)
		count++;
	set->rules = ARENA_ARRAY(&set->arena, count + 1, struct rule);
	set->compiled = ARENA_ARRAY(&set->arena, count + 1, struct compiled_rule);
	for (struct rule_definition *d = in->all.rules; d != NULL; d = d->next) {
		struct rule *rule = &set->rules[set->count];
		const bool severe = in->options->least == PRIORITY_EMERGENCY
				    || d->priority <= in->options->least;

		if (d->tree == NULL || !severe)
			continue;
		*rule = (struct rule){ .name = d->name,
				       .description = d->description,
				       .source = d->source,
				       .priority = d->priority,
				       .enabled = d->enabled,
				       .number = (uint32_t)set->count,
				       .at = d->at };
		keep_tags(&set->arena, d->tags, rule);
		rule->at.file = arena_strdup(&set->arena, d->at.file);
		rule->enabled = is_selected(in->options, rule);
		if (compile_rule(in, d, rule, &set->compiled[set->count]))
			set->count++;
	}
}

/* --- what the set asks of events --------------------------------------------------------- */

static void collect_fields(struct ruleset *set)
{
	const struct program *program = &set->program;

	set->fields = ARENA_ARRAY(&set->arena, program->subject_count + 1, struct field_use);
	for (uint32_t i = 0; i < program->subject_count; i++)
		if (program->subjects[i].kind == SUBJECT_FIELD)
			set->fields[set->field_count++] = program->subjects[i].use;
}

static void collect_hosts(struct ruleset *set)
{
	const struct program *program = &set->program;
	AUTO_BUFFER struct buffer hosts = { 0 };

	for (uint32_t i = 0; i < program->test_count; i++) {
		const struct test *test = &program->tests[i];
		const struct subject *subject = &program->subjects[test->subject];

		if (subject->kind == SUBJECT_FIELD && test->other == NO_SUBJECT
		    && (field_of(subject->use.id)->flags & FIELD_FLAG_HOST) && test->count > 0)
			buffer_add(&hosts, test->texts, test->count * sizeof(*test->texts));
	}
	set->host_count = hosts.len / sizeof(struct text);
	set->hosts = ARENA_ARRAY(&set->arena, set->host_count + 1, struct text);
	if (hosts.len > 0)
		memcpy(set->hosts, hosts.data, hosts.len);
}

static void fill_buckets(struct compilation *in)
{
	struct ruleset *set = in->set;
	uint32_t *rules = mem_alloc_array(set->count + 1, sizeof(*rules));
	uint32_t *nodes = mem_alloc_array(set->count + 1, sizeof(*nodes));
	size_t count = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		if (!set->rules[i].enabled)
			continue;
		rules[count] = i;
		nodes[count++] = set->compiled[i].node;
	}
	program_fill_buckets(&in->builder, rules, nodes, count);
	mem_free(rules);
	mem_free(nodes);
}

static void keep_names(struct compilation *in)
{
	struct ruleset *set = in->set;
	struct text *macros = ARENA_ARRAY(&set->arena, in->all.macro_names.count + 1, struct text);
	struct text *lists = ARENA_ARRAY(&set->arena, in->all.list_names.count + 1, struct text);

	for (const struct macro_definition *m = in->all.macros; m != NULL; m = m->next)
		macros[set->macros.count++] = m->name;
	for (const struct list_definition *l = in->all.lists; l != NULL; l = l->next)
		lists[set->lists.count++] = l->name;
	set->macros.items = macros;
	set->lists.items = lists;
}

/* --- loading ----------------------------------------------------------------------------- */

static void load_files(struct compilation *in, const struct rule_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct source_pos at = { .file = files[i].name };

		in->report.item = (struct item){ "rules content", TEXT("") };
		if (files[i].text.ptr == NULL)
			report_issue(&in->report, LOAD_ERR_FILE_READ, at, "%s",
				     files[i].problem != NULL ? files[i].problem
							      : "it cannot be read");
		else
			load_file(&in->all, &files[i]);
	}
}

int ruleset_load(const struct rule_file *files, size_t count, const struct rules_options *options,
		 struct ruleset **out, struct rules_report *report)
{
	static const struct rules_options defaults = { 0 };
	AUTO(ruleset_unref) struct ruleset *set = MEM_NEW(struct ruleset);
	struct compilation in = { .set = set, .options = options != NULL ? options : &defaults };

	atomic_init(&set->references, 1);
	arena_init(&set->arena, 1 << 16);
	set->first_only = in.options->first_only;
	report_init(&in.report, files, count, report);
	definitions_init(&in.all, &set->arena, &in.report);
	program_builder_init(&in.builder, &set->arena, &in.report, &set->program);
	load_files(&in, files, count);
	/* what one file failed to define would only make others fail as well */
	if (report->errors == 0) {
		expand_definitions(&in.all);
		compile_rules(&in);
		find_event_types(&in);
		fill_buckets(&in);
		keep_names(&in);
	}
	program_builder_finish(&in.builder);
	collect_fields(set);
	collect_hosts(set);
	program_builder_done(&in.builder);
	definitions_done(&in.all);
	if (report->errors > 0)
		return -EINVAL;
	*out = TAKE(set);
	return 0;
}

struct ruleset *ruleset_ref(struct ruleset *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void ruleset_unref(struct ruleset *set)
{
	if (set == NULL
	    || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
		return;
	program_done(&set->program);
	arena_done(&set->arena);
	mem_free(set);
}

const struct rule *ruleset_rules(const struct ruleset *set, size_t *count)
{
	*count = set->count;
	return set->rules;
}

const struct field_use *ruleset_fields(const struct ruleset *set, size_t *count)
{
	*count = set->field_count;
	return set->fields;
}

bool ruleset_wants_type(const struct ruleset *set, unsigned event_type)
{
	return event_type < event_type_count()
	       && set->program.buckets[set->program.bucket_of_type[event_type]].count > 0;
}

const struct text *ruleset_hosts(const struct ruleset *set, size_t *count)
{
	*count = set->host_count;
	return set->hosts;
}
