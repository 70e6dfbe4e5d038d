/* SPDX-License-Identifier: Apache-2.0 */
/* What rule files say, and what is said about them. */
#include "rules/ruleset_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define REST " desc: d, output: o, priority: INFO"

/* The rule "r", or the first, as it was compiled; "" where the files do not load. */
static const struct condition_case {
	const char *name, *file, *want;
} condition_rows[] = {
	{ "lists are put in as text",
	  "- {list: l, items: [sh, bash]}\n"
	  "- {rule: r, condition: 'evt.type = execve and proc.name in (l, zsh)'," REST "}\n",
	  "(evt.type = execve and proc.name in (sh, bash, zsh))" },
	{ "list items with blanks are quoted",
	  "- {list: l, items: [a b, c]}\n- {rule: r, condition: proc.name in (l)," REST "}\n",
	  "proc.name in (\"a b\", c)" },
	{ "an empty list takes the comma before it",
	  "- {list: l, items: []}\n- {rule: r, condition: 'proc.name in (a, l)'," REST "}\n",
	  "proc.name in (a)" },
	{ "an empty list takes the comma behind it",
	  "- {list: l, items: []}\n- {rule: r, condition: 'proc.name in (l, a)'," REST "}\n",
	  "proc.name in (a)" },
	{ "an empty list alone leaves an empty list",
	  "- {list: l, items: []}\n- {rule: r, condition: 'proc.name in (l)'," REST "}\n",
	  "proc.name in ()" },
	{ "a list of lists defined before it",
	  "- {list: a, items: [x]}\n- {list: b, items: [a, y]}\n"
	  "- {rule: r, condition: proc.name in (b)," REST "}\n",
	  "proc.name in (x, y)" },
	{ "a list's name inside quotes is put in too: Falco's way",
	  "- {list: l, items: [x]}\n- {rule: r, condition: 'proc.cmdline = \"a l b\"'," REST "}\n",
	  "proc.cmdline = \"a x b\"" },
	{ "part of a word is no list's name",
	  "- {list: l, items: [x]}\n- {rule: r, condition: 'proc.name in (l.b, l)'," REST "}\n",
	  "proc.name in (l.b, x)" },
	{ "macros keep their shape",
	  "- {macro: m, condition: proc.name = a or proc.name = b}\n"
	  "- {rule: r, condition: evt.type = open and m," REST "}\n",
	  "(evt.type = open and (proc.name = a or proc.name = b))" },
	{ "macros of macros",
	  "- {macro: a, condition: fd.num > 1}\n- {macro: b, condition: not a}\n"
	  "- {rule: r, condition: b and a," REST "}\n",
	  "(not fd.num > 1 and fd.num > 1)" },
	{ "a rule sees macros that are defined after it",
	  "- {rule: r, condition: m," REST "}\n- {macro: m, condition: fd.num > 1}\n",
	  "fd.num > 1" },
	{ "the last definition of a macro counts",
	  "- {macro: m, condition: fd.num > 1}\n- {rule: r, condition: m," REST "}\n"
	  "- {macro: m, condition: fd.num > 2}\n",
	  "fd.num > 2" },
	{ "append adds a blank and no parentheses",
	  "- {rule: r, condition: fd.num > 1 and fd.num < 9," REST "}\n"
	  "- {rule: r, condition: or proc.name = x, append: true}\n",
	  "((fd.num > 1 and fd.num < 9) or proc.name = x)" },
	{ "override appends to a list",
	  "- {list: l, items: [a]}\n- {list: l, items: [b], override: {items: append}}\n"
	  "- {rule: r, condition: proc.name in (l)," REST "}\n",
	  "proc.name in (a, b)" },
	{ "override replaces a condition",
	  "- {rule: r, condition: fd.num > 1," REST "}\n"
	  "- {rule: r, condition: fd.num > 2, override: {condition: replace}}\n",
	  "fd.num > 2" },
	{ "an exception with rows",
	  "- rule: r\n  condition: evt.type = open\n  desc: d\n  output: o\n  priority: INFO\n"
	  "  exceptions:\n"
	  "  - name: e\n    fields: [proc.name, fd.name]\n    comps: [=, in]\n"
	  "    values:\n    - [a, [/x, /y]]\n    - [b c, /z]\n",
	  "(evt.type = open and not ((proc.name = a and fd.name in (/x, /y)) or "
	  "(proc.name = \"b c\" and fd.name in (/z))))" },
	{ "an exception with one field",
	  "- rule: r\n  condition: evt.type = open or evt.type = close\n  desc: d\n  output: o\n"
	  "  priority: INFO\n  exceptions:\n  - {name: e, fields: proc.name, values: [a, b]}\n",
	  "((evt.type = open or evt.type = close) and not proc.name in (a, b))" },
	{ "an exception with a quantifier",
	  "- rule: r\n  condition: evt.type = open\n  desc: d\n  output: o\n  priority: INFO\n"
	  "  exceptions:\n"
	  "  - {name: e, fields: [proc.name], comps: [startswith oneof], values: [[sshd]]}\n",
	  "(evt.type = open and not proc.name startswith oneof (sshd))" },
	{ "an exception without values adds nothing",
	  "- rule: r\n  condition: evt.type = open\n  desc: d\n  output: o\n  priority: INFO\n"
	  "  exceptions:\n  - {name: e, fields: proc.name}\n",
	  "evt.type = open" },
	{ "values are appended to an exception",
	  "- rule: r\n  condition: evt.type = open\n  desc: d\n  output: o\n  priority: INFO\n"
	  "  exceptions:\n  - {name: e, fields: proc.name, values: [a]}\n"
	  "- {rule: r, exceptions: [{name: e, values: [b]}], override: {exceptions: append}}\n",
	  "(evt.type = open and not proc.name in (a, b))" },
	{ "flow brackets may end at the item's indentation",
	  "- list: l\n  items: [\n    a\n  ]\n- {rule: r, condition: proc.name in (l)," REST "}\n",
	  "proc.name in (a)" },
};

static int load(const char *text, struct ruleset **set, struct rules_report *report)
{
	const struct rule_file file = { .name = "f", .text = text_of(text) };

	return ruleset_load(&file, 1, NULL, set, report);
}

static void check_condition(void **state)
{
	const struct condition_case *row = *state;
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;

	if (load(row->file, &set, &report) != 0) {
		rules_report_print(&report, &text);
		fail_msg("%s", text.data);
	}
	condition_print(set->compiled[0].tree, &text);
	assert_string_equal(text.data, row->want);
	rules_report_done(&report);
}

/* The first issue with the wanted code: "line:column message". */
static const struct issue_case {
	const char *name, *file, *code, *want;
} issue_rows[] = {
	{ "no YAML", "- a: [\n", "LOAD_ERR_YAML_PARSE", NULL },
	{ "no list of items", "rule: x\n", "LOAD_ERR_YAML_VALIDATE",
	  "1:1 a rule file must be a list of items, each '- list:, - macro: or - rule:'" },
	{ "an item that is no mapping", "- x\n", "LOAD_ERR_YAML_VALIDATE",
	  "1:3 each item must be a mapping, such as '- rule: NAME'" },
	{ "an unknown item", "- foo: 1\n", "LOAD_UNKNOWN_ITEM", NULL },
	{ "an unknown key", "- {macro: m, condition: fd.num > 1, conditoin: x}\n",
	  "LOAD_UNKNOWN_KEY", "1:37 unknown key 'conditoin'; did you mean 'condition'?" },
	{ "no condition", "- {macro: m}\n", "LOAD_ERR_YAML_VALIDATE",
	  "1:3 the item has no 'condition'" },
	{ "no items", "- {list: m}\n", "LOAD_ERR_YAML_VALIDATE", "1:3 the item has no 'items'" },
	{ "items that are no list", "- {list: m, items: x}\n", "LOAD_ERR_YAML_VALIDATE",
	  "1:20 the value of 'items' must be a list" },
	{ "an empty value", "- {macro: m, condition: ''}\n", "LOAD_ERR_YAML_VALIDATE",
	  "1:25 the value of 'condition' must not be empty" },
	{ "a rule without output", "- {rule: r, condition: fd.num > 1, desc: d, priority: INFO}\n",
	  "LOAD_ERR_YAML_VALIDATE", "1:3 the item has no 'output'" },
	{ "an unknown priority",
	  "- {rule: r, condition: fd.num > 1, desc: d, output: o, priority: BAD}\n",
	  "LOAD_ERR_YAML_VALIDATE",
	  "1:66 invalid priority 'BAD'; one of EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, "
	  "INFORMATIONAL, DEBUG" },
	{ "a priority of another scale",
	  "- {rule: r, condition: evt.type = open, desc: d, output: o, priority: HIGH}\n",
	  "LOAD_NOT_PORTABLE",
	  "1:71 priority 'HIGH' is taken as Error; write that, Falco knows no other" },
	{ "a field of another tool",
	  "- {rule: r, condition: evt.type = connect and fd.dport = 1," REST "}\n",
	  "LOAD_NOT_PORTABLE",
	  "1:47 field 'fd.dport' is taken as fd.sport; write that, Falco has no such field" },
	{ "an engine of the future", "- required_engine_version: 0.63.0\n", "LOAD_ERR_VALIDATE",
	  "1:3 the rules require engine version 0.63.0, this one is 0.62.0" },
	{ "a version that is none", "- required_engine_version: new\n", "LOAD_ERR_YAML_VALIDATE",
	  NULL },
	{ "a plugin that is not there",
	  "- required_plugin_versions: [{name: json, version: 0.1.0}]\n", "LOAD_ERR_VALIDATE",
	  "1:30 plugin 'json' in version 0.1.0 is not available; built in: container 0.7.0" },
	{ "an undefined macro", "- {rule: r, condition: evt.type = open and m," REST "}\n",
	  "LOAD_ERR_VALIDATE", "1:44 undefined macro 'm'" },
	{ "a macro that is defined further down",
	  "- {macro: a, condition: b}\n- {macro: b, condition: fd.num > 1}\n", "LOAD_ERR_VALIDATE",
	  "1:25 macro 'b' is only defined further down" },
	{ "a macro that leads to itself",
	  "- {macro: a, condition: fd.num > 1}\n- {macro: b, condition: a}\n"
	  "- {macro: a, condition: b}\n",
	  "LOAD_ERR_VALIDATE", "2:25 macro 'a' leads back to itself" },
	{ "a condition that does not parse", "- {macro: m, condition: proc.name ~ x}\n",
	  "LOAD_ERR_COMPILE_CONDITION", NULL },
	{ "the place in a folded condition",
	  "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: >\n"
	  "    evt.type = open and\n      (fd.num = abc)\n",
	  "LOAD_ERR_COMPILE_CONDITION", "7:17 'abc' is not a number, which the field holds" },
	{ "the place in what was appended",
	  "- {rule: r, condition: evt.type = open," REST "}\n"
	  "- {rule: r, condition: and fd.num = abc, append: true}\n",
	  "LOAD_ERR_COMPILE_CONDITION", "2:37 'abc' is not a number, which the field holds" },
	{ "an unknown field",
	  "- {rule: r, condition: evt.type = open and proc.names = x," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION",
	  "1:44 nonexistent field 'proc.names'; did you mean 'proc.name'?" },
	{ "an unknown event type", "- {rule: r, condition: evt.type = opn," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", "1:35 unknown event type 'opn'" },
	{ "an unknown field that may be skipped",
	  "- {rule: r, condition: evt.type = open and a.b = x, skip-if-unknown-filter: true," REST
	  "}\n",
	  "LOAD_UNKNOWN_FILTER", "1:44 nonexistent field 'a.b'; the rule is skipped" },
	{ "an operator that does not fit", "- {rule: r, condition: fd.num contains 3," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", "1:24 operator 'contains' does not compare a number" },
	{ "an address that is none", "- {rule: r, condition: fd.ip = 1.2.3," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", NULL },
	{ "a regular expression with a backreference",
	  "- {rule: r, condition: 'proc.name regex \"(a)\\\\1\"'," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", NULL },
	{ "a regular expression that closes our group",
	  "- {rule: r, condition: 'proc.name regex \"a)|(b\"'," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", NULL },
	{ "a missing argument", "- {rule: r, condition: evt.arg = 1," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", "1:24 field 'evt.arg' needs an argument: evt.arg[...]" },
	{ "an unwanted argument", "- {rule: r, condition: 'proc.name[1] = x'," REST "}\n",
	  "LOAD_ERR_COMPILE_CONDITION", "1:25 field 'proc.name' takes no argument '1'" },
	{ "a field where a string may be meant",
	  "- {rule: r, condition: evt.type = execve and proc.name = proc.pname," REST "}\n",
	  "LOAD_COMPILE_CONDITION", NULL },
	{ "an output that does not parse",
	  "- {rule: r, condition: evt.type = open, desc: d, priority: INFO, output: 'x %no.field "
	  "y'}\n",
	  "LOAD_ERR_COMPILE_OUTPUT",
	  "1:74 invalid token '%no.field' in the output: it is no field; write %% for a percent "
	  "sign" },
	{ "a field that outputs cannot have",
	  "- {rule: r, condition: evt.type = open, desc: d, priority: INFO, output: '%fd.ip'}\n",
	  "LOAD_ERR_COMPILE_OUTPUT", "1:74 field 'fd.ip' can only be used in conditions" },
	{ "append without anything before it", "- {list: l, items: [a], append: true}\n",
	  "LOAD_ERR_VALIDATE",
	  "1:3 list 'l' is appended to, but no list of that name is defined before it" },
	{ "append is deprecated",
	  "- {list: l, items: [a]}\n- {list: l, items: [a], append: true}\n",
	  "LOAD_DEPRECATED_ITEM", NULL },
	{ "append and override",
	  "- {list: l, items: [a]}\n- {list: l, items: [a], append: true, override: {items: "
	  "append}}\n",
	  "LOAD_ERR_YAML_VALIDATE", "2:3 'append' and 'override' cannot both be given" },
	{ "an override of what cannot be appended to",
	  "- {rule: r, condition: evt.type = open," REST "}\n"
	  "- {rule: r, priority: INFO, override: {priority: append}}\n",
	  "LOAD_ERR_YAML_VALIDATE",
	  "2:50 key 'priority' cannot be appended to, use 'replace' instead" },
	{ "an override without its key",
	  "- {rule: r, condition: evt.type = open," REST
	  "}\n- {rule: r, override: {desc: replace}}\n",
	  "LOAD_ERR_YAML_VALIDATE",
	  "2:30 an override for 'desc' is given, but 'desc' itself is not" },
	{ "a key without its override",
	  "- {rule: r, condition: evt.type = open," REST "}\n"
	  "- {rule: r, desc: x, output: y, override: {desc: replace}}\n",
	  "LOAD_ERR_YAML_VALIDATE",
	  "2:30 unexpected key 'output': 'override' does not say whether to append or to replace "
	  "it" },
	{ "another source", "- {rule: r, condition: ka.verb = get, source: k8s_audit," REST "}\n",
	  "LOAD_UNKNOWN_SOURCE", "1:3 unknown source 'k8s_audit': the rule is skipped" },
	{ "no event type", "- {rule: r, condition: fd.num > 1," REST "}\n", "LOAD_NO_EVTTYPE",
	  NULL },
	{ "an unused macro", "- {macro: m, condition: fd.num > 1}\n", "LOAD_UNUSED_MACRO",
	  "1:3 no rule or macro refers to it" },
	{ "an unused list", "- {list: m, items: []}\n", "LOAD_UNUSED_LIST", NULL },
	{ "a macro's name that is none", "- {macro: a.b, condition: fd.num > 1}\n",
	  "LOAD_INVALID_MACRO_NAME", NULL },
	{ "a list's name that is none", "- {list: a b, items: []}\n", "LOAD_INVALID_LIST_NAME",
	  NULL },
	{ "exceptions of unlike length",
	  "- {rule: r, condition: evt.type = open, exceptions: [{name: e, fields: [proc.name], "
	  "comps: "
	  "[=, =]}]," REST "}\n",
	  "LOAD_ERR_VALIDATE", "1:54 fields and comps must have as many items as each other" },
	{ "an exception's row of unlike length",
	  "- {rule: r, condition: evt.type = open, exceptions: [{name: e, fields: [proc.name], "
	  "values: "
	  "[[a, b]]}]," REST "}\n",
	  "LOAD_ERR_VALIDATE",
	  "1:94 each row of values must have as many items as there are fields (1)" },
	{ "an exception's field that is none",
	  "- {rule: r, condition: evt.type = open, exceptions: [{name: e, fields: [a.b]}]," REST
	  "}\n",
	  "LOAD_ERR_VALIDATE",
	  "1:73 'a.b' is no field that exceptions can use: nonexistent field 'a.b'" },
	{ "an exception's operator that is none",
	  "- {rule: r, condition: evt.type = open, exceptions: [{name: e, fields: [proc.name], "
	  "comps: "
	  "[like]}]," REST "}\n",
	  "LOAD_ERR_VALIDATE", "1:93 'like' is no comparison operator" },
	{ "two exceptions of one name",
	  "- {rule: r, condition: evt.type = open, exceptions: [{name: e, fields: [proc.name]}, "
	  "{name: "
	  "e, fields: [fd.name]}]," REST "}\n",
	  "LOAD_EXCEPTION_NAME_NOT_UNIQUE", NULL },
};

static void check_issue(void **state)
{
	const struct issue_case *row = *state;
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer all = { 0 };
	struct rules_report report;
	char found[600] = "";
	bool is_error = false;

	load(row->file, &set, &report);
	rules_report_print(&report, &all);
	for (size_t i = report.files[0].count; i-- > 0;) {
		const struct rules_issue *issue = &report.files[0].issues[i];

		if (strcmp(issue->code, row->code) != 0)
			continue;
		snprintf(found, sizeof(found), "%u:%u %s", issue->at.line, issue->at.column,
			 issue->message);
		is_error = issue->is_error;
	}
	if (found[0] == '\0')
		fail_msg("no %s in:\n%s", row->code, all.data);
	if (row->want != NULL)
		assert_string_equal(found, row->want);
	assert_int_equal(is_error, strncmp(row->code, "LOAD_ERR", 8) == 0);
	assert_int_equal(set == NULL, report.errors > 0);
	rules_report_done(&report);
}

static void files_build_on_each_other(void **state)
{
	const struct rule_file files[] = {
		{ .name = "a", .text = TEXT("- {macro: m, condition: fd.num > 1}\n") },
		{ .name = "b", .text = TEXT("- {rule: r, condition: m and x," REST "}\n") },
	};
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	struct rules_report report;

	(void)state;
	assert_int_not_equal(ruleset_load(files, 2, NULL, &set, &report), 0);
	assert_int_equal(report.files[0].errors, 0);
	assert_int_equal(report.files[1].errors, 1);
	assert_string_equal(report.files[1].issues[0].message, "undefined macro 'x'");
	rules_report_done(&report);
}

static void macros_cannot_explode(void **state)
{
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;

	(void)state;
	buffer_add_text(&text, "- {macro: m0, condition: fd.num > 1 and fd.num > 2}\n");
	for (int i = 1; i < 64; i++)
		buffer_printf(&text, "- {macro: m%d, condition: m%d and m%d}\n", i, i - 1, i - 1);
	buffer_add_text(&text, "- {rule: r, condition: m63," REST "}\n");
	assert_int_not_equal(load(text.data, &set, &report), 0);
	assert_non_null(strstr(report.files[0].issues[0].message, "too large"));
	rules_report_done(&report);
}

static void selections_switch_rules(void **state)
{
	const struct rule_file file = {
		.name = "f",
		.text = TEXT("- {rule: a one, condition: evt.type = open, tags: [x]," REST "}\n"
			     "- {rule: a two, condition: evt.type = open, tags: [x, y]," REST "}\n"
			     "- {rule: b, condition: evt.type = open, enabled: false," REST
			     "}\n")
	};
	const struct rule_selection selections[] = { { .enable = false, .rule = TEXT("a *") },
						     { .enable = true, .tag = TEXT("y") } };
	const struct rules_options options = { .selections = selections, .selection_count = 2 };
	AUTO(ruleset_unref) struct ruleset *set = NULL;
	struct rules_report report;
	size_t count;

	(void)state;
	assert_int_equal(ruleset_load(&file, 1, &options, &set, &report), 0);
	assert_false(ruleset_rules(set, &count)[0].enabled);
	assert_true(ruleset_rules(set, &count)[1].enabled);
	assert_false(ruleset_rules(set, &count)[2].enabled);
	assert_int_equal(count, 3);
	rules_report_done(&report);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(condition_rows) + COUNT_OF(issue_rows) + 3];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(condition_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = condition_rows[i].name,
						      .test_func = check_condition,
						      .initial_state = (void *)&condition_rows[i] };
	for (size_t i = 0; i < COUNT_OF(issue_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = issue_rows[i].name,
						      .test_func = check_issue,
						      .initial_state = (void *)&issue_rows[i] };
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(files_build_on_each_other);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(macros_cannot_explode);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(selections_switch_rules);
	return _cmocka_run_group_tests("load", tests, count, NULL, NULL);
}
