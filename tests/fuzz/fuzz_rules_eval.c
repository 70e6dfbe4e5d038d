/* SPDX-License-Identifier: Apache-2.0 */
/* A random condition and a random event, evaluated by the engine and by the obvious reading of the
 * syntax tree below: they must agree. The input only steers the choices. */
#include "rules/lexical.h"
#include "rules/rules.h"
#include "rules/text_match.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- choices ----------------------------------------------------------------------------- */

struct dice {
	const uint8_t *next, *end;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
	return dice->next < dice->end ? *dice->next++ % sides : 0;
}

static const char *const words[] = { "a", "b", "ab", "/etc", "/etc/ab", "B", "" };
static const char *const text_fields[] = { "proc.name",    "fd.name",  "proc.aname",
					   "evt.arg.path", "evt.type", "tolower(proc.name)" };
static const char *const number_fields[] = { "fd.num", "fd.port", "len(fd.name)" };
static const char *const address_fields[] = { "fd.ip", "fd.net", "fd.sip" };
static const char *const addresses[] = { "10.0.0.1", "10.0.0.0/8", "::1", "8.8.8.8" };
static const char *const types[] = { "open", "close", "connect" };

#define PICK(dice, array) ((array)[roll((dice), COUNT_OF(array))])

static void add_quoted(struct buffer *out, const char *word)
{
	buffer_printf(out, "\"%s\"", word);
}

static void add_list(struct dice *dice, struct buffer *out)
{
	const unsigned count = roll(dice, 6);

	buffer_add_char(out, '(');
	for (unsigned i = 0; i < count; i++) {
		buffer_add_text(out, i > 0 ? ", " : "");
		add_quoted(out, PICK(dice, words));
	}
	buffer_add_char(out, ')');
}

static void add_text_check(struct dice *dice, struct buffer *out)
{
	static const char *const operators[] = { "=",          "!=",       "contains", "icontains",
						 "startswith", "endswith", "glob" };
	const char *field = PICK(dice, text_fields);

	if (strcmp(field, "evt.type") == 0) {
		buffer_printf(out, "evt.type %s %s", roll(dice, 2) ? "=" : "!=", PICK(dice, types));
		return;
	}
	buffer_add_text(out, field);
	switch (roll(dice, 5)) {
	case 0:
		buffer_add_text(out, " exists");
		return;
	case 1:
		buffer_add_text(out, roll(dice, 2) ? " in " : " pmatch ");
		add_list(dice, out);
		return;
	case 2:
		if (strcmp(field, "proc.aname") != 0) {
			static const char *const quantifiers[] = { "oneof", "anyof", "allof" };

			buffer_printf(out, " %s %s ", PICK(dice, operators),
				      PICK(dice, quantifiers));
			add_list(dice, out);
			return;
		}
		/* fall through */
	default:
		buffer_printf(out, " %s ", PICK(dice, operators));
		add_quoted(out, PICK(dice, words));
	}
}

static void add_check(struct dice *dice, struct buffer *out)
{
	static const char *const orders[] = { "<", "<=", ">", ">=", "=", "!=" };
	static const char *const equalities[] = { "=", "!=" };

	switch (roll(dice, 5)) {
	case 0:
		buffer_printf(out, "%s %s %u", PICK(dice, number_fields), PICK(dice, orders),
			      roll(dice, 4));
		return;
	case 1:
		buffer_printf(out, "%s %s %s", PICK(dice, address_fields), PICK(dice, equalities),
			      PICK(dice, addresses));
		return;
	default:
		add_text_check(dice, out);
	}
}

static void add_condition(struct dice *dice, unsigned depth, struct buffer *out)
{
	const unsigned count = 1 + roll(dice, 3);
	const char *joint = roll(dice, 2) ? " and " : " or ";

	if (depth == 0 || roll(dice, 4) == 0) {
		add_check(dice, out);
		return;
	}
	buffer_add_text(out, roll(dice, 3) == 0 ? "not (" : "(");
	for (unsigned i = 0; i < count; i++) {
		buffer_add_text(out, i > 0 ? joint : "");
		add_condition(dice, depth - 1, out);
	}
	buffer_add_char(out, ')');
}

static void add_event(struct dice *dice, struct buffer *out)
{
	struct json_writer json = { .out = out };

	json_begin_object(&json);
	if (roll(dice, 8) != 0) {
		json_key(&json, "evt.type");
		json_cstring(&json, roll(dice, 8) ? PICK(dice, types) : "nosuchcall");
	}
	for (size_t i = 0; i < 4; i++) {
		if (i == 2 || roll(dice, 3) == 0)
			continue;
		json_key(&json, text_fields[i]);
		json_cstring(&json, PICK(dice, words));
	}
	json_key(&json, "proc.aname");
	json_begin_array(&json);
	for (unsigned i = roll(dice, 3); i > 0; i--)
		json_cstring(&json, PICK(dice, words));
	json_end_array(&json);
	if (roll(dice, 3)) {
		json_key(&json, "fd.num");
		json_number(&json, roll(dice, 4));
		json_key(&json, "fd.cport");
		json_number(&json, roll(dice, 4));
		json_key(&json, "fd.sport");
		json_number(&json, roll(dice, 4));
	}
	if (roll(dice, 3)) {
		json_key(&json, "fd.cip");
		json_cstring(&json, "10.0.0.1");
		json_key(&json, "fd.sip");
		json_cstring(&json, roll(dice, 2) ? "8.8.8.8" : "::1");
	}
	json_end_object(&json);
}

/* --- the obvious reading ----------------------------------------------------------------- */

struct values { /* of an operand: all of one kind */
	enum field_value_kind kind;
	uint32_t count;
	union field_item items[8];
	char lower[64];
	bool ends;
};

static void read_operand(struct json_event *event, const struct operand *operand,
			 struct values *out)
{
	const struct operand *field =
		operand->kind == OPERAND_TRANSFORMED ? operand->items[0] : operand;
	struct field_value value = { 0 };
	struct field_use use;

	if (field_resolve(field->text, (struct text){ 0 }, &use, NULL) != 0)
		abort();
	event->event.get(&event->event, &use, &value);
	out->kind = value.kind;
	out->count = value.kind == FIELD_VALUE_NONE ? 0 : value.count;
	out->ends = (field_of(use.id)->flags & FIELD_FLAG_ENDS) != 0;
	if (out->count > COUNT_OF(out->items))
		abort();
	for (uint32_t i = 0; i < out->count; i++)
		out->items[i] = field_value_items(&value)[i];
	if (operand->kind != OPERAND_TRANSFORMED || out->count == 0)
		return;
	if (text_is(operand->text, "len")) {
		out->kind = FIELD_VALUE_NUMBER;
		out->items[0].number = (int64_t)out->items[0].text.len;
		return;
	}
	for (size_t i = 0; i < out->items[0].text.len; i++)
		out->lower[i] = char_lower(out->items[0].text.ptr[i]);
	out->items[0].text.ptr = out->lower;
}

static bool text_answers(enum operator op, struct text value, struct text constant)
{
	char pattern[64], text[64];

	snprintf(pattern, sizeof(pattern), "%.*s", TEXT_ARGS(constant));
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(value));
	switch (op) {
	case OPERATOR_EQUAL:
	case OPERATOR_IN:
		return strcmp(text, pattern) == 0;
	case OPERATOR_NOT_EQUAL:
		return strcmp(text, pattern) != 0;
	case OPERATOR_CONTAINS:
		return strstr(text, pattern) != NULL;
	case OPERATOR_ICONTAINS:
		return strcasestr(text, pattern) != NULL;
	case OPERATOR_STARTSWITH:
		return strncmp(text, pattern, strlen(pattern)) == 0;
	case OPERATOR_ENDSWITH:
		return strlen(text) >= strlen(pattern)
		       && strcmp(text + strlen(text) - strlen(pattern), pattern) == 0;
	case OPERATOR_GLOB:
		return fnmatch(pattern, text, 0) == 0;
	case OPERATOR_PMATCH: /* no globs among the words */
		while (pattern[0] != '\0' && pattern[strlen(pattern) - 1] == '/')
			pattern[strlen(pattern) - 1] = '\0';
		return pattern[0] == '\0' || strcmp(text, pattern) == 0
		       || (strncmp(text, pattern, strlen(pattern)) == 0
			   && text[strlen(pattern)] == '/')
		       || (pattern[0] == '/' && text_answers(op, value, text_of(pattern + 1)))
		       || (value.len > 0 && value.ptr[0] == '/'
			   && text_answers(op, text_from(value, 1), constant));
	default:
		abort();
	}
}

static bool number_answers(enum operator op, int64_t value, int64_t constant)
{
	switch (op) {
	case OPERATOR_LESS:
		return value < constant;
	case OPERATOR_LESS_EQUAL:
		return value <= constant;
	case OPERATOR_GREATER:
		return value > constant;
	case OPERATOR_GREATER_EQUAL:
		return value >= constant;
	case OPERATOR_EQUAL:
		return value == constant;
	default:
		return value != constant;
	}
}

static bool item_answers(const struct condition *check, enum field_value_kind kind,
			 const union field_item *item, struct text constant)
{
	struct ip_range range;

	if (kind == FIELD_VALUE_NUMBER)
		return number_answers(check->op, item->number, strtol(constant.ptr, NULL, 10));
	if (kind == FIELD_VALUE_ADDRESS) {
		if (!ip_range_parse(constant, &range))
			abort();
		return ip_range_contains(&range, item->address) == (check->op == OPERATOR_EQUAL);
	}
	return text_answers(check->op, item->text, constant);
}

static bool one_answers(const struct condition *check, enum field_value_kind kind,
			const union field_item *item)
{
	const bool is_list = check->right->kind == OPERAND_LIST;
	const size_t count = is_list ? check->right->count : 1;
	size_t passed = 0;

	for (size_t i = 0; i < count; i++)
		passed += item_answers(check, kind, item,
				       is_list ? check->right->items[i]->text : check->right->text);
	switch (check->quantifier) {
	case QUANTIFIER_ONEOF:
		return passed == 1;
	case QUANTIFIER_ALLOF:
		return count > 0 && passed == count;
	default:
		return passed > 0;
	}
}

static bool check_answers(struct json_event *event, const struct condition *check)
{
	struct values values = { 0 };
	uint32_t passed = 0;

	read_operand(event, check->left, &values);
	if (values.count == 0)
		return false;
	if (check->op == OPERATOR_EXISTS)
		return true;
	for (uint32_t i = 0; i < values.count; i++)
		passed += one_answers(check, values.kind, &values.items[i]);
	return values.ends && check->op == OPERATOR_NOT_EQUAL ? passed == values.count : passed > 0;
}

static bool condition_answers(struct json_event *event, const struct condition *condition)
{
	switch (condition->kind) {
	case CONDITION_AND:
		for (size_t i = 0; i < condition->count; i++)
			if (!condition_answers(event, condition->children[i]))
				return false;
		return true;
	case CONDITION_OR:
		for (size_t i = 0; i < condition->count; i++)
			if (condition_answers(event, condition->children[i]))
				return true;
		return false;
	case CONDITION_NOT:
		return !condition_answers(event, condition->children[0]);
	case CONDITION_CHECK:
		return check_answers(event, condition);
	default:
		abort();
	}
}

/* --- both -------------------------------------------------------------------------------- */

static struct ruleset *load(struct text condition)
{
	AUTO_BUFFER struct buffer text = { 0 };
	struct rules_report report;
	struct ruleset *set = NULL;

	buffer_printf(
		&text,
		"- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: |\n    %.*s\n",
		TEXT_ARGS(condition));

	const struct rule_file file = { .name = "f", .text = buffer_text(&text) };

	ruleset_load(&file, 1, NULL, &set, &report);
	if (set == NULL) {
		buffer_clear(&text);
		rules_report_print(&report, &text);
		fputs(text.data, stderr);
		abort();
	}
	rules_report_done(&report);
	return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dice dice = { data, data + size };
	AUTO_ARENA struct arena arena;
	AUTO_BUFFER struct buffer condition = { 0 };
	AUTO_BUFFER struct buffer line = { 0 };
	struct condition_source source = { 0 };
	struct condition *tree;
	struct json_event event;
	size_t count;

	arena_init(&arena, 4096);
	add_condition(&dice, 3, &condition);
	source.text = buffer_text(&condition);
	if (condition_parse(&arena, &source, &tree, NULL) != 0)
		abort();

	AUTO(ruleset_unref) struct ruleset *set = load(source.text);
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);

	json_event_init(&event);
	for (int i = 0; i < 8; i++) {
		buffer_clear(&line);
		add_event(&dice, &line);
		if (json_event_parse(&event, buffer_text(&line), NULL) != 0)
			abort();
		rules_evaluate(evaluator, &event.event, &count);
		if ((count == 1) != condition_answers(&event, tree)) {
			fprintf(stderr, "%s\n%s\n", condition.data, line.data);
			abort();
		}
	}
	json_event_done(&event);
	return 0;
}
