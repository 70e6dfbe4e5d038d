/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c — what a rule became: its condition with everything put in, and what it looks at. */
#include "rules/ruleset_private.h"

#include "rules/event_type.h"

/* Names in the order they are first met, each once. */
struct names {
	struct map seen;
	struct buffer items; /* struct text each */
	struct arena arena;
};

static void names_done(struct names *names)
{
	map_done(&names->seen);
	buffer_done(&names->items);
	arena_done(&names->arena);
}

static void add_name(struct names *names, struct text name)
{
	const struct text kept = { arena_strndup(&names->arena, name.ptr, name.len), name.len };

	if (map_put(&names->seen, kept, names) == NULL)
		buffer_add(&names->items, &kept, sizeof(kept));
}

struct sights { /* what a condition looks at */
	struct names fields, operators;
	struct map visited; /* shared trees are walked once */
};

static void see_operand(struct sights *sights, const struct operand *operand)
{
	AUTO_BUFFER struct buffer name = { 0 };

	if (operand == NULL)
		return;
	if (operand->kind == OPERAND_FIELD) {
		operand_print(operand, &name);
		add_name(&sights->fields, buffer_text(&name));
	}
	for (size_t i = 0; i < operand->count; i++)
		see_operand(sights, operand->items[i]);
}

static void see_operator(struct sights *sights, const struct condition *check)
{
	AUTO_BUFFER struct buffer name = { 0 };

	buffer_add_text(&name, operator_table[check->op].name);
	if (check->quantifier != QUANTIFIER_NONE)
		buffer_printf(&name, " %s", quantifier_name(check->quantifier));
	add_name(&sights->operators, buffer_text(&name));
}

static void see(struct sights *sights, const struct condition *condition)
{
	/* identity is the address: the key is the pointer's own bytes, kept in the tree's children
	 */
	const uintptr_t address = (uintptr_t)condition;
	struct text key = { arena_strndup(&sights->fields.arena, (const char *)&address,
					  sizeof(address)),
			    sizeof(address) };

	if (map_put(&sights->visited, key, sights) != NULL)
		return;
	for (size_t i = 0; i < condition->count; i++)
		see(sights, condition->children[i]);
	if (condition->kind != CONDITION_CHECK)
		return;
	see_operand(sights, condition->left);
	see_operand(sights, condition->right);
	see_operator(sights, condition);
}

static void sights_init(struct sights *sights, const struct condition *condition)
{
	*sights = (struct sights){ 0 };
	arena_init(&sights->fields.arena, 4096);
	arena_init(&sights->operators.arena, 1024);
	see(sights, condition);
}

static void sights_done(struct sights *sights)
{
	names_done(&sights->fields);
	names_done(&sights->operators);
	map_done(&sights->visited);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void write_texts(struct json_writer *json, const char *key, const struct text *items,
			size_t count)
{
	json_key(json, key);
	json_begin_array(json);
	for (size_t i = 0; i < count; i++)
		json_text(json, items[i]);
	json_end_array(json);
}

static void write_names(struct json_writer *json, const char *key, const struct names *names)
{
	write_texts(json, key, (const struct text *)(const void *)names->items.data,
		    names->items.len / sizeof(struct text));
}

static void write_output_fields(struct json_writer *json, const struct output *output)
{
	json_key(json, "output_fields");
	json_begin_array(json);
	for (size_t i = 0; i < output->key_count; i++)
		json_cstring(json, output->keys[i].name);
	json_end_array(json);
}

static void write_event_types(struct json_writer *json, const struct compiled_rule *compiled)
{
	json_key(json, "events");
	json_begin_array(json);
	for (unsigned type = 1; type < event_type_count(); type++)
		if (compiled->event_types[type])
			json_cstring(json, event_type_name(type));
	json_end_array(json);
}

static void write_info(struct json_writer *json, const struct rule *rule)
{
	json_key(json, "name");
	json_text(json, rule->name);
	json_key(json, "description");
	json_text(json, rule->description);
	json_key(json, "output");
	json_text(json, rule->output);
	json_key(json, "priority");
	json_cstring(json, rule_priority_name(rule->priority));
	json_key(json, "source");
	json_text(json, rule->source);
	json_key(json, "enabled");
	json_bool(json, rule->enabled);
	write_texts(json, "tags", rule->tags, rule->tag_count);
}

static void write_rule(struct json_writer *json, const struct ruleset *set, const struct rule *rule)
{
	const struct compiled_rule *compiled = &set->compiled[rule->number];
	AUTO_BUFFER struct buffer condition = { 0 };
	struct sights sights;

	sights_init(&sights, compiled->tree);
	condition_print(compiled->tree, &condition);
	json_begin_object(json);
	write_info(json, rule);
	json_key(json, "condition_compiled");
	json_text(json, buffer_text(&condition));
	write_event_types(json, compiled);
	write_names(json, "condition_fields", &sights.fields);
	write_names(json, "condition_operators", &sights.operators);
	write_output_fields(json, &compiled->output);
	json_end_object(json);
	sights_done(&sights);
}

static void write_set(struct json_writer *json, const struct ruleset *set)
{
	json_begin_object(json);
	json_key(json, "rules");
	json_begin_array(json);
	for (size_t i = 0; i < set->count; i++)
		write_rule(json, set, &set->rules[i]);
	json_end_array(json);
	write_texts(json, "macros", set->macros.items, set->macros.count);
	write_texts(json, "lists", set->lists.items, set->lists.count);
	json_end_object(json);
}

/* --- for people -------------------------------------------------------------------------- */

static void print_names(struct buffer *out, const char *label, const struct names *names)
{
	const struct text *items = (const struct text *)(const void *)names->items.data;
	const size_t count = names->items.len / sizeof(*items);

	buffer_printf(out, "  %s:", label);
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "%s %.*s", i > 0 ? "," : "", TEXT_ARGS(items[i]));
	buffer_add_char(out, '\n');
}

static void print_event_types(struct buffer *out, const struct compiled_rule *compiled)
{
	size_t printed = 0;

	buffer_add_text(out, "  events:");
	if (compiled->event_type_count > 100) {
		buffer_printf(out, " %zu types\n", compiled->event_type_count);
		return;
	}
	for (unsigned type = 1; type < event_type_count(); type++)
		if (compiled->event_types[type])
			buffer_printf(out, "%s %s", printed++ > 0 ? "," : "",
				      event_type_name(type));
	buffer_add_char(out, '\n');
}

static void print_rule(struct buffer *out, const struct ruleset *set, const struct rule *rule)
{
	const struct compiled_rule *compiled = &set->compiled[rule->number];
	struct sights sights;

	sights_init(&sights, compiled->tree);
	buffer_printf(out, "%.*s (%s%s)\n  %.*s\n  condition: ", TEXT_ARGS(rule->name),
		      rule_priority_name(rule->priority), rule->enabled ? "" : ", disabled",
		      TEXT_ARGS(rule->description));
	condition_print(compiled->tree, out);
	buffer_printf(out, "\n  output: %.*s\n", TEXT_ARGS(rule->output));
	print_event_types(out, compiled);
	print_names(out, "fields", &sights.fields);
	print_names(out, "operators", &sights.operators);
	buffer_add_text(out, "  tags:");
	for (size_t i = 0; i < rule->tag_count; i++)
		buffer_printf(out, "%s %.*s", i > 0 ? "," : "", TEXT_ARGS(rule->tags[i]));
	buffer_add_char(out, '\n');
	sights_done(&sights);
}

void ruleset_describe(const struct ruleset *set, const struct rule *rule, bool json,
		      struct buffer *out)
{
	struct json_writer writer = { .out = out };

	if (json && rule != NULL)
		write_rule(&writer, set, rule);
	else if (json)
		write_set(&writer, set);
	else if (rule != NULL)
		print_rule(out, set, rule);
	else
		for (size_t i = 0; i < set->count; i++)
			print_rule(out, set, &set->rules[i]);
}
