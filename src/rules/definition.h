/* SPDX-License-Identifier: Apache-2.0 */
/* definition.h — lists, macros and rules as the files define them, before they are compiled.
 *
 * A definition that comes again under the same name replaces the earlier one and keeps its place in
 * the order (`index`), but sees what was defined up to its new place (`visibility`). All lies in
 * the ruleset's arena. Private to the room. */
#pragma once

#include "rules/condition.h"
#include "rules/report.h"
#include "rules/ruleset.h"

struct texts {
	const struct text *items;
	size_t count;
};

struct list_definition {
	struct list_definition *next; /* in the order of definition */
	struct text name;
	struct source_pos at;
	uint32_t index, visibility;
	struct texts items;
	struct text expanded; /* what stands in its place in a condition */
	bool used;
};

/* A condition as written: text and where its parts stand. */
struct written_condition {
	struct text text;
	struct condition_part part;
};

enum macro_state { MACRO_UNRESOLVED, MACRO_RESOLVING, MACRO_RESOLVED };

struct macro_definition {
	struct macro_definition *next;
	struct text name;
	struct source_pos at;
	uint32_t index, visibility;
	struct written_condition written;
	struct condition *tree;
	uint32_t depth, size; /* of the tree with its macros put in */
	enum macro_state state;
	bool used;
};

/* A scalar, or a list of entries: the fields, comps and values of an exception. */
struct exception_entry {
	bool is_list;
	struct text text;
	struct source_pos at;
	const struct exception_entry *items;
	size_t count;
};

struct exception {
	struct exception *next;
	struct text name;
	struct source_pos at;
	const struct exception_entry *fields, *comps; /* NULL: not given */
	struct exception_values {
		struct exception_values *next;
		const struct exception_entry *entry;
	} * values;
};

struct rule_definition {
	struct rule_definition *next;
	struct text name, output, description, source;
	struct source_pos at, output_at;
	uint32_t index, visibility;
	struct written_condition condition;
	struct exception *exceptions;
	enum rule_priority priority;
	struct texts tags;
	bool enabled, warn_event_types, skip_if_unknown, unknown_source;
	struct condition *tree; /* with lists, exceptions and macros put in */
};

struct definitions {
	struct arena *arena;
	struct report_builder *report;
	struct list_definition *lists, **lists_end;
	struct macro_definition *macros, **macros_end;
	struct rule_definition *rules, **rules_end;
	struct map list_names, macro_names, rule_names;
	uint32_t next_index;
};

void definitions_init(struct definitions *all, struct arena *arena, struct report_builder *report);
void definitions_done(struct definitions *all);

/* Each returns 0, or -EINVAL after it has reported. The definition is copied. */
int define_list(struct definitions *all, const struct list_definition *list);
int append_to_list(struct definitions *all, const struct list_definition *more);
int define_macro(struct definitions *all, const struct macro_definition *macro);
int append_to_macro(struct definitions *all, const struct macro_definition *more);
int define_rule(struct definitions *all, const struct rule_definition *rule);

/* Which parts of a rule an override item speaks about. */
enum rule_part {
	RULE_CONDITION = 1 << 0,
	RULE_OUTPUT = 1 << 1,
	RULE_DESCRIPTION = 1 << 2,
	RULE_TAGS = 1 << 3,
	RULE_EXCEPTIONS = 1 << 4,
	RULE_PRIORITY = 1 << 5,
	RULE_ENABLED = 1 << 6,
	RULE_WARN_EVENT_TYPES = 1 << 7,
	RULE_SKIP_IF_UNKNOWN = 1 << 8,
	RULE_CAPTURE = 1 << 9,
};

int append_to_rule(struct definitions *all, const struct rule_definition *more, unsigned parts);
int replace_in_rule(struct definitions *all, const struct rule_definition *with, unsigned parts);
int enable_rule(struct definitions *all, const struct rule_definition *toggle);

/* exception.c: completes the comps and checks fields and operators; builds the text to append. */
int exception_check(struct definitions *all, struct exception *exception, bool known_source);
int exceptions_write(struct definitions *all, const struct rule_definition *rule,
		     struct written_condition *condition);

/* load.c: one file into the definitions. -EINVAL after an error was reported: the file is left. */
int load_file(struct definitions *all, const struct rule_file *file);

/* expand.c: every macro's and rule's tree, lists and macros put in. What fails is reported; a rule
 * that failed has no tree. */
void expand_definitions(struct definitions *all);
