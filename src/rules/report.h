/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — how the stages of loading report problems. Private to the room. */
#pragma once

#include "rules/ruleset.h"

enum issue_code {
	LOAD_ERR_FILE_READ,
	LOAD_ERR_YAML_PARSE,
	LOAD_ERR_YAML_VALIDATE,
	LOAD_ERR_COMPILE_CONDITION,
	LOAD_ERR_COMPILE_OUTPUT,
	LOAD_ERR_VALIDATE,
	LOAD_UNKNOWN_SOURCE, /* the first warning */
	LOAD_NO_EVTTYPE,
	LOAD_UNKNOWN_FILTER,
	LOAD_UNUSED_MACRO,
	LOAD_UNUSED_LIST,
	LOAD_UNKNOWN_ITEM,
	LOAD_DEPRECATED_ITEM,
	LOAD_APPEND_NO_VALUES,
	LOAD_EXCEPTION_NAME_NOT_UNIQUE,
	LOAD_INVALID_MACRO_NAME,
	LOAD_INVALID_LIST_NAME,
	LOAD_COMPILE_CONDITION,
	LOAD_UNKNOWN_KEY,
	LOAD_NOT_PORTABLE, /* ours: Falco would refuse it */
	ISSUE_CODE_COUNT,
};

struct report_builder {
	struct rules_report *report;
	const struct rule_file *files;
	struct item { /* what is being read or compiled */
		const char *kind;
		struct text name;
	} item;
};

void report_init(struct report_builder *builder, const struct rule_file *files, size_t count,
		 struct rules_report *report);

/* Adds an issue to the file that `at` is in. Returns -EINVAL, for errors to be passed on. */
int report_issue(struct report_builder *builder, enum issue_code code, struct source_pos at,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
