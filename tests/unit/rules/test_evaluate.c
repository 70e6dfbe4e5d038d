/* SPDX-License-Identifier: Apache-2.0 */
/* (condition, event) -> does it match? */
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct evaluate_case {
	const char *name, *condition, *event;
	bool want;
} rows[] = {
	{ "equal text", "proc.name = sh", "{'proc.name':'sh'}", true },
	{ "other text", "proc.name = sh", "{'proc.name':'bash'}", false },
	{ "empty text equals the empty string", "proc.args = ''", "{'proc.args':''}", true },
	{ "numbers compare as numbers", "fd.num >= 9", "{'fd.num':10}", true },
	{ "negative numbers", "fd.num = -1", "{'fd.num':-1}", true },
	{ "hexadecimal numbers", "fd.num = 0x1f", "{'fd.num':31}", true },
	{ "large numbers", "proc.duration <= 5000000000", "{'proc.duration':5000000000}", true },
	{ "text compares by order with <", "proc.name < 5", "{'proc.name':'4'}", true },
	{ "true", "evt.is_open_read = true", "{'evt.is_open_read':true}", true },
	{ "false", "evt.is_open_read != true", "{'evt.is_open_read':false}", true },

	{ "missing is not equal", "fd.name = x", "{}", false },
	{ "missing is not unequal either", "fd.name != x", "{}", false },
	{ "not of missing holds", "not fd.name = x", "{}", true },
	{ "missing does not exist", "fd.name exists", "{}", false },
	{ "what is there exists", "fd.name exists", "{'fd.name':''}", true },
	{ "null is missing", "fd.name exists", "{'fd.name':null}", false },
	{ "a value of another type is missing", "fd.num != 3", "{'fd.num':'many'}", false },

	{ "contains", "proc.cmdline contains '-jar'", "{'proc.cmdline':'java -jar x'}", true },
	{ "contains minds case", "proc.cmdline contains JAVA", "{'proc.cmdline':'java'}", false },
	{ "icontains does not", "proc.cmdline icontains JAVA", "{'proc.cmdline':'a java b'}",
	  true },
	{ "startswith", "fd.name startswith /etc", "{'fd.name':'/etc/x'}", true },
	{ "startswith only there", "fd.name startswith /etc", "{'fd.name':'/a/etc'}", false },
	{ "endswith", "fd.name endswith .sh", "{'fd.name':'a.sh'}", true },
	{ "bcontains takes hexadecimal", "evt.buffer bcontains 6162", "{'evt.buffer':'xabx'}",
	  true },
	{ "bstartswith takes hexadecimal", "evt.buffer bstartswith 6162", "{'evt.buffer':'abx'}",
	  true },
	{ "glob crosses slashes", "fd.name glob '/home/*/id_?sa'", "{'fd.name':'/home/a/b/id_rsa'}",
	  true },
	{ "glob is about the whole text", "fd.name glob /home", "{'fd.name':'/home/a'}", false },
	{ "glob sets", "fd.name glob '[!a-c][[:digit:]]'", "{'fd.name':'d7'}", true },
	{ "iglob", "fd.name iglob '*.TXT'", "{'fd.name':'a.txt'}", true },
	{ "regex is about the whole text", "proc.name regex 'a+'", "{'proc.name':'aab'}", false },
	{ "regex alternatives stay inside", "proc.name regex 'a|b'", "{'proc.name':'ab'}", false },
	{ "regex matches", "proc.name regex '[a-z]+[0-9]{2}'", "{'proc.name':'abc12'}", true },
	{ "regex of the empty text", "proc.name regex 'a*'", "{'proc.name':''}", true },

	{ "in", "proc.name in (a, b)", "{'proc.name':'b'}", true },
	{ "in many", "proc.name in (a, b, c, d, e, f)", "{'proc.name':'f'}", true },
	{ "not in many", "proc.name in (a, b, c, d, e, f)", "{'proc.name':'g'}", false },
	{ "in nothing", "proc.name in ()", "{'proc.name':''}", false },
	{ "numbers in", "evt.rawres in (0, 1, 2)", "{'evt.rawres':2}", true },
	{ "intersects", "proc.args intersects ('-V', '-l')", "{'proc.args':'-l'}", true },
	{ "pmatch by components", "fd.name pmatch (/etc/ssh, /var)", "{'fd.name':'/etc/ssh/x'}",
	  true },
	{ "pmatch is no startswith", "fd.name pmatch (/etc/ssh)", "{'fd.name':'/etc/sshd'}",
	  false },
	{ "pmatch of the path itself", "fd.name pmatch (/etc/ssh)", "{'fd.name':'/etc/ssh'}",
	  true },
	{ "pmatch of globs", "fd.name pmatch ('/home/*/.ssh')", "{'fd.name':'/home/a/.ssh/x'}",
	  true },
	{ "a pmatch glob stays in its component", "fd.name pmatch ('/home/*/.ssh')",
	  "{'fd.name':'/home/a/b/.ssh'}", false },

	{ "oneof is exactly one", "proc.name startswith oneof (a, ab)", "{'proc.name':'abc'}",
	  false },
	{ "oneof", "proc.name startswith oneof (a, x)", "{'proc.name':'abc'}", true },
	{ "anyof", "proc.name startswith anyof (a, ab)", "{'proc.name':'abc'}", true },
	{ "allof", "proc.name contains allof (a, c)", "{'proc.name':'abc'}", true },
	{ "allof fails for one", "proc.name contains allof (a, x)", "{'proc.name':'abc'}", false },
	{ "allof of nothing", "proc.name contains allof ()", "{'proc.name':'abc'}", false },
	{ "unequal to all", "proc.name != allof (a, b)", "{'proc.name':'c'}", true },

	{ "either end has the address", "fd.ip = 8.8.8.8",
	  "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}", true },
	{ "in either end", "fd.ip in (1.1.1.1, 8.8.8.8)",
	  "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}", true },
	{ "unequal at both ends", "fd.ip != 8.8.8.8", "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}",
	  false },
	{ "unequal to neither", "fd.ip != 9.9.9.9", "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}",
	  true },
	{ "a network", "fd.net = 10.0.0.0/8", "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}", true },
	{ "any network of a list", "fd.net in (9.0.0.0/8, 10.0.0.0/8)", "{'fd.cip':'10.0.0.1'}",
	  true },
	{ "not in a network at both ends", "fd.net != 127.0.0.0/8",
	  "{'fd.cip':'10.0.0.1','fd.sip':'127.0.0.1'}", false },
	{ "the server's network", "not fd.snet in (10.0.0.0/8)",
	  "{'fd.cip':'10.0.0.1','fd.sip':'8.8.8.8'}", true },
	{ "IPv6", "fd.sip = ::1", "{'fd.sip':'::1'}", true },
	{ "all of IPv6", "fd.snet = ::/0", "{'fd.sip':'fe80::1'}", true },
	{ "IPv4 is not IPv6", "fd.snet = ::/0", "{'fd.sip':'10.0.0.1'}", false },
	{ "either port", "fd.port = 443", "{'fd.cport':5000,'fd.sport':443}", true },
	{ "neither port", "fd.port != 443", "{'fd.cport':5000,'fd.sport':443}", false },
	{ "a destination is the server", "fd.dport = 443", "{'fd.cport':5000,'fd.sport':443}",
	  true },

	{ "any ancestor", "proc.aname = sshd", "{'proc.aname':['bash','sshd']}", true },
	{ "any ancestor in", "proc.aname in (x, sshd)",
	  "{'proc.aname[1]':'bash','proc.aname[2]':'sshd'}", true },
	{ "some ancestor differs", "proc.aname != sshd", "{'proc.aname':['bash','sshd']}", true },
	{ "no ancestors", "proc.aname != sshd", "{'proc.aname':[]}", false },
	{ "one ancestor", "proc.aname[2] = sshd", "{'proc.aname[2]':'sshd'}", true },
	{ "argument by suffix", "evt.arg.path = /x", "{'evt.arg.path':'/x'}", true },
	{ "argument by key", "evt.arg[path] = /x", "{'evt.arg.path':'/x'}", true },
	{ "raw number", "evt.rawarg.flags > 3", "{'evt.rawarg.flags':4}", true },
	{ "a path as key", "container.mount.dest[/proc*] exists",
	  "{'container.mount.dest[/proc*]':'x'}", true },

	{ "tolower", "tolower(proc.name) = sh", "{'proc.name':'SH'}", true },
	{ "toupper", "toupper(proc.name) = SH", "{'proc.name':'sh'}", true },
	{ "b64", "b64(proc.args) = sh", "{'proc.args':'c2g='}", true },
	{ "b64 of what is none", "b64(proc.args) exists", "{'proc.args':'?'}", false },
	{ "basename", "basename(proc.exepath) = sh", "{'proc.exepath':'/bin/sh'}", true },
	{ "len", "len(proc.name) = 2", "{'proc.name':'sh'}", true },
	{ "nested", "len(basename(proc.exepath)) > 1", "{'proc.exepath':'/bin/sh'}", true },
	{ "join", "join(fd.types, '+') = 'file+ipv4'", "{'fd.types':['file','ipv4']}", true },
	{ "concat", "concat(fd.rip, ':', fd.rport) in ('8.8.8.8:53')",
	  "{'fd.rip':'8.8.8.8','fd.rport':53}", true },
	{ "concat of what is missing", "concat(fd.rip, ':') exists", "{}", false },
	{ "getopt", "getopt(proc.args, 'nt:') intersects (t)", "{'proc.args':'-n -t 5 x'}", true },
	{ "getopt's argument", "getopt(proc.args, 'nt:')[t] = 5", "{'proc.args':'-nt5 x'}", true },
	{ "transformer of missing", "not tolower(proc.name) = sh", "{}", true },
	{ "val", "proc.name = val(proc.pname)", "{'proc.name':'a','proc.pname':'a'}", true },
	{ "val of missing", "proc.name != val(proc.pname)", "{'proc.name':'a'}", false },
	{ "a transformer on the right", "proc.name = basename(proc.exepath)",
	  "{'proc.name':'a','proc.exepath':'/b/a'}", true },

	{ "and", "proc.name = a and fd.num = 1", "{'proc.name':'a','fd.num':1}", true },
	{ "or", "proc.name = b or fd.num = 1", "{'proc.name':'a','fd.num':1}", true },
	{ "the type is known", "evt.type = open and fd.num = 1", "{'evt.type':'open','fd.num':1}",
	  true },
	{ "another type", "evt.type = open and fd.num = 1", "{'evt.type':'close','fd.num':1}",
	  false },
	{ "not a type", "evt.type != open", "{'evt.type':'close'}", true },
	{ "no type at all", "not evt.type = open", "{}", true },
	{ "a type that no rule can name", "evt.type startswith my", "{'evt.type':'mycall'}", true },
	{ "a type by its beginning", "evt.type startswith open", "{'evt.type':'openat2'}", true },
	{ "a type or anything", "evt.type = open or proc.name = a",
	  "{'evt.type':'close','proc.name':'a'}", true },
};

/* Rows write ' for ", for legibility. */
static struct text unquote(struct arena *arena, const char *event)
{
	char *copy = arena_strdup(arena, event);

	for (char *c = copy; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	return text_of(copy);
}

static struct ruleset *load(struct arena *arena, const char *condition, const char *output)
{
	const char *text = arena_printf(arena,
					"- rule: r\n  desc: d\n  priority: ERROR\n  tags: [b, a]\n"
					"  output: |\n    %s\n  condition: |\n    %s\n",
					output, condition);
	const struct rule_file file = { .name = "f", .text = text_of(text) };
	AUTO_BUFFER struct buffer why = { 0 };
	struct ruleset *set = NULL;
	struct rules_report report;

	if (ruleset_load(&file, 1, NULL, &set, &report) != 0) {
		rules_report_print(&report, &why);
		fail_msg("%s", why.data);
	}
	rules_report_done(&report);
	return set;
}

static void check_row(void **state)
{
	const struct evaluate_case *row = *state;
	AUTO_ARENA struct arena arena;
	struct json_event event;
	size_t count;

	arena_init(&arena, 4096);
	AUTO(ruleset_unref) struct ruleset *set = load(&arena, row->condition, "o");
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);

	json_event_init(&event);
	assert_int_equal(json_event_parse(&event, unquote(&arena, row->event), NULL), 0);
	rules_evaluate(evaluator, &event.event, &count);
	assert_int_equal(count, row->want);
	rules_evaluate(evaluator, &event.event,
		       &count); /* answers of the last event are not kept */
	assert_int_equal(count, row->want);
	json_event_done(&event);
}

/* --- alerts ------------------------------------------------------------------------------ */

static const struct output_case {
	const char *name, *output, *event, *want;
} output_rows[] = {
	{ "fields", "a %proc.name b %fd.num", "{'proc.name':'sh','fd.num':3}", "a sh b 3" },
	{ "missing fields", "%proc.name|%fd.num", "{}", "<NA>|<NA>" },
	{ "arguments", "%proc.aname[2]=%evt.arg.path", "{'proc.aname[2]':'x','evt.arg.path':'/y'}",
	  "x=/y" },
	{ "a dot after a field", "see %fd.name.", "{'fd.name':'/x'}", "see /x." },
	{ "the longest field", "%fd.sip.name %fd.sip", "{'fd.sip':'1.2.3.4','fd.sip.name':'h'}",
	  "h 1.2.3.4" },
	{ "transformers", "%toupper(proc.name)!", "{'proc.name':'sh'}", "SH!" },
	{ "nested transformers", "%len(basename(proc.exepath))", "{'proc.exepath':'/a/bc'}", "2" },
	{ "a width pads", "%5proc.name|", "{'proc.name':'sh'}", "sh   |" },
	{ "a width cuts", "%5proc.name|", "{'proc.name':'process'}", "proce|" },
	{ "a percent sign", "100%% %proc.name", "{'proc.name':'x'}", "100% x" },
	{ "booleans", "%evt.is_open_read", "{'evt.is_open_read':true}", "true" },
	{ "several values", "%proc.aname", "{'proc.aname':['a','b']}", "(a,b)" },
};

static void check_output(void **state)
{
	const struct output_case *row = *state;
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer text = { 0 };
	struct json_event event;
	size_t count;

	arena_init(&arena, 4096);
	AUTO(ruleset_unref) struct ruleset *set = load(&arena, "not evt.type = open", row->output);
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);

	json_event_init(&event);
	assert_int_equal(json_event_parse(&event, unquote(&arena, row->event), NULL), 0);
	alert_message(evaluator, rules_evaluate(evaluator, &event.event, &count)[0], &text);
	assert_string_equal(text.data, row->want);
	json_event_done(&event);
}

static void alerts_have_falcos_shape(void **state)
{
	static const char event_text[] =
		"{'evt.type':'open','evt.rawtime':1700000000123456789,'proc.name':'sh','fd.num':3}";
	const struct alert_options options = { .hostname = "h" };
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer text = { 0 };
	AUTO_BUFFER struct buffer json = { 0 };
	struct json_event event;
	size_t count;

	(void)state;
	setenv("TZ", "UTC", 1);
	arena_init(&arena, 4096);
	AUTO(ruleset_unref)
	struct ruleset *set =
		load(&arena, "evt.type = open", "%proc.name %fd.num %fd.name %toupper(proc.name)");
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);

	json_event_init(&event);
	assert_int_equal(json_event_parse(&event, unquote(&arena, event_text), NULL), 0);

	const struct rule *rule = rules_evaluate(evaluator, &event.event, &count)[0];

	alert_text(evaluator, rule, &options, &text);
	alert_json(evaluator, rule, &options, &json);
	assert_string_equal(text.data, "22:13:20.123456789: Error sh 3 <NA> SH");
	assert_string_equal(
		json.data,
		"{\"hostname\":\"h\",\"output\":\"22:13:20.123456789: Error sh 3 <NA> SH\","
		"\"output_fields\":{\"evt.time\":1700000000123456789,\"fd.name\":null,\"fd.num\":3,"
		"\"proc.name\":\"sh\"},\"priority\":\"Error\",\"rule\":\"r\",\"source\":"
		"\"syscall\","
		"\"tags\":[\"a\",\"b\"],\"time\":\"2023-11-14T22:13:20.123456789Z\"}");
	json_event_done(&event);
}

/* --- sharing ----------------------------------------------------------------------------- */

struct counting_event {
	struct rule_event event;
	unsigned asked;
};

static void count_and_answer(const struct rule_event *base, const struct field_use *use,
			     struct field_value *out)
{
	(void)use;
	((struct counting_event *)(void *)(uintptr_t)base)->asked++;
	*out = field_value_text(TEXT("x"));
}

static void a_field_is_asked_for_once(void **state)
{
	struct counting_event event = { .event = { .type = event_type_find(TEXT("open")),
						   .get = count_and_answer } };
	AUTO_ARENA struct arena arena;
	size_t count;

	(void)state;
	arena_init(&arena, 4096);
	AUTO(ruleset_unref)
	struct ruleset *set = load(
		&arena,
		"evt.type = open and (proc.name = a or proc.name = b or tolower(proc.name) = c or "
		"proc.name contains d or proc.name = x) and not proc.name exists",
		"%proc.name");
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);

	rules_evaluate(evaluator, &event.event, &count);
	assert_int_equal(count, 0);
	assert_int_equal(event.asked, 1);
	event.event.type = event_type_find(TEXT("close"));
	rules_evaluate(evaluator, &event.event, &count);
	assert_int_equal(event.asked, 1); /* no rule is about that type: nothing is asked */
	assert_true(ruleset_wants_type(set, event_type_find(TEXT("open"))));
	assert_false(ruleset_wants_type(set, event_type_find(TEXT("close"))));
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(output_rows) + 2];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
						      .test_func = check_row,
						      .initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < COUNT_OF(output_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = output_rows[i].name,
						      .test_func = check_output,
						      .initial_state = (void *)&output_rows[i] };
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(alerts_have_falcos_shape);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_field_is_asked_for_once);
	return _cmocka_run_group_tests("evaluate", tests, count, NULL, NULL);
}
