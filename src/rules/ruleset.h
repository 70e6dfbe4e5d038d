/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.h — rule files in, a compiled set of rules out.
 *
 *	texts -> load.c (YAML items) -> definitions.c (replace, append) -> expand.c (lists, macros,
 *	exceptions) -> compile.c (types, tests) -> program.c (shared tests, indexed by event type)
 *
 * A ruleset never changes once compiled: threads share it by reference, a reload swaps the pointer.
 * Problems are collected, not thrown: a report has Falco's codes, the file, line and column, and
 *the line itself. One error anywhere and there is no ruleset. */
#pragma once

#include "rules/field.h"
#include "rules/rule_event.h"

#include "base/base.h"

enum rule_priority { /* the smaller, the more severe */
		     PRIORITY_EMERGENCY,
		     PRIORITY_ALERT,
		     PRIORITY_CRITICAL,
		     PRIORITY_ERROR,
		     PRIORITY_WARNING,
		     PRIORITY_NOTICE,
		     PRIORITY_INFORMATIONAL,
		     PRIORITY_DEBUG,
};

const char *rule_priority_name(enum rule_priority priority); /* "Critical" */
/* Any case. *portable is false for names that Falco does not know (HIGH, ...). */
bool rule_priority_parse(struct text name, enum rule_priority *out, bool *portable);

struct rule_file {
	const char *name;    /* for messages; borrowed */
	struct text text;    /* absent: it could not be read, and … */
	const char *problem; /* … why */
};

/* Which rules take part, one after another; the last that fits decides. */
struct rule_selection {
	bool enable;
	struct text rule; /* a name, `*` for any part of it; absent: by tag */
	struct text tag;
};

struct rules_options {
	enum rule_priority
		least;   /* drop what is less severe; 0 (EMERGENCY) is read as "keep all" */
	bool first_only; /* Falco's rule_matching: first */
	const struct rule_selection *selections;
	size_t selection_count;
	const char *output_extra; /* appended to the output of every rule; NULL: nothing */
};

/* --- what was wrong ---------------------------------------------------------------------- */

struct rules_issue {
	bool is_error;
	const char *code;    /* "LOAD_ERR_COMPILE_CONDITION" */
	const char *summary; /* a few words for the code */
	const char *message;
	const char *kind; /* "rule", "macro", "list", ...: what it was in */
	struct text name; /* its name */
	struct source_pos at;
	const char *snippet; /* the line, and under it a mark; "" where there is none */
};

struct file_report {
	const char *name;
	struct rules_issue *issues;
	size_t count, errors;
};

struct rules_report {
	struct arena arena; /* owns all below */
	struct file_report *files;
	size_t count, errors;
};

void rules_report_done(struct rules_report *report); /* zero-initialised is a valid empty report */
void rules_report_print(const struct rules_report *report, struct buffer *out); /* for people */
void rules_report_json(const struct rules_report *report, struct buffer *out);  /* as Falco's -V */

/* --- the rules --------------------------------------------------------------------------- */

struct rule {
	struct text name, description, output, source;
	enum rule_priority priority;
	const struct text *tags;
	size_t tag_count;
	bool enabled;
	uint32_t number; /* its place in the order of definition */
	struct source_pos at;
};

struct ruleset;

/* The report is filled in any case and is the caller's to release. */
int ruleset_load(const struct rule_file *files, size_t count, const struct rules_options *options,
		 struct ruleset **out, struct rules_report *report);
struct ruleset *ruleset_ref(struct ruleset *set);
void ruleset_unref(struct ruleset *set);
DEFINE_AUTO(struct ruleset, ruleset_unref)

const struct rule *ruleset_rules(const struct ruleset *set, size_t *count); /* disabled ones too */

/* What events must be able to answer, so that a sensor gathers no more: the field uses of all
 * enabled rules' conditions and outputs, the event types any of them can match, and the host names
 * that fd.*.name fields are compared with. */
const struct field_use *ruleset_fields(const struct ruleset *set, size_t *count);
bool ruleset_wants_type(const struct ruleset *set, unsigned event_type);
const struct text *ruleset_hosts(const struct ruleset *set, size_t *count);

/* One rule explained, as `rules describe` prints it. rule NULL: the whole set. */
void ruleset_describe(const struct ruleset *set, const struct rule *rule, bool json,
		      struct buffer *out);
